from ..core.plan import Plan
from ..core.steps import Value

def emit(plan: Plan, x: Value, slices: list[slice]) -> Value: ...
