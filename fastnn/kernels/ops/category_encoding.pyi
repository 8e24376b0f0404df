from ..core.plan import Plan
from ..core.steps import Value

def emit(plan: Plan, x: Value, numbers: int, depth: int, most: float, shape: tuple[int, ...]) -> Value: ...
