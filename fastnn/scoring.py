"""Losses of tensors, and losses and metrics that a user writes in Python."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from . import autograd
from .autograd import Tensor, record
from .kernels import score as _score

if TYPE_CHECKING:
    from .losses import Loss

# Losses that are the same with labels and predictions in each other's place, so that either may be a tensor.
SYMMETRIC = {
    *("mean_squared_error", "mean_absolute_error", "sum_squared_error", "root_mean_squared_error"),
    *("log_cosh", "huber", "cosine_similarity"),
}


def _aligned(weights: Any, ndim: int) -> Any:
    """Return weights with axes of size 1 behind, as many as values have."""
    return weights.reshape(weights.shape + (1,) * (ndim - weights.ndim)) if weights.ndim < ndim else weights


def reduced(values: Any, weights: Any, mask: Any, reduction: str | None) -> Tensor:
    """Return what a reduction makes of the values of samples, or of the one value of a batch.

    Parameters
    ----------
    values : Tensor or array_like, shape (rows, ...) or ()
    weights, mask : ndarray or None
        Factors of the values; what the mask leaves out does not count either.
    reduction : str or None
        See `Loss`.
    """
    values = values if isinstance(values, Tensor) else Tensor(values, requires_grad=False)
    factor = np.ones((), values.data.dtype)
    kept = float(values.size)
    for part in (weights, mask):
        if part is None:
            continue
        part = _aligned(np.asarray(part, values.data.dtype), values.ndim)
        factor = factor * (part if values.ndim else part.mean())
    if mask is not None and values.ndim:
        kept = float(np.broadcast_to(_aligned(np.asarray(mask), values.ndim), values.shape).sum())
    values = values * factor
    if reduction in (None, "none"):
        return values
    if reduction == "mean_with_sample_weight":
        kept = float(np.broadcast_to(factor, values.shape).sum())
    total = values.sum()
    return total if reduction == "sum" else total / kept if kept else total * 0.0


def loss_on_tape(loss: Loss, y_true: Any, y_pred: Any, sample_weight: Any) -> Tensor:
    """Return the loss of predictions as a tensor: one operation of the tape, by the loss's kernel.

    Raises
    ------
    TypeError
        If labels require a gradient that the loss does not have.
    """
    if is_written(loss):
        weights = None if sample_weight is None else np.asarray(sample_weight)
        y_pred = y_pred if isinstance(y_pred, Tensor) else Tensor(y_pred, requires_grad=False)
        y_true = y_true if isinstance(y_true, Tensor) and y_true.requires_grad else np.asarray(y_true)
        return reduced(loss.call(y_true, y_pred), weights, None, loss.reduction)  # type: ignore[attr-defined]
    from .losses import as_scored

    score = loss.score
    if isinstance(y_true, Tensor) and y_true.requires_grad:
        if score.kernel not in SYMMETRIC or (isinstance(y_pred, Tensor) and y_pred.requires_grad):
            raise TypeError(
                f"y_true: {type(loss).__name__} has no gradient with respect to labels; call it as "
                "loss(y_true, y_pred), with predictions second, or pass y_true.data"
            )
        y_true, y_pred = y_pred, y_true
    labels, predictions, weights = as_scored(score, y_true, y_pred, sample_weight, loss.dtype)
    values = _score.values(score, predictions, labels, weights)
    root = getattr(score, "root", False)

    def pull(gradients: list[Any]) -> list[NDArray[Any]]:
        g = np.ascontiguousarray(np.broadcast_to(gradients[0], values.shape), predictions.dtype)
        g = g if weights is None else g * weights
        dx = _score.gradients(score, predictions, labels, np.ascontiguousarray(g))
        return [dx.reshape(y_pred.shape).astype(y_pred.data.dtype, copy=False)]

    wanted = isinstance(y_pred, Tensor) and y_pred.requires_grad
    tensor = record([y_pred] if wanted else [], [values], pull)[0]
    if loss.reduction in (None, "none"):
        return autograd.sqrt(tensor) if root else tensor
    _, count, weight = _score.apply(score, predictions, labels, weights)
    divisor = {"sum": 1.0, "mean_with_sample_weight": weight}.get(loss.reduction or "", count)
    total = tensor.sum() / divisor if divisor else tensor.sum() * 0.0
    return autograd.sqrt(total) if root else total


def is_written(scored: Any) -> bool:
    """Whether a loss is written as `call`, or a metric as `update_state`, rather than as a kernel."""
    base = next(kind for kind in type(scored).__mro__ if kind.__name__ in ("Loss", "Metric"))
    return type(scored).score is base.score  # type: ignore[attr-defined]


def loss_score(loss: Any) -> _score.Score:
    """Return what a plan has to know of a loss that is written as `call`."""

    def function(labels: Any, predictions: Tensor, weights: Any, mask: Any) -> Tensor:
        return reduced(loss.call(labels, predictions), weights, mask, loss.reduction)

    return _score.Score("", function=function)


def metric_score(metric: Any) -> _score.Score:
    """Return what a plan has to know of a metric that is written as `update_state`."""

    def function(
        labels: Any, predictions: Any, weights: Any, mask: Any, before: tuple[float, float]
    ) -> tuple[float, float]:
        if not before[1]:
            metric.reset_state()
        if mask is not None:
            weights = mask if weights is None else mask * _aligned(weights, mask.ndim)
        metric.update_state(labels, predictions, sample_weight=weights)
        return float(metric.result()), 1.0

    return _score.Score("", function=function)


def mean_of(function: Callable[[Any, Any], Any]) -> Callable[..., tuple[float, float]]:
    """Return the metric of a plan that is the weighted mean of what a function makes of samples."""

    def counted(
        labels: Any, predictions: Any, weights: Any, mask: Any, before: tuple[float, float]
    ) -> tuple[float, float]:
        values = np.asarray(function(labels, predictions), np.float64)
        factor: Any = np.ones(values.shape) if values.ndim else np.float64(len(predictions))
        for part in (weights, mask):
            if part is not None:
                factor = factor * (_aligned(part, values.ndim) if values.ndim else part.mean())
        return before[0] + float((values * factor).sum()), before[1] + float(np.sum(factor))

    return counted
