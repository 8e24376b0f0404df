"""Losses of the overlap between a mask and its prediction."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import config
from ..checks import real_number, whole_number
from .loss import Loss, registry

Axis = int | tuple[int, ...] | list[int] | None


def _checked_axis(axis: Axis) -> int | tuple[int, ...] | None:
    """Return the axes to sum over."""
    if isinstance(axis, (tuple, list)):
        return tuple(whole_number(each, "axis", -32, 31) for each in axis)
    return None if axis is None else whole_number(axis, "axis", -32, 31)


def _check_shapes(y_true: Any, y_pred: Any, axis: int | tuple[int, ...] | None) -> None:
    """Raise a `ValueError` if labels are not of the shape of predictions, or lack an axis to sum over."""
    shape = tuple(y_pred.shape)
    if tuple(y_true.shape) != shape:
        raise ValueError(f"y_true: expected the shape of y_pred, {shape}, got {tuple(y_true.shape)}")
    axes = () if axis is None else axis if isinstance(axis, tuple) else (axis,)
    if any(not -len(shape) <= each < len(shape) for each in axes):
        raise ValueError(f"axis: expected axes of predictions of shape {shape}, got {axis}")


@registry.add
class Tversky(Loss):
    """1 - c / (c + alpha sum(t (1 - p)) + beta sum(p (1 - t))), where c = sum(t p).

    S. Salehi et al., Tversky loss function for image segmentation, 2017, arXiv:1706.05721.

    Parameters
    ----------
    alpha, beta : float, default 0.5
        Weights of what is missed of the label, and of what is predicted beyond it.
    reduction, name, dtype
        See `Loss`.
    axis : int or tuple of int, optional
        The axes to sum over; by default all, that of the samples included.

    Examples
    --------
    >>> round(float(Tversky()([[1.0, 0.0]], [[0.5, 0.5]])), 4)
    0.5
    """

    _arguments = ("alpha", "beta", "axis")

    def __init__(
        self,
        alpha: float = 0.5,
        beta: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        axis: Axis = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.alpha, self.beta = real_number(alpha, "alpha"), real_number(beta, "beta")
        self.axis = _checked_axis(axis)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the value of each sample, or one of the batch; see `Loss`."""
        _check_shapes(y_true, y_pred, self.axis)
        common = (y_true * y_pred).sum(self.axis)
        missed = (y_true * (1 - y_pred)).sum(self.axis)
        beyond = (y_pred * (1 - y_true)).sum(self.axis)
        return 1 - common / (common + missed * self.alpha + beyond * self.beta + config.epsilon())


@registry.add
class Dice(Loss):
    """1 - 2 sum(t p) / (sum(t) + sum(p)).

    F. Milletari et al., V-Net, 2016, arXiv:1606.04797, without its squares.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.
    axis : int or tuple of int, optional
        The axes to sum over; by default all, that of the samples included.

    Examples
    --------
    >>> round(float(Dice()([[1.0, 0.0]], [[0.5, 0.5]])), 4)
    0.5
    """

    _arguments = ("axis",)

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        axis: Axis = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.axis = _checked_axis(axis)

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the value of each sample, or one of the batch; see `Loss`."""
        _check_shapes(y_true, y_pred, self.axis)
        common = (y_true * y_pred).sum(self.axis)
        return 1 - 2 * common / (y_true.sum(self.axis) + y_pred.sum(self.axis) + config.epsilon())


def dice(y_true: ArrayLike, y_pred: ArrayLike, axis: Axis = None) -> NDArray[np.floating]:
    """Return the `Dice` loss, without weights or reduction."""
    return Dice(None, axis=axis)(y_true, y_pred)  # type: ignore[no-any-return]


def tversky(
    y_true: ArrayLike, y_pred: ArrayLike, alpha: float = 0.5, beta: float = 0.5, axis: Axis = None
) -> NDArray[np.floating]:
    """Return the `Tversky` loss, without weights or reduction."""
    return Tversky(alpha, beta, None, axis=axis)(y_true, y_pred)  # type: ignore[no-any-return]
