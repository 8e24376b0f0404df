from typing import Any

from ..variables import Variable
from .plan import Plan
from .steps import Value

def emit(
    plan: Plan, x: Value, kernel: Variable, bias: Variable | None, activation: tuple[Any, ...]
) -> Value: ...
