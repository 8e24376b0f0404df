"""The coefficient of determination."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..checks import whole_number
from ..kernels.core.specs import MetricSpec, Tally
from ..variables import Variable
from .metric import Metric, registry

Numbers = NDArray[np.float64]
_EPSILON = float(np.finfo(float).eps)
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
    _flat = (-1, 1)
    _by_element = True
    _variable_names: ClassVar[dict[str, str]] = {"total_mse": "residual"}
    _spec = MetricSpec("squares", tally=Tally())
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

    def _zeros(self, width: int) -> Numbers:
        """Return the state before the first sample."""
        return np.zeros(4 * width + 1)

    def _state_variables(self) -> dict[str, Variable]:
        """Return the sums; before the first sample only the number of samples."""
        found = super()._state_variables()
        return {"num_samples": found["num_samples"]} if self._state is None else found

    def _named_state(self, state: Numbers) -> dict[str, Any]:
        """Return the number of samples, and sums for each column."""
        total, squares, errors, weights = state[:-1].reshape(4, -1)
        return {
            "num_samples": state[-1],
            "squared_sum": squares,
            "sum": total,
            "total_mse": errors,
            "count": weights,
        }

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

    def _read(self, state: Numbers) -> Any:
        """Return the score: of labels without variance 1 if all are predicted exactly, else 0.

        It is not a number before the first sample.
        """
        total, squares, errors, weights = state[:-1].reshape(4, -1)
        with np.errstate(divide="ignore", invalid="ignore"):
            variance = squares - total * total / weights
            constant = variance <= (state[-1] + 8) * _EPSILON * squares  # no more than the sums' rounding
            scores = np.where(constant, np.where(errors == 0, 1.0, 0.0), 1 - errors / variance)
            scores[weights == 0] = np.nan
            if self.class_aggregation == "variance_weighted_average" and not constant.all():
                scores = np.average(scores, weights=np.where(constant, 0.0, variance))
            elif self.class_aggregation is not None:
                scores = scores.mean()
        count, left = state[-1] - 1, state[-1] - 1 - self.num_regressors
        if self.num_regressors and left > 0:
            scores = 1 - (1 - scores) * count / left
        return scores if np.ndim(scores) else float(scores)
