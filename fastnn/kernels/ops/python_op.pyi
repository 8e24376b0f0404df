from collections.abc import Callable
from typing import Any

from ...variables import Variable
from ..core.plan import Plan
from ..core.steps import Value

def emit(
    plan: Plan,
    name: str,
    inputs: list[Value],
    results: list[tuple[int, ...]],
    variables: list[Variable],
    function: Callable[..., Any],
    constant: bool = False,
    subject: object = None,
) -> list[Value]: ...
def emit_loss(
    plan: Plan,
    prediction: Value,
    target: Value,
    weights: Value | None,
    function: Callable[..., Any],
    name: str,
    factor: float = 1.0,
    first: bool = True,
    counted: bool = True,
) -> None: ...
def emit_metric(
    plan: Plan,
    prediction: Value,
    target: Value,
    weights: Value | None,
    function: Callable[..., Any],
    name: str,
) -> None: ...
