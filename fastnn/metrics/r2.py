"""The coefficient of determination."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import whole_number
from ..kernels.core.specs import MetricSpec, Tally
from .metric import Metric, registry

Numbers = NDArray[np.float64]
_AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")


@registry.add
class R2Score(Metric):
    """1 - sum((y_true - y_pred)^2) / sum((y_true - mean(y_true))^2): the share of variance explained.

    Parameters
    ----------
    class_aggregation : {"uniform_average", "variance_weighted_average", None}, default "uniform_average"
        How the scores of the columns are combined: their mean, their mean weighted by variance, or an array.
    num_regressors : int, default 0
        If not 0, the score is adjusted for this number of independent variables, as long as there are more
        samples.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> round(R2Score()([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]]), 4)
    0.5714
    """

    _direction = "up"
    _by_element = True
    spec = MetricSpec("squares", tally=Tally())
    _arguments = ("class_aggregation", "num_regressors")

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(dtype, name)
        if class_aggregation not in _AGGREGATIONS:
            raise ValueError(f"class_aggregation: expected one of {_AGGREGATIONS}, got {class_aggregation!r}")
        self.class_aggregation = class_aggregation
        self.num_regressors = whole_number(num_regressors, "num_regressors")

    def zeros(self, width: int) -> Numbers:
        """Return the state before the first sample."""
        return np.zeros(4 * width + 1)

    def _add_elements(
        self, spec: MetricSpec, state: Numbers, labels: Any, predictions: Any, weights: Any
    ) -> None:
        """Add samples to a state, with a weight for each prediction."""
        parts = state[:-1].reshape(4, -1)
        column = np.zeros(5)
        for i in range(predictions.shape[-1]):
            column[:] = 0
            super()._add_elements(
                spec, column, labels[..., i], predictions[..., i], np.ascontiguousarray(weights[..., i])
            )
            parts[:, i] += column[:-1]
        state[-1] += column[-1]

    def read(self, state: Numbers) -> Any:
        """Return the score; 0 where it is infinite, and not a number without variance, as in Keras."""
        total, squares, errors, weights = state[:-1].reshape(4, -1)
        with np.errstate(divide="ignore", invalid="ignore"):
            variance = squares - total * total / weights
            scores = 1 - errors / variance
            scores = np.where(np.isinf(scores), 0.0, scores)
            if self.class_aggregation == "variance_weighted_average":
                scores = (variance * scores).sum() / variance.sum()
            elif self.class_aggregation == "uniform_average":
                scores = scores.mean()
        count, left = state[-1] - 1, state[-1] - 1 - self.num_regressors
        if self.num_regressors and left > 0:
            scores = 1 - (1 - scores) * count / left
        return scores if np.ndim(scores) else float(scores)
