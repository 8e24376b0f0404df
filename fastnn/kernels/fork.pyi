from .plan import Plan
from .steps import Value

def emit(plan: Plan, x: Value, readers: int) -> list[Value]: ...
