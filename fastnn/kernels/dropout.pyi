from .plan import Plan
from .steps import Value

def emit(plan: Plan, x: Value, rate: float, seed: int) -> Value: ...
def emit_shared(
    plan: Plan, x: Value, rate: float, seed: int, noise_shape: tuple[int, ...], per_row: bool
) -> Value: ...
