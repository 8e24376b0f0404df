from ..core.plan import Plan
from ..core.steps import Value

def emit(plan: Plan, x: Value, readers: int) -> list[Value]: ...
