from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...variables import Variable
from ..core.plan import Plan
from ..core.steps import Value

def emit(plan: Plan, x: Value, table: Variable) -> Value: ...
def check(x: NDArray[np.floating[Any]], rows: int, name: str = "x") -> None: ...
