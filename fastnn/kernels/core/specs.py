"""Descriptions of losses and metrics, as the kernels that compute them need them.

They lie below `fastnn.losses` and `fastnn.metrics`, which make them, and below the ops that read them.
"""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum
from typing import Any, NamedTuple

__all__ = ["Columns", "Exceeding", "Labels", "LossSpec", "MetricSpec", "PythonSpec", "Tally", "Transform"]


class Labels(Enum):
    """The labels that a loss or metric takes.

    Examples
    --------
    >>> Labels.CLASS.sparse, Labels.PROBABILITY.sparse
    (True, False)
    """

    REAL = "numbers like the predictions"
    PROBABILITY = "numbers like the predictions, from 0 to 1"
    SIGN = "numbers like the predictions; where all are 0 or 1, they stand for -1 and 1"
    CLASS = "class numbers below the width of the predictions, one for each value"
    ANY_CLASS = "class numbers, one for each value"
    SINGLE = "numbers, one for each value, along an axis of size 1"

    @property
    def sparse(self) -> bool:
        """Whether labels are class numbers, one int32 for each value."""
        return self in (Labels.CLASS, Labels.ANY_CLASS)


class Transform(Enum):
    """What a loss is of the values that its reduction has reduced to one."""

    IDENTITY = "the value"
    ROOT = "its square root"


class Exceeding(Enum):
    """How a tally finds the levels that a prediction exceeds."""

    SEARCH = "by comparison with each level"
    EVEN = "by a product: levels lie evenly from 0 to 1"
    EVEN_OUTER = "by a product: the same, but for the first, just below 0, and the last, just above 1"
    LARGEST = "all levels where the prediction is the largest of its row, else none"


class Columns(Enum):
    """The columns of predictions that share counts; a number stands for the only column that counts."""

    TOGETHER = "all"
    APART = "none: each has counts of its own"


class Tally(NamedTuple):
    """How a metric counts predictions; kernels that count pairs of classes or add up squares ignore it.

    Attributes
    ----------
    levels : tuple of float
        In ascending order.
    exceeding : Exceeding
    columns : Columns or int
    """

    levels: tuple[float, ...] = ()
    exceeding: Exceeding = Exceeding.SEARCH
    columns: Columns | int = Columns.TOGETHER


MAX_METRICS = 31  # of a model: `MAX_TOTALS` without the loss


class MetricSpec(NamedTuple):
    """A metric that a kernel computes.

    Attributes
    ----------
    kernel : str
        Its name in csrc/kernels.def.
    labels : Labels
    parameters : tuple of float
        The kernel's own.
    clip, label_smoothing : float
        See `fnn_loss_metric`.
    ignore_class : int or None
        Samples of this class do not count.
    tally : Tally or None
        What the kernel adds to the state of the metric; None where it returns a sum of values, whose mean the
        metric is.
    ignored_as_zeros : bool
        Whether samples of the ignored class count as values of 0 where there are no weights.
    axis : int
        The axis of the predictions that vectors lie along; 0 is that of the samples.
    """

    kernel: str
    labels: Labels = Labels.REAL
    parameters: tuple[float, ...] = ()
    clip: float = 0.0
    label_smoothing: float = 0.0
    ignore_class: int | None = None
    tally: Tally | None = None
    ignored_as_zeros: bool = False
    axis: int = -1


class LossSpec(NamedTuple):
    """A loss that a kernel computes, together with its gradient.

    Attributes
    ----------
    kernel, labels, parameters, clip, label_smoothing, ignore_class
        See `MetricSpec`.
    activation : str or None
        "softmax" or "sigmoid": the final activation of a model that the loss takes over; the kernel named
        `kernel` + "_logits" computes both.
    transform : Transform
    axis : int
        See `MetricSpec`.

    Examples
    --------
    >>> LossSpec("mean_squared_error", transform=Transform.ROOT).metric
    MetricSpec(kernel='mean_squared_error', ..., tally=None, ...)
    """

    kernel: str
    labels: Labels = Labels.REAL
    parameters: tuple[float, ...] = ()
    clip: float = 0.0
    label_smoothing: float = 0.0
    ignore_class: int | None = None
    activation: str | None = None
    transform: Transform = Transform.IDENTITY
    axis: int = -1

    @property
    def metric(self) -> MetricSpec:
        """The metric that is the mean of the loss before its transform."""
        return MetricSpec(*self[:6], axis=self.axis)


class PythonSpec(NamedTuple):
    """A loss or metric that a Python function computes.

    Attributes
    ----------
    function : callable
        See `python_op.emit_loss` and `python_op.emit_metric`.
    labels : Labels
    """

    function: Callable[..., Any]
    labels: Labels = Labels.REAL
