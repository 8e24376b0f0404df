import numpy as np
from numpy.typing import NDArray

from ..core.plan import Plan
from ..core.steps import Value

def emit(plan: Plan, a: Value, b: Value, last_a: bool, last_b: bool, lead: tuple[int, ...] = ()) -> Value: ...
def emit_constant(plan: Plan, x: Value, array: NDArray[np.float64], reverse: bool) -> Value: ...
