from ..core.plan import Plan
from ..core.steps import Value

def emit(plan: Plan, y: Value, l1: float, l2: float) -> None: ...
