"""Precision and recall at thresholds."""

from __future__ import annotations

from typing import Any

from .confusion import Rate
from .metric import registry


class _PrecisionOrRecall(Rate):
    """Base of precision and recall."""

    _arguments = ("top_k", "class_id")

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(thresholds, top_k, class_id, name, dtype)


@registry.add
class Precision(_PrecisionOrRecall):
    """The share of positive predictions whose label is positive.

    Parameters
    ----------
    thresholds : float or list of float, optional
        From 0 to 1; a prediction above it is positive. By default 0.5; with `top_k` there is none. For
        several thresholds the result is an array.
    top_k : int, optional
        Only so many predictions of each sample, the largest, can be positive.
    class_id : int, optional
        The only column that counts.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> metric = Precision()
    >>> metric.update_state([0, 1, 1, 1], [1.0, 0.0, 0.6, 0.8])
    >>> round(metric.result(), 4)
    0.6667
    """

    _field = "precision"


@registry.add
class Recall(_PrecisionOrRecall):
    """The share of positive labels that are predicted.

    Parameters
    ----------
    thresholds, top_k, class_id
        See `Precision`.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> Recall(thresholds=[0.5, 0.7])([0, 1, 1, 1], [1.0, 0.0, 0.6, 0.8]).round(2)
    array([0.67, 0.33])
    """

    _field = "recall"
