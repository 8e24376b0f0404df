import numpy as np
from numpy.typing import NDArray

from ..core.plan import Plan
from ..core.steps import Value

_Table = tuple[NDArray[np.int64], NDArray[np.int64], NDArray[np.float64]]

def taps(n: int, m: int, interpolation: str = "bilinear", antialias: bool = False) -> _Table: ...
def transposed(
    first: NDArray[np.int64], start: NDArray[np.int64], weight: NDArray[np.float64], n: int
) -> _Table: ...
def emit(
    plan: Plan, x: Value, height: int, width: int, interpolation: str = "bilinear", antialias: bool = False
) -> Value: ...
