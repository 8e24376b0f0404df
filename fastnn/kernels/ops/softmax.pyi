import numpy as np
from numpy.typing import NDArray

from ..core.plan import Plan
from ..core.steps import Value

def emit(plan: Plan, x: Value, axis: int = -1, log: bool = False) -> Value: ...
def apply(x: NDArray[np.floating], axis: int = -1, log: bool = False) -> NDArray[np.floating]: ...
def apply_gradient(
    g: NDArray[np.floating], y: NDArray[np.floating], axis: int = -1, log: bool = False
) -> NDArray[np.floating]: ...
