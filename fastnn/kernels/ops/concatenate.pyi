from ..core.plan import Plan
from ..core.steps import Value

def emit(plan: Plan, xs: list[Value], axis: int) -> Value: ...
