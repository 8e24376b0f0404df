"""Counts of what is predicted right and wrong beyond thresholds, and rates of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..checks import real_number, whole_number
from ..config import epsilon
from ..kernels.core.specs import Columns, Exceeding, MetricSpec, Tally
from .metric import Metric, registry, share

Numbers = NDArray[np.float64]
NEVER = -1e10  # Keras' threshold that every prediction among the `top_k` exceeds


class Counts(NamedTuple):
    """Samples beyond each threshold: an array (..., thresholds) for each kind."""

    true_positives: Numbers
    false_positives: Numbers
    true_negatives: Numbers
    false_negatives: Numbers


def counts_of(state: Numbers, thresholds: int) -> Counts:
    """Return what a state of the kernel `count_above` means.

    It holds, for labels that are 0 and labels that are not, how many predictions exceed exactly the first 0,
    1, ... thresholds.
    """
    places = state.reshape(-1, 2, thresholds + 1)
    beyond = places[..., ::-1].cumsum(-1)[..., ::-1]
    exceeding, all_of = beyond[..., 1:], beyond[..., :1]
    positive, negative = exceeding[:, 1], exceeding[:, 0]
    return Counts(positive, negative, all_of[:, 0] - negative, all_of[:, 1] - positive)


def is_even(thresholds: Sequence[float]) -> bool:
    """Return whether thresholds lie evenly from 0 to 1; then a product finds those exceeded, as in Keras."""
    return len(thresholds) > 2 and np.allclose(thresholds, np.linspace(0, 1, len(thresholds)), atol=epsilon())


class Thresholded(Metric):
    """What is counted where predictions exceed thresholds.

    Parameters
    ----------
    thresholds : sequence of float
    top_k : int, optional
    class_id : int, optional
    name, dtype
    """

    _flat = True

    def __init__(
        self,
        thresholds: Sequence[float],
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(dtype, name)
        self.thresholds = list(thresholds)
        self.top_k = None if top_k is None else whole_number(top_k, "top_k", 1)
        self.class_id = None if class_id is None else whole_number(class_id, "class_id")

    @property
    def spec(self) -> MetricSpec:
        """The kernel."""
        exceeding = Exceeding.EVEN if is_even(self.thresholds) else Exceeding.SEARCH
        columns = Columns.TOGETHER if self.class_id is None else self.class_id
        tally = Tally(tuple(sorted(self.thresholds)), exceeding, columns)
        return MetricSpec("count_above", parameters=(self.top_k or 0,), tally=tally)

    def zeros(self, width: int) -> Numbers:
        """Return the state before the first sample."""
        return np.zeros(2 * (len(self.thresholds) + 1))

    def counts(self, state: Numbers) -> Counts:
        """Return the counts of each threshold, in the order given."""
        order = np.argsort(np.argsort(self.thresholds, kind="stable"), kind="stable")
        return Counts(*(kind[0, order] for kind in counts_of(state, len(self.thresholds))))


def _given(thresholds: Any, default: float) -> list[float]:
    if thresholds is None:
        return [default]
    if np.ndim(thresholds) == 0:
        thresholds = [thresholds]
    given = [real_number(number, "thresholds") for number in thresholds]
    if not given or not all(0 <= number <= 1 for number in given):
        raise ValueError(f"thresholds: expected numbers from 0 to 1, got {thresholds!r}")
    return given


class _Configured(Thresholded):
    """The same with `thresholds` as an argument."""

    def __init__(
        self,
        thresholds: Any,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(_given(thresholds, 0.5 if top_k is None else NEVER), top_k, class_id, name, dtype)
        self.init_thresholds = thresholds

    def number(self, counts: Counts) -> Numbers:
        """Return the result for each threshold."""
        raise NotImplementedError

    def read(self, state: Numbers) -> Any:
        """Return the result: a number, or where there are several thresholds, an array."""
        numbers = self.number(self.counts(state))
        return float(numbers[0]) if len(numbers) == 1 else numbers

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"thresholds": self.init_thresholds}


class _Count(_Configured):
    """What the four counts share."""

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: str | None = None) -> None:
        super().__init__(thresholds, None, None, name, dtype)


@registry.add
class TruePositives(_Count):
    """How many predictions are positive where the label is, by their weights.

    Parameters
    ----------
    thresholds : float or list of float, default 0.5
        From 0 to 1; a prediction is positive above it. The result is an array where there are several.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> TruePositives()([0, 1, 1, 1], [1.0, 0.0, 0.6, 0.8])
    2.0
    """

    _direction = "up"

    def number(self, counts: Counts) -> Numbers:
        """Return the result for each threshold."""
        return counts.true_positives


@registry.add
class FalsePositives(_Count):
    """How many predictions are positive where the label is not, by their weights.

    Parameters
    ----------
    thresholds : float or list of float, default 0.5
        From 0 to 1; a prediction is positive above it. The result is an array where there are several.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> FalsePositives()([0, 1, 1, 1], [1.0, 0.0, 0.6, 0.8])
    1.0
    """

    _direction = "down"

    def number(self, counts: Counts) -> Numbers:
        """Return the result for each threshold."""
        return counts.false_positives


@registry.add
class TrueNegatives(_Count):
    """How many predictions are not positive where neither is the label, by their weights.

    Parameters
    ----------
    thresholds : float or list of float, default 0.5
        From 0 to 1; a prediction is positive above it. The result is an array where there are several.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> TrueNegatives()([0, 1, 1, 1], [1.0, 0.0, 0.6, 0.8])
    0.0
    """

    _direction = "up"

    def number(self, counts: Counts) -> Numbers:
        """Return the result for each threshold."""
        return counts.true_negatives


@registry.add
class FalseNegatives(_Count):
    """How many predictions are not positive where the label is, by their weights.

    Parameters
    ----------
    thresholds : float or list of float, default 0.5
        From 0 to 1; a prediction is positive above it. The result is an array where there are several.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> FalseNegatives()([0, 1, 1, 1], [1.0, 0.0, 0.6, 0.8])
    1.0
    """

    _direction = "down"

    def number(self, counts: Counts) -> Numbers:
        """Return the result for each threshold."""
        return counts.false_negatives


class _Rate(_Configured):
    """What precision and recall share."""

    def __init__(
        self,
        thresholds: Any = None,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(thresholds, top_k, class_id, name, dtype)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"top_k": self.top_k, "class_id": self.class_id}


@registry.add
class Precision(_Rate):
    """The share of positive predictions whose label is positive.

    Parameters
    ----------
    thresholds : float or list of float, optional
        From 0 to 1; a prediction is positive above it. By default 0.5, with `top_k` none at all. The result
        is an array where there are several.
    top_k : int, optional
        How many predictions of each sample, the largest, can be positive.
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

    def number(self, counts: Counts) -> Numbers:
        """Return the result for each threshold."""
        return share(counts.true_positives, counts.true_positives + counts.false_positives)


