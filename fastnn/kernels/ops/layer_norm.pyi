from ...variables import Variable
from ..core.plan import Plan
from ..core.steps import Value

def emit(
    plan: Plan,
    x: Value,
    gamma: Variable | None,
    beta: Variable | None,
    epsilon: float,
    centered: bool = True,
) -> Value: ...
