"""Hinge losses: margins between labels and unbounded predictions."""

from __future__ import annotations

from ..kernels.core.specs import Labels, LossSpec
from .loss import PlainLoss, per_sample, registry


@registry.add
class Hinge(PlainLoss):
    """mean(max(1 - y_true y_pred, 0)) over the last axis; labels that are all 0 or 1 stand for -1 and 1.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> float(Hinge()([[0.0, 1.0]], [[-2.0, 0.5]]))
    0.25
    """

    _plain_spec = LossSpec("hinge", Labels.SIGN)


@registry.add
class SquaredHinge(PlainLoss):
    """mean(max(1 - y_true y_pred, 0)^2) over the last axis; labels as in `Hinge`.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> float(SquaredHinge()([[0.0, 1.0]], [[-2.0, 0.0]]))
    0.5
    """

    _plain_spec = LossSpec("squared_hinge", Labels.SIGN)


@registry.add
class CategoricalHinge(PlainLoss):
    """max(max((1 - y_true) y_pred) - sum(y_true y_pred) + 1, 0) over the last axis; labels are one-hot rows.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> float(CategoricalHinge()([[0.0, 1.0]], [[0.5, 1.0]]))
    0.5
    """

    _plain_spec = LossSpec("categorical_hinge")


hinge = per_sample(Hinge)
squared_hinge = per_sample(SquaredHinge)
categorical_hinge = per_sample(CategoricalHinge)