@registry.add
class Recall(_Rate):
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

    def number(self, counts: Counts) -> Numbers:
        """Return the result for each threshold."""
        return share(counts.true_positives, counts.true_positives + counts.false_negatives)


class _BestOf(Thresholded):
    """The best of one rate among the thresholds where another is large enough."""

    _bound: str

    def __init__(
        self, least: float, num_thresholds: int, class_id: int | None, name: str | None, dtype: str | None
    ) -> None:
        self.least = real_number(least, self._bound)
        if not 0 <= self.least <= 1:
            raise ValueError(f"{self._bound}: expected a number from 0 to 1, got {least!r}")
        self.num_thresholds = whole_number(num_thresholds, "num_thresholds", 1)
        thresholds = [0.5] if num_thresholds == 1 else np.linspace(0, 1, num_thresholds).tolist()
        super().__init__(thresholds, None, class_id, name, dtype)

    def rates(self, counts: Counts) -> tuple[Numbers, Numbers]:
        """Return the rate that has a bound, and that of which the best is sought."""
        raise NotImplementedError

    def read(self, state: Numbers) -> Any:
        """Return the best; 0 where there is none."""
        bounded, sought = self.rates(self.counts(state))
        return float(np.max(sought, where=bounded >= self.least, initial=0))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        own = {self._bound: self.least, "num_thresholds": self.num_thresholds, "class_id": self.class_id}
        return super().get_config() | own


