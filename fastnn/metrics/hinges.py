"""Means of the hinge losses."""

from __future__ import annotations

from .. import losses
from .mean_of_loss import PlainMeanOfLoss, mean_of


@mean_of(losses.Hinge)
class Hinge(PlainMeanOfLoss):
    """mean(max(1 - y_true y_pred, 0)); see `losses.Hinge`.

    Parameters
    ----------
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> Hinge()([[0.0, 1.0]], [[-2.0, 0.5]])
    0.25
    """


@mean_of(losses.SquaredHinge)
class SquaredHinge(PlainMeanOfLoss):
    """mean(max(1 - y_true y_pred, 0)^2); see `losses.SquaredHinge`.

    Parameters
    ----------
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> SquaredHinge()([[0.0, 1.0]], [[-2.0, 0.0]])
    0.5
    """


@mean_of(losses.CategoricalHinge)
class CategoricalHinge(PlainMeanOfLoss):
    """max(max((1 - y_true) y_pred) - sum(y_true y_pred) + 1, 0); see `losses.CategoricalHinge`.

    Parameters
    ----------
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> CategoricalHinge()([[0.0, 1.0]], [[0.5, 1.0]])
    0.5
    """
