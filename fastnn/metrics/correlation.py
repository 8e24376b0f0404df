"""Correlations between labels and predictions of each sample."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import whole_number
from ..config import epsilon
from ..kernels.core.specs import MetricSpec
from .metric import PlainMetric, registry, values_of


class _Correlation(PlainMetric):
    """Base of correlations along an axis."""

    _arguments = ("axis",)
    _direction = "up"
    _kernel: ClassVar[str]

    def __init__(self, name: str | None = None, dtype: str | None = None, axis: int = -1) -> None:
        super().__init__(name, dtype)
        self.axis = whole_number(axis, "axis", -32, 31)

    @property
    def _spec(self) -> MetricSpec:
        """The kernel that computes the metric."""
        return MetricSpec(self._kernel, clip=epsilon(), axis=self.axis)


@registry.add
class PearsonCorrelation(_Correlation):
    """cov(y_true, y_pred) / (std(y_true) std(y_pred)) along an axis, the mean over samples.

    A sample whose labels or predictions are all the same has no correlation, and the result is not a number.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    axis : int, default -1
        The axis that vectors lie along.

    Examples
    --------
    >>> labels, predictions = [[0.0, 1.0, 0.5], [1.0, 1.0, 0.2]], [[0.1, 0.9, 0.5], [1.0, 0.9, 0.2]]
    >>> round(PearsonCorrelation()(labels, predictions), 4)
    0.9967
    """

    _kernel = "pearson_correlation"


@registry.add
class ConcordanceCorrelation(_Correlation):
    """2 cov(t, p) / (var(t) + var(p) + (mean(t) - mean(p))^2) along an axis, the mean over samples.

    L. I.-K. Lin, A concordance correlation coefficient to evaluate reproducibility, Biometrics 45, 1989.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    axis : int, default -1
        The axis that vectors lie along.

    Examples
    --------
    >>> labels, predictions = [[0.0, 1.0, 0.5], [1.0, 1.0, 0.2]], [[0.1, 0.9, 0.5], [1.0, 0.9, 0.2]]
    >>> round(ConcordanceCorrelation()(labels, predictions), 4)
    0.9816
    """

    _kernel = "concordance_correlation"


def pearson_correlation(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> NDArray[np.floating]:
    """Return the correlation of each sample; see `PearsonCorrelation`."""
    return values_of(PearsonCorrelation(axis=axis), y_true, y_pred)


def concordance_correlation(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> NDArray[np.floating]:
    """Return the concordance of each sample; see `ConcordanceCorrelation`."""
    return values_of(ConcordanceCorrelation(axis=axis), y_true, y_pred)
