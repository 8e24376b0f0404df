from typing import Any

import numpy as np
from numpy.typing import DTypeLike

ALIGNMENT: int

def data_address(array: np.ndarray[Any, np.dtype[Any]]) -> int: ...
def align(size: int) -> int: ...
def aligned_zeros(size: int, dtype: DTypeLike = "uint8") -> np.ndarray[Any, np.dtype[Any]]: ...
