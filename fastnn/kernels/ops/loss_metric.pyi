from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ...metrics import Metric
from ..core.plan import Plan
from ..core.steps import Value

class Score(NamedTuple):
    kernel: str
    sparse: bool = False
    activation: str | None = None
    from_logits: bool = False
    bounded: bool = False
    label_smoothing: float = 0.0
    clip: float = 0.0
    threshold: float = 0.5
    ignore_class: int | None = None
    signed: bool = False
    root: bool = False
    parameters: tuple[float, ...] = ()
    counts: bool = False
    levels: tuple[float, ...] = ()
    even: bool = False
    outer: bool = False
    each: bool = False
    largest: bool = False
    column: int | None = None
    lenient: bool = False
    function: Any = None

def emit_loss(
    plan: Plan,
    prediction: Value,
    target: Value,
    weights: Value | None,
    score: Score,
    name: str = "loss",
    reduction: str = "mean",
    factor: float = 1.0,
    first: bool = True,
) -> None: ...
def emit_metric(
    plan: Plan, prediction: Value, target: Value, weights: Value | None, metric: Metric, name: str
) -> None: ...
def check_labels(score: Score, labels: NDArray[Any], classes: int, name: str = "y") -> None: ...
def apply(
    score: Score, x: NDArray[np.floating], labels: NDArray[Any], weights: NDArray[np.floating] | None = None
) -> tuple[float, float, float]: ...
def values(
    score: Score, x: NDArray[np.floating], labels: NDArray[Any], weights: NDArray[np.floating] | None = None
) -> NDArray[np.floating]: ...
def add_counts(
    score: Score,
    state: NDArray[np.float64],
    x: NDArray[np.floating],
    labels: NDArray[Any],
    weights: NDArray[np.floating] | None = None,
) -> None: ...
def gradients(
    score: Score, x: NDArray[np.floating], labels: NDArray[Any], weights: NDArray[np.floating] | None = None
) -> NDArray[np.floating]: ...