def _sensitivity(c: Counts) -> Numbers:
    return share(c.true_positives, c.true_positives + c.false_negatives)


def _specificity(c: Counts) -> Numbers:
    return share(c.true_negatives, c.true_negatives + c.false_positives)


def _precision(c: Counts) -> Numbers:
    return share(c.true_positives, c.true_positives + c.false_positives)


@registry.add
class SensitivityAtSpecificity(_BestOf):
    """The best sensitivity of all thresholds whose specificity is at least the one given.

    Sensitivity is the share of positive labels that are predicted, specificity that of negative ones.

    Parameters
    ----------
    specificity : float
        From 0 to 1.
    num_thresholds : int, default 200
        Evenly from 0 to 1.
    class_id : int, optional
        The only column that counts.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> SensitivityAtSpecificity(0.5)([0, 0, 0, 1, 1], [0.0, 0.3, 0.8, 0.3, 0.8])
    0.5
    """

    _bound = "specificity"

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(specificity, num_thresholds, class_id, name, dtype)

    def rates(self, counts: Counts) -> tuple[Numbers, Numbers]:
        """Return the rate that has a bound, and that of which the best is sought."""
        return _specificity(counts), _sensitivity(counts)


@registry.add
class SpecificityAtSensitivity(_BestOf):
    """The best specificity of all thresholds whose sensitivity is at least the one given.

    Sensitivity is the share of positive labels that are predicted, specificity that of negative ones.

    Parameters
    ----------
    sensitivity : float
        From 0 to 1.
    num_thresholds : int, default 200
        Evenly from 0 to 1.
    class_id : int, optional
        The only column that counts.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> SpecificityAtSensitivity(0.5)([0, 0, 0, 1, 1], [0.0, 0.3, 0.8, 0.3, 0.8])
    0.6666666666666666
    """

    _bound = "sensitivity"

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)

    def rates(self, counts: Counts) -> tuple[Numbers, Numbers]:
        """Return the rate that has a bound, and that of which the best is sought."""
        return _sensitivity(counts), _specificity(counts)


@registry.add
class PrecisionAtRecall(_BestOf):
    """The best precision of all thresholds whose recall is at least the one given.

    Parameters
    ----------
    recall : float
        From 0 to 1.
    num_thresholds : int, default 200
        Evenly from 0 to 1.
    class_id : int, optional
        The only column that counts.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> PrecisionAtRecall(0.5)([0, 0, 0, 1, 1], [0.0, 0.3, 0.8, 0.3, 0.8])
    0.5
    """

    _bound = "recall"

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(recall, num_thresholds, class_id, name, dtype)

    def rates(self, counts: Counts) -> tuple[Numbers, Numbers]:
        """Return the rate that has a bound, and that of which the best is sought."""
        return _sensitivity(counts), _precision(counts)


@registry.add
class RecallAtPrecision(_BestOf):
    """The best recall of all thresholds whose precision is at least the one given.

    Parameters
    ----------
    precision : float
        From 0 to 1.
    num_thresholds : int, default 200
        Evenly from 0 to 1.
    class_id : int, optional
        The only column that counts.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> RecallAtPrecision(0.5)([0, 0, 0, 1, 1], [0.0, 0.3, 0.8, 0.3, 0.8])
    1.0
    """

    _bound = "precision"

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(precision, num_thresholds, class_id, name, dtype)

    def rates(self, counts: Counts) -> tuple[Numbers, Numbers]:
        """Return the rate that has a bound, and that of which the best is sought."""
        return _precision(counts), _sensitivity(counts)
