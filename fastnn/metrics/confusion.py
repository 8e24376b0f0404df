"""Counts of true and false positives and negatives at thresholds."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..checks import real_number, whole_number
from ..config import epsilon
from ..conversion import shape_of
from ..kernels.core.specs import Columns, Exceeding, MetricSpec, Tally
from ..pickling import Picklable
from .metric import Metric, ratio, registry

Numbers = NDArray[np.float64]
MAX_THRESHOLDS = 100_000  # of a curve: a number that a file may name becomes a list
TOP_K_THRESHOLD = -1e10  # as in Keras: each of the `top_k` largest predictions is positive


class Counts(NamedTuple):
    """Sums of weights at each threshold: an array (..., thresholds) for each kind, and the rates of them."""

    true_positives: Numbers
    false_positives: Numbers
    true_negatives: Numbers
    false_negatives: Numbers

    @property
    def precision(self) -> Numbers:
        """The share of positive predictions whose label is positive."""
        return ratio(self.true_positives, self.true_positives + self.false_positives)

    @property
    def recall(self) -> Numbers:
        """The share of positive labels that are predicted."""
        return ratio(self.true_positives, self.true_positives + self.false_negatives)

    @property
    def sensitivity(self) -> Numbers:
        """Another word for recall."""
        return self.recall

    @property
    def specificity(self) -> Numbers:
        """The share of negative labels that are predicted."""
        return ratio(self.true_negatives, self.true_negatives + self.false_positives)


def counts_of(state: Numbers, thresholds: int) -> Counts:
    """Return the counts that a state of the kernel `count_above` holds.

    The state holds, separately for labels that are 0 and labels that are not, how many predictions exceed
    exactly the first 0, 1, ... thresholds.
    """
    places = state.reshape(-1, 2, thresholds + 1)
    beyond = places[..., ::-1].cumsum(-1)[..., ::-1]
    exceeding, all_of = beyond[..., 1:], beyond[..., :1]
    positive, negative = exceeding[:, 1], exceeding[:, 0]
    return Counts(positive, negative, all_of[:, 0] - negative, all_of[:, 1] - positive)


def is_even(thresholds: Sequence[float]) -> bool:
    """Return whether thresholds lie evenly from 0 to 1; a product finds those exceeded then, as in Keras."""
    return len(thresholds) > 2 and np.allclose(thresholds, np.linspace(0, 1, len(thresholds)), atol=epsilon())


@dataclass(frozen=True)
class EvenThresholds(Picklable, Sequence[float]):
    """Thresholds evenly from 0 to 1, made where they are read: a file may name any number of them.

    Attributes
    ----------
    size : int
        At least 2.
    margin : float
        How far the first lies below 0, and the last above 1.
    """

    size: int
    margin: float = 0.0

    def __len__(self) -> int:
        return self.size

    def __getitem__(self, key: Any) -> Any:
        return list(self)[key]

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> NDArray[Any]:
        return np.array(list(self), dtype)

    def __iter__(self) -> Iterator[float]:
        return iter([-self.margin, *np.linspace(0, 1, self.size)[1:-1].tolist(), 1 + self.margin])


class Thresholded(Metric):
    """Base of metrics of the counts at thresholds.

    Parameters
    ----------
    top_k : int, optional
    class_id : int, optional
    name, dtype

    Attributes
    ----------
    thresholds : sequence of float
        Subclasses set it.
    """

    _direction = "up"
    _by_element = True
    thresholds: Sequence[float]

    def __init__(
        self,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(dtype, name)
        self.top_k = None if top_k is None else whole_number(top_k, "top_k", 1)
        self.class_id = None if class_id is None else whole_number(class_id, "class_id")

    @property
    def _flat(self) -> tuple[int, int] | None:  # type: ignore[override]
        """One sample where columns are compared, else samples of one number."""
        return (-1, 1) if self.top_k is None else (1, -1)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Update the state with samples; see `Metric`."""
        if self.class_id is not None and len(shape_of(y_pred, "y_pred")) < 2:
            raise ValueError(
                f"y_pred: expected shape (samples, classes), of which class_id={self.class_id} is one, got "
                f"{np.shape(y_pred)}"
            )
        super().update_state(y_true, y_pred, sample_weight)

    def _add_elements(
        self, spec: MetricSpec, state: Numbers, labels: Any, predictions: Any, weights: Any
    ) -> None:
        """Add samples to a state, with a weight for each prediction."""
        if self.top_k is not None:
            ranks = np.argsort(np.argsort(-predictions, -1, kind="stable"), -1)
            predictions = np.where(ranks < self.top_k, predictions, TOP_K_THRESHOLD)
        if self.class_id is not None:
            labels, predictions, weights = (a[..., self.class_id] for a in (labels, predictions, weights))
        tally = spec.tally._replace(columns=Columns.TOGETHER) if spec.tally else None
        alone = spec._replace(parameters=(0,), tally=tally)
        super()._add_elements(alone, state, labels, predictions, weights)

    @property
    def _spec(self) -> MetricSpec:
        """The kernel that computes the metric."""
        exceeding = Exceeding.EVEN if is_even(self.thresholds) else Exceeding.SEARCH
        columns = Columns.TOGETHER if self.class_id is None else self.class_id
        tally = Tally(tuple(sorted(self.thresholds)), exceeding, columns)
        return MetricSpec("count_above", parameters=(self.top_k or 0,), tally=tally)

    def _zeros(self, width: int) -> Numbers:
        """Return the state before the first sample."""
        return np.zeros(2 * (len(self.thresholds) + 1))

    def _counts(self, state: Numbers) -> Counts:
        """Return the counts at each threshold, in the order given."""
        order = np.argsort(np.argsort(self.thresholds, kind="stable"), kind="stable")
        return Counts(*(kind[0, order] for kind in counts_of(state, len(self.thresholds))))

    def _named_state(self, state: Numbers) -> dict[str, Any]:
        """Return the counts by name."""
        return self._counts(state)._asdict()


