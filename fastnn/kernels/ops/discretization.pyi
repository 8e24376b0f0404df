from numpy.typing import ArrayLike

from ..core.plan import Plan
from ..core.steps import Value

def emit(plan: Plan, x: Value, bounds: ArrayLike) -> Value: ...
