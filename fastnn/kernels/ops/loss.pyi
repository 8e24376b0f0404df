from ..core.plan import Plan
from ..core.specs import LossSpec, PythonSpec
from ..core.steps import Value

REDUCTIONS: dict[str, int]

def emit_count(plan: Plan) -> None: ...
def emit_loss(
    plan: Plan,
    prediction: Value,
    target: Value,
    weights: Value | None,
    spec: LossSpec | PythonSpec,
    name: str = "loss",
    reduction: str = "mean",
    factor: float = 1.0,
    first: bool = True,
    counted: bool = True,
) -> None: ...
