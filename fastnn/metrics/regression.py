"""Errors of regression: means of the losses in `losses.regression`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import losses
from ..attributes import PartAttribute
from .mean_of_loss import MeanOfLoss, PlainMeanOfLoss, mean_of


@mean_of(losses.MeanSquaredError)
class MeanSquaredError(PlainMeanOfLoss):
    """mean((y_true - y_pred)^2).

    Parameters
    ----------
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> MeanSquaredError()([[0.0, 1.0]], [[0.0, 3.0]])
    2.0
    """


@mean_of(losses.RootMeanSquaredError)
class RootMeanSquaredError(PlainMeanOfLoss):
    """The root of mean((y_true - y_pred)^2) over all samples.

    Parameters
    ----------
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> RootMeanSquaredError()([[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [3.0, 8.0]])
    2.0
    """

    _flat = (-1, 1)
    _by_element = True

    def _read(self, state: NDArray[np.float64]) -> Any:
        """Return the root of the mean."""
        return float(np.sqrt(super()._read(state)))


@mean_of(losses.MeanAbsoluteError)
class MeanAbsoluteError(PlainMeanOfLoss):
    """``mean(|y_true - y_pred|)``.

    Parameters
    ----------
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> MeanAbsoluteError()([[0.0, 1.0]], [[0.0, 3.0]])
    1.0
    """


@mean_of(losses.MeanAbsolutePercentageError)
class MeanAbsolutePercentageError(PlainMeanOfLoss):
    """``100 mean(|y_true - y_pred| / max(|y_true|, 1e-7))``.

    Parameters
    ----------
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> MeanAbsolutePercentageError()([[1.0, 2.0]], [[1.5, 2.0]])
    25.0
    """


@mean_of(losses.MeanSquaredLogarithmicError)
class MeanSquaredLogarithmicError(PlainMeanOfLoss):
    """mean((log(1 + y_true) - log(1 + y_pred))^2); both are at least 1e-7.

    Parameters
    ----------
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> round(MeanSquaredLogarithmicError()([[np.e - 1]], [[0.0]]), 4)
    1.0
    """


@mean_of(losses.LogCosh)
class LogCoshError(PlainMeanOfLoss):
    """mean(log(cosh(y_true - y_pred))).

    Parameters
    ----------
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> round(LogCoshError()([[0.0, 0.0]], [[1.0, 0.0]]), 4)
    0.2169
    """

    def __init__(self, name: str | None = "logcosh", dtype: str | None = None) -> None:
        super().__init__(name, dtype)


@mean_of(losses.CosineSimilarity)
class CosineSimilarity(MeanOfLoss):
    """The cosine of the angle between y_true and y_pred; the loss of that name has the other sign.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    axis : int, default -1
        The axis that vectors lie along.

    Examples
    --------
    >>> round(CosineSimilarity()([[0.0, 2.0]], [[1.0, 1.0]]), 4)
    0.7071
    """

    _direction = "up"
    axis = PartAttribute("loss")

    def __init__(self, name: str | None = None, dtype: str | None = None, axis: int = -1) -> None:
        super().__init__(name, dtype, axis=axis)

    def _read(self, state: NDArray[np.float64]) -> Any:
        """Return the mean."""
        return 0.0 - super()._read(state)
