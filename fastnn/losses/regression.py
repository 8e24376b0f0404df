"""Losses of regression: errors of predictions over the last axis."""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from .. import config
from ..checks import real_number, whole_number
from ..kernels.core.specs import LossSpec, Transform
from .loss import Loss, PlainLoss, per_sample, registry, values_of


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

    _plain_spec = LossSpec("mean_squared_error")
    _symmetric = True


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

    _plain_spec = LossSpec("sum_squared_error")
    _symmetric = True

    def __init__(
        self, reduction: str | None = "sum", name: str | None = None, dtype: str | None = None
    ) -> None:
        super().__init__(reduction, name, dtype)


@registry.add("rmse", "RMSE")
class RootMeanSquaredError(PlainLoss):
    """The root of the reduced values of mean((y_true - y_pred)^2); Keras has it as a metric only.

    The loss of a batch is therefore the root of its mean squared error, and that of an epoch the mean of
    these roots. If a root is 0, so is its gradient.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> float(RootMeanSquaredError()([[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [3.0, 8.0]]))
    2.0
    """

    _plain_spec = LossSpec("mean_squared_error", transform=Transform.ROOT)
    _symmetric = True


@registry.add("mae", "MAE")
class MeanAbsoluteError(PlainLoss):
    """``mean(|y_true - y_pred|)`` over the last axis.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> float(MeanAbsoluteError()([[0.0, 1.0]], [[0.0, 3.0]]))
    1.0
    """

    _plain_spec = LossSpec("mean_absolute_error")
    _symmetric = True


@registry.add("mape", "MAPE")
class MeanAbsolutePercentageError(PlainLoss):
    """``100 mean(|y_true - y_pred| / max(|y_true|, 1e-7))`` over the last axis.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> float(MeanAbsolutePercentageError()([[1.0, 2.0]], [[1.5, 2.0]]))
    25.0
    """

    _plain_spec = LossSpec("mean_absolute_percentage_error")


@registry.add("msle", "MSLE")
class MeanSquaredLogarithmicError(PlainLoss):
    """mean((log(1 + y_true) - log(1 + y_pred))^2) over the last axis; both are at least 1e-7.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> import math
    >>> round(float(MeanSquaredLogarithmicError()([[math.e - 1]], [[0.0]])), 4)
    1.0
    """

    _plain_spec = LossSpec("mean_squared_logarithmic_error")


@registry.add("huber_loss")
class Huber(Loss):
    """The mean of e^2 / 2, where ``e = |y_true - y_pred|``, and of delta (e - delta / 2) where e > delta.

    P. J. Huber, Robust estimation of a location parameter, Annals of Mathematical Statistics 35, 1964.

    Parameters
    ----------
    delta : float, default 1.0
        The error above which the loss is linear.
    reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> float(Huber()([[0.0, 0.0]], [[1.0, 3.0]]))
    1.5
    """

    _symmetric = True
    _arguments = ("delta",)

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
    def _spec(self) -> LossSpec:
        """The kernel that computes the loss."""
        return LossSpec("huber", parameters=(self.delta,))


@registry.add("logcosh")
class LogCosh(PlainLoss):
    """mean(log(cosh(y_true - y_pred))) over the last axis: quadratic for small errors, linear for large ones.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> round(float(LogCosh()([[0.0, 0.0]], [[1.0, 0.0]])), 4)
    0.2169
    """

    _plain_spec = LossSpec("log_cosh")
    _symmetric = True


@registry.add
class CosineSimilarity(Loss):
    """Minus the cosine of the angle between y_true and y_pred: -1 for equal directions, 0 for a right angle.

    Vectors are divided by their length, or by 1e-7 if they are shorter.

    Parameters
    ----------
    axis : int, default -1
        The axis that vectors lie along.
    reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> round(float(CosineSimilarity()([[0.0, 2.0]], [[1.0, 1.0]])), 4)
    -0.7071
    """

    _symmetric = True
    _arguments = ("axis",)

    def __init__(
        self,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.axis = whole_number(axis, "axis", -32, 31)

    @property
    def _spec(self) -> LossSpec:
        """The kernel that computes the loss."""
        return LossSpec("cosine_similarity", clip=config.epsilon(), axis=self.axis)


mean_squared_error = per_sample(MeanSquaredError)
sum_squared_error = per_sample(SumSquaredError)
root_mean_squared_error = per_sample(RootMeanSquaredError)
mean_absolute_error = per_sample(MeanAbsoluteError)
mean_absolute_percentage_error = per_sample(MeanAbsolutePercentageError)
mean_squared_logarithmic_error = per_sample(MeanSquaredLogarithmicError)
log_cosh = per_sample(LogCosh)


def huber(y_true: ArrayLike, y_pred: ArrayLike, delta: float = 1.0) -> Any:
    """Return the `Huber` loss of each sample, without weights or reduction."""
    return values_of(Huber(delta), y_true, y_pred)


def cosine_similarity(y_true: ArrayLike, y_pred: ArrayLike, axis: int = -1) -> Any:
    """Return the `CosineSimilarity` of each sample, without weights or reduction."""
    return values_of(CosineSimilarity(axis), y_true, y_pred)
