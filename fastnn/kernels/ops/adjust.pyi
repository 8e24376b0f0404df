from ..core.plan import Plan
from ..core.steps import Value

Range = tuple[float, float]

def emit(plan: Plan, x: Value, factor: Range, delta: Range, value_range: Range, seed: int) -> Value: ...
