"""The harmonic mean of precision and recall."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..checks import real_number
from ..config import epsilon
from ..kernels.core.specs import Columns, Exceeding, MetricSpec, Tally
from ..variables import Variable
from .confusion import Counts, counts_of
from .metric import Metric, registry

Numbers = NDArray[np.float64]
_AVERAGES = (None, "micro", "macro", "weighted")


@registry.add("fbeta_score")
class FBetaScore(Metric):
    """(1 + beta^2) precision recall / (beta^2 precision + recall), for each column.

    Parameters
    ----------
    average : {None, "micro", "macro", "weighted"}, default None
        None for an array of the columns' scores; "macro" for their mean; "weighted" for their mean weighted
        by the positive labels of each column; "micro" for one score of all columns together.
    beta : float, default 1.0
        The weight of recall in relation to precision.
    threshold : float, optional
        Predictions above it are positive; by default the largest of each sample is.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> labels = [[1, 1, 1], [1, 0, 0], [1, 1, 0]]
    >>> predictions = [[0.2, 0.6, 0.7], [0.2, 0.6, 0.6], [0.6, 0.8, 0.0]]
    >>> FBetaScore(beta=2.0, threshold=0.5)(labels, predictions).round(4)
    array([0.3846, 0.9091, 0.8333])
    """

    _direction = "up"
    _flat = (-1, 1)
    _arguments: ClassVar[tuple[str, ...]] = ("average", "beta", "threshold")

    def __init__(
        self,
        average: str | None = None,
        beta: float = 1.0,
        threshold: float | None = None,
        name: str | None = "fbeta_score",
        dtype: str | None = None,
    ) -> None:
        super().__init__(dtype, name)
        if average not in _AVERAGES:
            raise ValueError(f"average: expected one of {_AVERAGES}, got {average!r}")
        self.average, self.beta = average, real_number(beta, "beta")
        if self.beta <= 0:
            raise ValueError(f"beta: expected a number above 0, got {beta!r}")
        self.threshold = None if threshold is None else real_number(threshold, "threshold")
        if self.threshold is not None and not 0 < self.threshold <= 1:
            raise ValueError(f"threshold: expected a number above 0, up to 1, got {threshold!r}")

    @property
    def _spec(self) -> MetricSpec:
        """The kernel that computes the metric."""
        if self.threshold is None:
            tally = Tally((0.5,), Exceeding.LARGEST, Columns.APART)
        else:
            tally = Tally((self.threshold,), columns=Columns.APART)
        return MetricSpec("count_above", tally=tally)

    def _zeros(self, width: int) -> Numbers:
        """Return the state before the first sample."""
        return np.zeros(width * 2 * 2)

    def _counts(self, state: Numbers) -> Counts:
        """Return the counts of each column, or of all together, an array of one."""
        counts = Counts(*(kind[:, 0] for kind in counts_of(state, 1)))
        return Counts(*(kind.sum(keepdims=True) for kind in counts)) if self.average == "micro" else counts

    def _state_variables(self) -> dict[str, Variable]:
        """Return the counts; none before the first sample."""
        return {} if self._state is None else super()._state_variables()

    def _named_state(self, state: Numbers) -> dict[str, Any]:
        """Return the counts of each column, or numbers of all together; the last are positive labels."""
        counts = self._counts(state)
        named = {
            "true_positives": counts.true_positives,
            "false_positives": counts.false_positives,
            "false_negatives": counts.false_negatives,
            "intermediate_weights": counts.true_positives + counts.false_negatives,
        }
        return {name: part[0] if self.average == "micro" else part for name, part in named.items()}

    def _read(self, state: Numbers) -> Any:
        """Return the score, or one for each column."""
        counts = self._counts(state)
        tp, support = counts.true_positives, counts.true_positives + counts.false_negatives
        precision, recall = tp / (tp + counts.false_positives + epsilon()), tp / (support + epsilon())
        square = self.beta**2
        scores = (1 + square) * precision * recall / (square * precision + recall + epsilon())
        if self.average is None:
            return scores
        if self.average == "weighted":
            return float((scores * support).sum() / (support.sum() + epsilon()))
        return float(scores.mean())


@registry.add
class F1Score(FBetaScore):
    """2 precision recall / (precision + recall), for each column: `FBetaScore` with a beta of 1.

    Parameters
    ----------
    average, threshold
        See `FBetaScore`.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> round(F1Score("macro")([[1, 0], [0, 1], [0, 1]], [[0.9, 0.1], [0.6, 0.4], [0.2, 0.8]]), 4)
    0.6667
    """

    _arguments = ("average", "threshold")

    def __init__(
        self,
        average: str | None = None,
        threshold: float | None = None,
        name: str | None = "f1_score",
        dtype: str | None = None,
    ) -> None:
        super().__init__(average, 1.0, threshold, name, dtype)
