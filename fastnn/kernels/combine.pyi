import numpy as np
from numpy.typing import NDArray

from .plan import Plan
from .steps import Value

def emit(plan: Plan, a: Value, b: Value, op: str) -> Value: ...
def emit_constant(
    plan: Plan, x: Value, array: NDArray[np.float64], op: str, reverse: bool
) -> Value: ...
def emit_absolute(plan: Plan, x: Value) -> Value: ...
