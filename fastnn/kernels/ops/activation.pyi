from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.plan import Plan
from ..core.steps import Value

CODES: dict[str, int]

def emit(plan: Plan, x: Value, activation: tuple[Any, ...]) -> Value: ...
def apply(activation: tuple[Any, ...], x: NDArray[np.floating]) -> NDArray[np.floating]: ...
def apply_gradient(
    activation: tuple[Any, ...],
    g: NDArray[np.floating],
    x: NDArray[np.floating],
    y: NDArray[np.floating],
) -> NDArray[np.floating]: ...
