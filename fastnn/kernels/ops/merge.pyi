from ..core.plan import Plan
from ..core.steps import Value

def emit(plan: Plan, a: Value, b: Value, mode: str) -> Value: ...
