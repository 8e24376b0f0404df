from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...variables import Variable
from ..core.plan import Plan
from ..core.steps import Value

_Fused = tuple[str | float, ...]

def emit(
    plan: Plan,
    x: Value,
    cell: str,
    kernel: Variable,
    recurrent_kernel: Variable,
    bias: Variable | None,
    activation: _Fused,
    recurrent_activation: _Fused,
    *,
    sequences: bool = ...,
    backwards: bool = ...,
    zero_masked: bool = ...,
    dropout: float = ...,
    recurrent_dropout: float = ...,
    seed: int = ...,
    state: NDArray[np.int64] | None = ...,
    stays_packed: bool = ...,
    initial: Sequence[Value] | None = ...,
    ends: bool = ...,
) -> Any: ...
