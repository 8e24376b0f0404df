from .plan import Plan
from .steps import Value

def emit(plan: Plan, x: Value, numbers: int, depth: int, most: float, shape: tuple[int, ...]) -> Value: ...