class Rate(Thresholded):
    """Base of metrics that are a kind of counts, or a rate of them, at thresholds that are an argument."""

    _field: ClassVar[str]  # of `Counts`

    def __init__(
        self,
        thresholds: Any,
        top_k: int | None = None,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        default = 0.5 if top_k is None else TOP_K_THRESHOLD
        super().__init__(top_k, class_id, name, dtype)
        self.thresholds = _checked(thresholds, default)
        self.init_thresholds = thresholds

    def _read(self, state: Numbers) -> Any:
        """Return the result: a number, or for several thresholds an array."""
        numbers = getattr(self._counts(state), self._field)
        return float(numbers[0]) if len(numbers) == 1 else numbers

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"thresholds": self.init_thresholds}


def _checked(thresholds: Any, default: float) -> list[float]:
    """Return thresholds as a list."""
    if thresholds is None:
        return [default]
    if np.ndim(thresholds) == 0:
        thresholds = [thresholds]
    checked = [real_number(number, "thresholds") for number in thresholds]
    if not checked or not all(0 <= number <= 1 for number in checked):
        raise ValueError(f"thresholds: expected numbers from 0 to 1, got {thresholds!r}")
    return checked


class _Count(Rate):
    """Base of the four counts."""

    def __init__(self, thresholds: Any = None, name: str | None = None, dtype: str | None = None) -> None:
        super().__init__(thresholds, None, None, name, dtype)

    def _named_state(self, state: Numbers) -> dict[str, Any]:
        """Return the counts under the name that they have in Keras."""
        return {"accumulator": getattr(self._counts(state), self._field)}


@registry.add
class TruePositives(_Count):
    """The sum of the weights of positive predictions whose label is positive.

    Parameters
    ----------
    thresholds : float or list of float, default 0.5
        From 0 to 1; a prediction above it is positive. For several thresholds the result is an array.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> TruePositives()([0, 1, 1, 1], [1.0, 0.0, 0.6, 0.8])
    2.0
    """

    _field = "true_positives"


@registry.add
class FalsePositives(_Count):
    """The sum of the weights of positive predictions whose label is negative.

    Parameters
    ----------
    thresholds : float or list of float, default 0.5
        From 0 to 1; a prediction above it is positive. For several thresholds the result is an array.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> FalsePositives()([0, 1, 1, 1], [1.0, 0.0, 0.6, 0.8])
    1.0
    """

    _field = "false_positives"
    _direction = "down"


@registry.add
class TrueNegatives(_Count):
    """The sum of the weights of negative predictions whose label is negative.

    Parameters
    ----------
    thresholds : float or list of float, default 0.5
        From 0 to 1; a prediction above it is positive. For several thresholds the result is an array.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> TrueNegatives()([0, 1, 1, 1], [1.0, 0.0, 0.6, 0.8])
    0.0
    """

    _field = "true_negatives"


@registry.add
class FalseNegatives(_Count):
    """The sum of the weights of negative predictions whose label is positive.

    Parameters
    ----------
    thresholds : float or list of float, default 0.5
        From 0 to 1; a prediction above it is positive. For several thresholds the result is an array.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> FalseNegatives()([0, 1, 1, 1], [1.0, 0.0, 0.6, 0.8])
    1.0
    """

    _field = "false_negatives"
    _direction = "down"
