from .plan import Plan
from .steps import Value

def emit(plan: Plan, xs: list[Value], factor: float = 1.0) -> Value: ...
