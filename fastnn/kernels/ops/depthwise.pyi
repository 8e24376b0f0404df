from typing import Any

from ...variables import Variable
from ..core.plan import Plan
from ..core.steps import Value

Pair = tuple[int, int]

def emit(
    plan: Plan,
    x: Value,
    kernel: Variable,
    bias: Variable | None,
    activation: tuple[Any, ...],
    strides: Pair,
    pads: Pair,
    dilation: Pair,
    output: Pair,
) -> Value: ...
