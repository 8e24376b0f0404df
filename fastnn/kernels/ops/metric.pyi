from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..core.plan import Plan
from ..core.specs import MetricSpec, PythonSpec
from ..core.steps import Value

class _Metric(Protocol):
    @property
    def spec(self) -> MetricSpec | PythonSpec: ...
    @property
    def is_mean(self) -> bool: ...
    def zeros(self, width: int) -> NDArray[np.float64]: ...
    def read(self, state: NDArray[np.float64]) -> Any: ...
    def result(self) -> Any: ...

def emit_metric(
    plan: Plan, prediction: Value, target: Value, weights: Value | None, metric: _Metric, name: str
) -> None: ...
