from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from ..core.plan import Plan
from ..core.specs import MetricSpec, PythonSpec
from ..core.steps import Value

class _Metric(Protocol):
    @property
    def _plan_spec(self) -> MetricSpec | PythonSpec: ...
    @property
    def _is_mean(self) -> bool: ...
    def _zeros(self, width: int) -> NDArray[np.float64]: ...
    def _logged(self, state: NDArray[np.float64]) -> Any: ...
    def reset_state(self) -> None: ...

def emit_metric(
    plan: Plan, prediction: Value, target: Value, weights: Value | None, metric: _Metric, name: str
) -> None: ...
