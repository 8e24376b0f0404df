from ..variables import Variable
from .plan import Plan
from .steps import Value

def emit(
    plan: Plan,
    x: Value,
    axis: int,
    groups: int,
    gamma: Variable | None,
    beta: Variable | None,
    epsilon: float,
) -> Value: ...
