from ..core.plan import Plan
from ..core.steps import Value

Pair = tuple[int, int]

def emit_max(plan: Plan, x: Value, window: Pair, strides: Pair, pads: Pair, output: Pair) -> Value: ...
def emit_average(plan: Plan, x: Value, window: Pair, strides: Pair, pads: Pair, output: Pair) -> Value: ...
