from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ...variables import Variable
from ..core.plan import Plan
from ..core.steps import Value

def trailing(array: ArrayLike, shape: tuple[int, ...]) -> NDArray[Any]: ...
def emit(
    plan: Plan, x: Value, scale: NDArray[np.floating] | float, shift: NDArray[np.floating] | float
) -> Value: ...
def emit_standardized(
    plan: Plan, x: Value, mean: NDArray[np.floating], deviation: NDArray[np.floating]
) -> Value: ...
def emit_channels(
    plan: Plan, x: Value, axis: int, centre: Variable, scale: Value, shift: Variable | None
) -> Value: ...
def emit_moments(
    plan: Plan,
    x: Value,
    mean: Variable,
    variance: Variable,
    shape: tuple[int, ...],
    epsilon: float,
    invert: bool,
) -> Value: ...
