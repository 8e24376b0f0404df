"""The area under a curve of rates over thresholds."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import config
from ..checks import real_number, whole_number
from ..conversion import as_numbers
from ..kernels.core.specs import Columns, Exceeding, MetricSpec, Tally
from ..variables import Variable
from .confusion import MAX_THRESHOLDS, Counts, EvenThresholds, counts_of, is_even
from .metric import Metric, ratio, registry

Numbers = NDArray[np.float64]
_CURVES = ("ROC", "PR", "PRGAIN")
_SUMMATIONS = ("interpolation", "minoring", "majoring")


@registry.add
class AUC(Metric):
    """The area under the ROC or precision-recall curve, by Riemann sums over thresholds.

    The curve needs positive and negative labels: where one kind is missing, the rates that it is made of are
    0, as everywhere 0 / 0 is here and in Keras. So the ROC area of labels of one class is 0, and the
    precision-recall area of positive labels alone is 1.

    J. Davis and M. Goadrich, The relationship between precision-recall and ROC curves, 2006, has the
    interpolation of precision; P. Flach and M. Kull, Precision-recall-gain curves, 2015, its gain.

    Parameters
    ----------
    num_thresholds : int, default 200
        The number of thresholds, evenly from 0 to 1.
    curve : {"ROC", "PR", "PRGAIN"}, default "ROC"
        Recall over the rate of false positives, precision over recall, or the gains of these.
    summation_method : {"interpolation", "minoring", "majoring"}, default "interpolation"
        The height between two thresholds: the mean of both heights (for precision, that of true positives
        interpolated linearly), the smaller or the larger.
    name, dtype
        See `Metric`.
    thresholds : list of float, optional
        From 0 to 1, instead of `num_thresholds`; one below 0 and one above 1 are added.
    multi_label : bool, default False
        Whether each column has a curve of its own, and the result is the mean of their areas.
    num_labels : int, optional
        The number of columns; checked, and only accepted with `multi_label`.
    label_weights : array_like, optional
        Weights of the columns.
    from_logits : bool, default False
        Whether predictions are logits.

    Examples
    --------
    >>> metric = AUC(num_thresholds=3)
    >>> metric.update_state([0, 0, 1, 1], [0.0, 0.5, 0.3, 0.9])
    >>> metric.result()
    0.75
    """

    _direction = "up"
    _flat = (-1, 1)
    _by_element = True

    def __init__(
        self,
        num_thresholds: int = 200,
        curve: str = "ROC",
        summation_method: str = "interpolation",
        name: str | None = None,
        dtype: str | None = None,
        thresholds: Sequence[float] | None = None,
        multi_label: bool = False,
        num_labels: int | None = None,
        label_weights: ArrayLike | None = None,
        from_logits: bool = False,
    ) -> None:
        super().__init__(dtype, name)
        self.curve, self.summation_method = str(curve).upper(), str(summation_method).lower()
        if self.curve not in _CURVES:
            raise ValueError(f"curve: expected one of {_CURVES}, got {curve!r}")
        if self.summation_method not in _SUMMATIONS:
            raise ValueError(f"summation_method: expected one of {_SUMMATIONS}, got {summation_method!r}")
        if num_labels and not multi_label:
            raise ValueError(f"num_labels: expected None unless multi_label, got {num_labels!r}")
        self.init_thresholds = (
            None if thresholds is None else sorted(real_number(number, "thresholds") for number in thresholds)
        )
        if self.init_thresholds is None:
            self.num_thresholds = whole_number(num_thresholds, "num_thresholds", 2, MAX_THRESHOLDS)
            self._even = True
        else:
            if not all(0 <= number <= 1 for number in self.init_thresholds):
                raise ValueError(f"thresholds: expected numbers from 0 to 1, got {thresholds!r:.80}")
            self.num_thresholds = len(self.init_thresholds) + 2
            self._even = is_even([0.0, *self.init_thresholds, 1.0])
        self.thresholds: Sequence[float] = EvenThresholds(self.num_thresholds, config.epsilon())
        if self.init_thresholds is not None:
            self.thresholds = [-config.epsilon(), *self.init_thresholds, 1 + config.epsilon()]
        self.multi_label, self.num_labels = bool(multi_label), num_labels
        self.label_weights = (
            None if label_weights is None else as_numbers(label_weights, "label_weights").astype(float)
        )
        self.from_logits = bool(from_logits)

    @property
    def _spec(self) -> MetricSpec:
        """The kernel. Probabilities exceed thresholds where logits exceed those of the thresholds."""
        if isinstance(self.thresholds, EvenThresholds) and not self.from_logits:
            return _spec_of(self.thresholds, self._columns)
        levels = np.array(self.thresholds)
        if self.from_logits:
            with np.errstate(divide="ignore"):
                inner = np.clip(levels, 0, 1)
                levels = np.log(inner) - np.log1p(-inner)
        even = self._even and not self.from_logits
        exceeding = Exceeding.EVEN_OUTER if even else Exceeding.SEARCH
        return MetricSpec("count_above", tally=Tally(tuple(levels.tolist()), exceeding, self._columns))

    def _add_elements(
        self, spec: MetricSpec, state: Numbers, labels: Any, predictions: Any, weights: Any
    ) -> None:
        """Add samples to a state, with a weight for each prediction."""
        if self._columns is Columns.TOGETHER or spec.tally is None:
            super()._add_elements(spec, state, labels, predictions, weights)
            return
        alone = spec._replace(tally=spec.tally._replace(columns=Columns.TOGETHER))
        for i, part in enumerate(state.reshape(predictions.shape[-1], -1)):
            column = labels[..., i], predictions[..., i], weights[..., i]
            super()._add_elements(alone, part, *column)

    @property
    def _columns(self) -> Columns:
        apart = self.multi_label or self.label_weights is not None
        return Columns.APART if apart else Columns.TOGETHER

    def _zeros(self, width: int) -> Numbers:
        """Return the state before the first sample."""
        groups = width if self._columns is Columns.APART else 1
        if self.label_weights is not None and len(self.label_weights) != groups:
            raise ValueError(f"label_weights: expected {groups} numbers, got {len(self.label_weights)}")
        if self.num_labels and self.num_labels != groups:
            raise ValueError(f"num_labels: expected {groups}, got {self.num_labels}")
        return np.zeros(groups * 2 * (self.num_thresholds + 1))

    def _state_variables(self) -> dict[str, Variable]:
        """Return the counts; none before the first sample where each column has its own."""
        return {} if self._state is None and self._columns is Columns.APART else super()._state_variables()

    def _named_state(self, state: Numbers) -> dict[str, Any]:
        """Return the counts by name, (thresholds,), or (thresholds, columns) where columns have their own."""
        counts = counts_of(state, self.num_thresholds)
        together = self._columns is Columns.TOGETHER
        return {n: kind[0] if together else kind.T for n, kind in counts._asdict().items()}

    def result(self) -> Any:
        """Return the area; 0 before the first sample."""
        return 0.0 if self._state is None else super().result()

    def _read(self, state: Numbers) -> Any:
        """Return the area, or the mean of those of all columns."""
        counts = counts_of(state, self.num_thresholds)
        if self.label_weights is not None and not self.multi_label:
            counts = Counts(*((self.label_weights @ kind)[None] for kind in counts))
        areas = self._areas(counts)
        weights = self.label_weights if self.multi_label else None
        if weights is None:
            return float(areas.mean())
        return float(ratio(np.array((areas * weights).sum()), np.array(weights.sum())))

    def _areas(self, c: Counts) -> Numbers:
        tp, fp, tn, fn = c
        recall = ratio(tp, tp + fn)
        if self.curve == "PR" and self.summation_method == "interpolation":
            return _interpolated_precision(c)
        if self.curve == "ROC":
            x, y = ratio(fp, fp + tn), recall
        elif self.curve == "PR":
            x, y = recall, ratio(tp, tp + fp)
        else:
            odds = ratio(tp + fn, tn + fp)
            x = np.where(tp == 0, 0, np.maximum(1 - odds * ratio(fn, tp), 0))
            y = np.where(tp == 0, 1, 1 - odds * ratio(fp, tp))
        left, right = y[:, :-1], y[:, 1:]
        height = (left + right) / 2
        if self.summation_method != "interpolation":
            height = (
                np.minimum(left, right) if self.summation_method == "minoring" else np.maximum(left, right)
            )
        areas: Numbers = ((x[:, :-1] - x[:, 1:]) * height).sum(-1)
        return areas

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        weights = self.label_weights
        return super().get_config() | {
            "num_thresholds": self.num_thresholds,
            "curve": self.curve,
            "summation_method": self.summation_method,
            "thresholds": self.init_thresholds,
            "multi_label": self.multi_label,
            "num_labels": self.num_labels,
            "label_weights": None if weights is None else weights.tolist(),
            "from_logits": self.from_logits,
        }


@lru_cache(8)
def _spec_of(thresholds: EvenThresholds, columns: Columns) -> MetricSpec:
    """Return the kernel for probabilities, which takes longer to describe than to run."""
    return MetricSpec("count_above", tally=Tally(tuple(thresholds), Exceeding.EVEN_OUTER, columns))


def _interpolated_precision(c: Counts) -> Numbers:
    """Between two thresholds true positives are a linear function of all positives; precision is not."""
    tp, fp, _, fn = c
    positives = tp + fp
    gained, grown = tp[:, :-1] - tp[:, 1:], positives[:, :-1] - positives[:, 1:]
    slope = ratio(gained, np.maximum(grown, 0))
    intercept = tp[:, 1:] - slope * positives[:, 1:]
    both = (positives[:, :-1] > 0) & (positives[:, 1:] > 0)
    quotient = np.divide(positives[:, :-1], positives[:, 1:], out=np.ones_like(gained), where=both)
    areas: Numbers = ratio(slope * (gained + intercept * np.log(quotient)), (tp + fn)[:, 1:]).sum(-1)
    return areas
