"""Losses of margins: labels -1 and 1, or 0 and 1, against scores without bounds."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..kernels.core.specs import Labels, LossSpec
from .loss import PlainLoss, registry, values_of


class _Margin(PlainLoss):
    """What the losses of a label for each score share."""

    @property
    def spec(self) -> LossSpec:
        """The kernel."""
        return LossSpec(self.kernel, Labels.SIGN)


@registry.add
class Hinge(_Margin):
    """mean(max(1 - y_true y_pred, 0)) over the last axis; labels of which all are 0 or 1 stand for -1 and 1.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> float(Hinge()([[0.0, 1.0]], [[-2.0, 0.5]]))
    0.25
    """

    kernel = "hinge"


@registry.add
class SquaredHinge(_Margin):
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

    kernel = "squared_hinge"


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

    kernel = "categorical_hinge"


def hinge(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[np.floating]:
    """Return the hinge loss of each sample; see `Hinge`."""
    return values_of(Hinge(), y_true, y_pred)


def squared_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[np.floating]:
    """Return the squared hinge loss of each sample; see `SquaredHinge`."""
    return values_of(SquaredHinge(), y_true, y_pred)


def categorical_hinge(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[np.floating]:
    """Return the categorical hinge loss of each sample; see `CategoricalHinge`."""
    return values_of(CategoricalHinge(), y_true, y_pred)
