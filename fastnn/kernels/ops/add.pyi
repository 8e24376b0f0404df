from ..core.plan import Plan
from ..core.steps import Value

def emit(plan: Plan, xs: list[Value], factor: float = 1.0) -> Value: ...
