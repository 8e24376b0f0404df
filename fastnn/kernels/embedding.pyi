from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..variables import Variable
from .plan import Plan
from .steps import Value

def emit(plan: Plan, x: Value, table: Variable) -> Value: ...
def check(x: NDArray[np.floating[Any]], rows: int, name: str = "x") -> None: ...
