from typing import Any

from ...variables import Variable
from ..core.plan import Plan
from ..core.steps import Value

_Pair = tuple[int, int]

def emit(
    plan: Plan,
    x: Value,
    kernel: Variable,
    bias: Variable | None,
    activation: tuple[Any, ...],
    strides: _Pair,
    pads: _Pair,
    dilation: _Pair,
    output: _Pair,
) -> Value: ...
