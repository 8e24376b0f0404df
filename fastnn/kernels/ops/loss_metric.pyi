from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..core.specs import LossSpec, MetricSpec, PythonSpec

def check_labels(
    spec: LossSpec | MetricSpec | PythonSpec, labels: NDArray[Any], classes: int, name: str = "y"
) -> None: ...
def sums(
    spec: LossSpec | MetricSpec,
    x: NDArray[np.floating],
    labels: NDArray[Any],
    weights: NDArray[np.floating] | None = None,
) -> tuple[float, float, float]: ...
def values(
    spec: LossSpec | MetricSpec,
    x: NDArray[np.floating],
    labels: NDArray[Any],
    weights: NDArray[np.floating] | None = None,
) -> NDArray[np.floating]: ...
def gradients(
    spec: LossSpec,
    x: NDArray[np.floating],
    labels: NDArray[Any],
    weights: NDArray[np.floating] | None = None,
) -> NDArray[np.floating]: ...
def add_tally(
    spec: MetricSpec,
    state: NDArray[np.float64],
    x: NDArray[np.floating],
    labels: NDArray[Any],
    weights: NDArray[np.floating] | None = None,
) -> None: ...
