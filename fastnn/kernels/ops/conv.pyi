import numpy as np
from numpy.typing import NDArray

from ...variables import Variable
from ..core.plan import Plan
from ..core.steps import Value

_Pair = tuple[int, int]
_Fused = tuple[str | float, ...]

def emit(
    plan: Plan,
    x: Value,
    kernel: Variable,
    bias: Variable | None,
    activation: _Fused,
    strides: _Pair,
    pads: _Pair,
    dilation: _Pair,
    output: _Pair,
) -> Value: ...
def emit_transpose(
    plan: Plan,
    x: Value,
    kernel: Variable,
    bias: Variable | None,
    activation: _Fused,
    strides: _Pair,
    pads: _Pair,
    dilation: _Pair,
    output: _Pair,
) -> Value: ...

class Convolution:
    x: NDArray[np.floating]
    w: NDArray[np.floating]
    y: NDArray[np.floating]
    dx: NDArray[np.floating]
    dw: NDArray[np.floating]
    dy: NDArray[np.floating]
    flops: float
    def __init__(
        self,
        x_shape: tuple[int, int, int, int],
        kernel_shape: tuple[int, int, int, int],
        strides: _Pair = ...,
        pads: _Pair = ...,
        dilation: _Pair = ...,
        output: _Pair | None = ...,
        dtype: str = ...,
    ) -> None: ...
    def forward(self) -> None: ...
    def input_gradient(self) -> None: ...
    def weight_gradient(self) -> None: ...
