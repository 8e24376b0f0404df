from .plan import Plan
from .steps import Value

def emit(plan: Plan, xs: list[Value], axis: int) -> Value: ...
