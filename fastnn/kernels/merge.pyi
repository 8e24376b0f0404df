from .plan import Plan
from .steps import Value

def emit(plan: Plan, a: Value, b: Value, mode: str) -> Value: ...
