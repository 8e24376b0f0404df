from ...variables import Variable
from ..core.plan import Plan
from ..core.steps import Value

def emit(
    plan: Plan,
    x: Value,
    axis: int,
    groups: int,
    gamma: Variable | None,
    beta: Variable | None,
    epsilon: float,
) -> Value: ...
