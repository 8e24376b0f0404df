from typing import Any

from ..variables import Variable
from .plan import Plan
from .steps import Value

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
