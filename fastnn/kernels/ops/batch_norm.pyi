from ...variables import Variable
from ..core.plan import Plan
from ..core.steps import Value

def emit(
    plan: Plan,
    x: Value,
    axis: int,
    gamma: Variable | None,
    beta: Variable | None,
    moving_mean: Variable,
    moving_variance: Variable,
    momentum: float,
    epsilon: float,
    synchronized: bool = False,
) -> Value: ...
def moving_scale(plan: Plan, gamma: Variable | None, moving_variance: Variable, epsilon: float) -> Value: ...
