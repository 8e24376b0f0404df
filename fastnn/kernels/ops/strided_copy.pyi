import numpy as np
from numpy.typing import NDArray

from ..core.plan import Plan
from ..core.steps import Value

def emit(
    plan: Plan,
    x: Value,
    shape: tuple[int, ...],
    box: NDArray[np.int64],
    y_at: int = 0,
    x_at: int = 0,
    value: float = 0.0,
) -> Value: ...
def emit_window(
    plan: Plan, x: Value, top: int, left: int, height: int, width: int, value: float = 0.0
) -> Value: ...
