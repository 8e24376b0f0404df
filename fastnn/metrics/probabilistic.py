"""Means of the losses of distributions other than cross-entropies."""

from __future__ import annotations

from .. import losses
from .mean_of_loss import PlainMeanOfLoss, mean_of


@mean_of(losses.KLDivergence)
class KLDivergence(PlainMeanOfLoss):
    """sum(y_true log(y_true / y_pred)); see `losses.KLDivergence`.

    Parameters
    ----------
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> round(KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]]), 4)
    0.1438
    """


@mean_of(losses.Poisson)
class Poisson(PlainMeanOfLoss):
    """mean(y_pred - y_true log(y_pred + 1e-7)); see `losses.Poisson`.

    Parameters
    ----------
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> round(Poisson()([[1.0, 2.0]], [[1.0, 2.0]]), 4)
    0.8069
    """
