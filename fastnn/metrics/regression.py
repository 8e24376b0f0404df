"""Metrics of regression that are no means of losses."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import whole_number
from ..config import epsilon
from ..kernels.core.specs import MetricSpec, Tally
from ..kernels.ops import loss_metric
from ..losses.arrays import kernel_arrays
from .metric import Metric, PlainMetric, registry

Numbers = NDArray[np.float64]
AGGREGATIONS = (None, "uniform_average", "variance_weighted_average")


@registry.add
class R2Score(Metric):
    """1 - sum((y_true - y_pred)^2) / sum((y_true - mean(y_true))^2): the share of variance that is explained.

    Parameters
    ----------
    class_aggregation : {"uniform_average", "variance_weighted_average", None}, default "uniform_average"
        What becomes of the columns: their mean, that weighted by variance, or an array.
    num_regressors : int, default 0
        If not 0, the score is adjusted for so many independent variables, as long as there are more samples.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> round(R2Score()([[1.0], [4.0], [3.0]], [[2.0], [4.0], [4.0]]), 4)
    0.5714
    """

    def __init__(
        self,
        class_aggregation: str | None = "uniform_average",
        num_regressors: int = 0,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(dtype, name)
        if class_aggregation not in AGGREGATIONS:
            raise ValueError(f"class_aggregation: expected one of {AGGREGATIONS}, got {class_aggregation!r}")
        self.class_aggregation = class_aggregation
        self.num_regressors = whole_number(num_regressors, "num_regressors")

    @property
    def spec(self) -> MetricSpec:
        """The kernel."""
        return MetricSpec("squares", tally=Tally())

    def zeros(self, width: int) -> Numbers:
        """Return the state before the first sample."""
        return np.zeros(4 * width + 1)

    def read(self, state: Numbers) -> Any:
        """Return the score; as 0 / 0 where there is no variance, or infinite, as Keras does."""
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

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        own = {"class_aggregation": self.class_aggregation, "num_regressors": self.num_regressors}
        return super().get_config() | own


class _Correlation(PlainMetric):
    """What the correlations share."""

    kernel: str

    def __init__(self, name: str | None = None, dtype: str | None = None, axis: int = -1) -> None:
        super().__init__(name, dtype)
        if axis != -1:
            raise ValueError(f"axis: expected -1, the last axis, got {axis!r}")

    @property
    def spec(self) -> MetricSpec:
        """The kernel."""
        return MetricSpec(self.kernel, clip=epsilon())


@registry.add
class PearsonCorrelation(_Correlation):
    """cov(y_true, y_pred) / (std(y_true) std(y_pred)) along the last axis, the mean over samples.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    axis : int, default -1
        Only the last is supported.

    Examples
    --------
    >>> labels, predictions = [[0.0, 1.0, 0.5], [1.0, 1.0, 0.2]], [[0.1, 0.9, 0.5], [1.0, 0.9, 0.2]]
    >>> round(PearsonCorrelation()(labels, predictions), 4)
    0.9967
    """

    kernel = "pearson_correlation"


@registry.add
class ConcordanceCorrelation(_Correlation):
    """2 cov(t, p) / (var(t) + var(p) + (mean(t) - mean(p))^2) along the last axis, the mean over samples.

    L. I.-K. Lin, A concordance correlation coefficient to evaluate reproducibility, Biometrics 45, 1989.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    axis : int, default -1
        Only the last is supported.

    Examples
    --------
    >>> labels, predictions = [[0.0, 1.0, 0.5], [1.0, 1.0, 0.2]], [[0.1, 0.9, 0.5], [1.0, 0.9, 0.2]]
    >>> round(ConcordanceCorrelation()(labels, predictions), 4)
    0.9816
    """

    kernel = "concordance_correlation"


def _values(metric: Metric, y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[np.floating]:
    spec = metric.spec
    assert isinstance(spec, MetricSpec)
    labels, predictions, _ = kernel_arrays(spec, y_true, y_pred, None)
    return loss_metric.values(spec, predictions, labels)


def pearson_correlation(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> NDArray[np.floating]:
    """Return the correlation of each sample; see `PearsonCorrelation`."""
    return _values(PearsonCorrelation(axis=axis), y_true, y_pred)


def concordance_correlation(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> NDArray[np.floating]:
    """Return the concordance of each sample; see `ConcordanceCorrelation`."""
    return _values(ConcordanceCorrelation(axis=axis), y_true, y_pred)
