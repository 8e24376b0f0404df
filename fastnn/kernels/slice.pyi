from .plan import Plan
from .steps import Value

def emit(plan: Plan, x: Value, slices: list[slice]) -> Value: ...
