from ..variables import Variable
from .plan import Plan
from .steps import Value

def emit(
    plan: Plan,
    x: Value,
    gamma: Variable | None,
    beta: Variable | None,
    epsilon: float,
    centered: bool = True,
) -> Value: ...
