from collections.abc import Callable
from typing import Any

from numpy.typing import NDArray

from ...variables import Variable
from ..core.plan import Plan

def emit(plan: Plan, variable: Variable, l1: float, l2: float) -> None: ...
def emit_own(plan: Plan, variable: Variable, penalty: Callable[[NDArray[Any]], float]) -> None: ...
