import numpy as np
from numpy.typing import NDArray

from .plan import Plan
from .steps import Value

def box_of(shape: tuple[int, ...], axes: tuple[int, ...]) -> NDArray[np.int64]: ...
def emit(plan: Plan, x: Value, axes: tuple[int, ...]) -> Value: ...
