"""Precision and recall at thresholds."""

from __future__ import annotations

from typing import Any, ClassVar

from .confusion import Numbers, Rate
from .metric import registry


class _PrecisionOrRecall(Rate):
    """Base of precision and recall."""

    _arguments = ("top_k", "class_id")
    _other_field: ClassVar[str]  # of `Counts`, that the rate is computed from with true positives

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(thresholds, top_k, class_id, name, dtype)

    def _named_state(self, state: Numbers) -> dict[str, Any]:
        """Return the two counts that the rate is computed from."""
        counts = super()._named_state(state)
        return {name: counts[name] for name in ("true_positives", self._other_field)}


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
    _other_field = "false_positives"


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
    _other_field = "false_negatives"
