from ..core.plan import Plan
from ..core.steps import Value

_Range = tuple[float, float]

def emit(plan: Plan, x: Value, factor: _Range, delta: _Range, value_range: _Range, seed: int) -> Value: ...
