"""Losses of regression: how far predictions are from labels, over the last axis."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import config
from ..checks import real_number
from ..kernels.core.specs import LossSpec, Transform
from .loss import Loss, PlainLoss, registry, values_of


@registry.add("mse", "MSE")
class MeanSquaredError(PlainLoss):
    """mean((y_true - y_pred)^2) over the last axis.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> float(MeanSquaredError()([[0.0, 1.0]], [[0.0, 3.0]]))
    2.0
    """

    kernel = "mean_squared_error"


@registry.add("sse", "SSE")
class SumSquaredError(PlainLoss):
    """sum((y_true - y_pred)^2) over the last axis, and by default over samples; Keras has no such loss.

    Parameters
    ----------
    reduction : str or None, default "sum"
        See `Loss`.
    name, dtype
        See `Loss`.

    Examples
    --------
    >>> float(SumSquaredError()([[0.0, 1.0], [2.0, 2.0]], [[0.0, 3.0], [1.0, 2.0]]))
    5.0
    """

    kernel = "sum_squared_error"

    def __init__(
        self, reduction: str | None = "sum", name: str | None = None, dtype: str | None = None
    ) -> None:
        super().__init__(reduction, name, dtype)


@registry.add("rmse", "RMSE")
class RootMeanSquaredError(PlainLoss):
    """The root of what the reduction makes of mean((y_true - y_pred)^2); Keras has it as a metric only.

    So the loss of a batch is the root of its mean squared error, and that of an epoch the mean of these.
    Where the root is 0, so is the gradient.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> float(RootMeanSquaredError()([[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [3.0, 8.0]]))
    2.0
    """

    kernel = "mean_squared_error"

    @property
    def spec(self) -> LossSpec:
        """The kernel."""
        return LossSpec(self.kernel, transform=Transform.ROOT)


@registry.add("mae", "MAE")
class MeanAbsoluteError(PlainLoss):
    """mean(|y_true - y_pred|) over the last axis.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> float(MeanAbsoluteError()([[0.0, 1.0]], [[0.0, 3.0]]))
    1.0
    """

    kernel = "mean_absolute_error"


@registry.add("mape", "MAPE")
class MeanAbsolutePercentageError(PlainLoss):
    """100 mean(|y_true - y_pred| / max(|y_true|, 1e-7)) over the last axis.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> float(MeanAbsolutePercentageError()([[1.0, 2.0]], [[1.5, 2.0]]))
    25.0
    """

    kernel = "mean_absolute_percentage_error"


@registry.add("msle", "MSLE")
class MeanSquaredLogarithmicError(PlainLoss):
    """mean((log(1 + y_true) - log(1 + y_pred))^2) over the last axis; both are at least 1e-7.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> round(float(MeanSquaredLogarithmicError()([[np.e - 1]], [[0.0]])), 4)
    1.0
    """

    kernel = "mean_squared_logarithmic_error"


@registry.add("huber_loss")
class Huber(Loss):
    """The mean of e^2 / 2, where e = |y_true - y_pred|, and of delta (e - delta / 2) where e exceeds delta.

    P. J. Huber, Robust estimation of a location parameter, Annals of Mathematical Statistics 35, 1964.

    Parameters
    ----------
    delta : float, default 1.0
        From which error on it counts linearly.
    reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> float(Huber()([[0.0, 0.0]], [[1.0, 3.0]]))
    1.5
    """

    def __init__(
        self,
        delta: float = 1.0,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = "huber_loss",
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.delta = real_number(delta, "delta", 0)

    @property
    def spec(self) -> LossSpec:
        """The kernel."""
        return LossSpec("huber", parameters=(self.delta,))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"delta": self.delta}


@registry.add("logcosh")
class LogCosh(PlainLoss):
    """mean(log(cosh(y_true - y_pred))) over the last axis: a square where errors are small, else their size.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> round(float(LogCosh()([[0.0, 0.0]], [[1.0, 0.0]])), 4)
    0.2169
    """

    kernel = "log_cosh"


@registry.add
class CosineSimilarity(Loss):
    """Minus the cosine of the angle between y_true and y_pred: -1 where they point alike, 0 at a right angle.

    A vector shorter than 1e-7 counts as one that is not made longer than its 1e7-fold.

    Parameters
    ----------
    axis : int, default -1
        The axis that vectors lie along; only the last is supported.
    reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> round(float(CosineSimilarity()([[0.0, 2.0]], [[1.0, 1.0]])), 4)
    -0.7071
    """

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        if axis != -1:
            raise ValueError(f"axis: expected -1, the last axis, got {axis!r}")

    @property
    def spec(self) -> LossSpec:
        """The kernel."""
        return LossSpec("cosine_similarity", clip=config.epsilon())


def mean_squared_error(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[np.floating]:
    """Return mean((y_true - y_pred)^2) over the last axis, for each sample."""
    return values_of(MeanSquaredError(), y_true, y_pred)


def sum_squared_error(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[np.floating]:
    """Return sum((y_true - y_pred)^2) over the last axis, for each sample."""
    return values_of(SumSquaredError(), y_true, y_pred)


def root_mean_squared_error(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[np.floating]:
    """Return the root of the mean squared error of each sample."""
    return values_of(RootMeanSquaredError(), y_true, y_pred)


def mean_absolute_error(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[np.floating]:
    """Return mean(|y_true - y_pred|) over the last axis, for each sample."""
    return values_of(MeanAbsoluteError(), y_true, y_pred)


def mean_absolute_percentage_error(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[np.floating]:
    """Return the mean absolute percentage error of each sample; see `MeanAbsolutePercentageError`."""
    return values_of(MeanAbsolutePercentageError(), y_true, y_pred)


def mean_squared_logarithmic_error(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[np.floating]:
    """Return the mean squared logarithmic error of each sample; see `MeanSquaredLogarithmicError`."""
    return values_of(MeanSquaredLogarithmicError(), y_true, y_pred)


def huber(y_true: ArrayLike, y_pred: ArrayLike, delta: float = 1.0) -> NDArray[np.floating]:
    """Return the Huber loss of each sample; see `Huber`."""
    return values_of(Huber(delta), y_true, y_pred)


def log_cosh(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[np.floating]:
    """Return mean(log(cosh(y_true - y_pred))) over the last axis, for each sample."""
    return values_of(LogCosh(), y_true, y_pred)


def cosine_similarity(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> NDArray[np.floating]:
    """Return minus the cosine between label and prediction of each sample; see `CosineSimilarity`."""
    return values_of(CosineSimilarity(axis), y_true, y_pred)
