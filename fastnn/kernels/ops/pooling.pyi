from ..core.plan import Plan
from ..core.steps import Value

_Pair = tuple[int, int]

def emit_max(plan: Plan, x: Value, window: _Pair, strides: _Pair, pads: _Pair, output: _Pair) -> Value: ...
def emit_average(
    plan: Plan, x: Value, window: _Pair, strides: _Pair, pads: _Pair, output: _Pair
) -> Value: ...
