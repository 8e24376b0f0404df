from numpy.typing import ArrayLike

from .plan import Plan
from .steps import Value

def emit(plan: Plan, x: Value, bounds: ArrayLike) -> Value: ...
