"""Losses of tensors, and losses and metrics that a user writes in Python."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import autograd
from ..autograd import Tensor
from ..autograd.tensor import record
from ..kernels.core.specs import Labels, PythonSpec, Transform
from ..kernels.ops import loss_metric

if TYPE_CHECKING:
    from .loss import Loss

# Losses that are the same with labels and predictions in each other's place, so that either may be a tensor.
SYMMETRIC = {
    *("mean_squared_error", "mean_absolute_error", "sum_squared_error", "root_mean_squared_error"),
    *("log_cosh", "huber", "cosine_similarity"),
}


def _aligned(weights: Any, ndim: int) -> Any:
    """Return weights with axes of size 1 behind, as many as values have."""
    return weights.reshape(weights.shape + (1,) * (ndim - weights.ndim)) if weights.ndim < ndim else weights


def reduced(found: Any, weights: Any, mask: Any, reduction: str | None) -> Tensor:
    """Return what a reduction makes of the values found for samples, or of the one of a batch.

    Parameters
    ----------
    found : Tensor or array_like, shape (rows, ...) or ()
    weights, mask : ndarray or None
        Factors of the values; what the mask leaves out does not count either.
    reduction : str or None
        See `Loss`.
    """
    values: Tensor = found if isinstance(found, Tensor) else Tensor(found, requires_grad=False)
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
    spec = loss.spec
    if isinstance(spec, PythonSpec):
        weights = None if sample_weight is None else np.asarray(sample_weight)
        y_pred = y_pred if isinstance(y_pred, Tensor) else Tensor(y_pred, requires_grad=False)
        y_true = y_true if isinstance(y_true, Tensor) and y_true.requires_grad else np.asarray(y_true)
        return reduced(loss.call(y_true, y_pred), weights, None, loss.reduction)
    from .loss import kernel_arrays

    if isinstance(y_true, Tensor) and y_true.requires_grad:
        if spec.kernel not in SYMMETRIC or (isinstance(y_pred, Tensor) and y_pred.requires_grad):
            raise TypeError(
                f"y_true: {type(loss).__name__} has no gradient with respect to labels; call it as "
                "loss(y_true, y_pred), with predictions second, or pass y_true.data"
            )
        y_true, y_pred = y_pred, y_true
    labels, predictions, weights = kernel_arrays(spec, y_true, y_pred, sample_weight, loss.dtype)
    apart = loss.reduction in (None, "none")
    root = spec.transform is Transform.ROOT
    factor, weights = (weights, None) if apart and root else (None, weights)
    values = loss_metric.values(spec, predictions, labels, weights)

    def pull(gradients: list[Any]) -> list[NDArray[Any]]:
        g = np.ascontiguousarray(np.broadcast_to(gradients[0], values.shape), predictions.dtype)
        g = g if weights is None else g * weights
        dx = loss_metric.gradients(spec, predictions, labels, np.ascontiguousarray(g))
        return [dx.reshape(y_pred.shape).astype(y_pred.data.dtype, copy=False)]

    wanted = isinstance(y_pred, Tensor) and y_pred.requires_grad
    tensor = record([y_pred] if wanted else [], [values], pull)[0]
    if apart:
        roots = autograd.sqrt(tensor) if root else tensor
        return roots if factor is None else roots * factor
    _, count, weight = loss_metric.sums(spec, predictions, labels, weights)
    divisor = {"sum": 1.0, "mean_with_sample_weight": weight}.get(loss.reduction or "", count)
    total = tensor.sum() / divisor if divisor else tensor.sum() * 0.0
    return autograd.sqrt(total) if root else total


def loss_spec(loss: Any) -> PythonSpec:
    """Return the spec of a loss that defines `call`."""

    def function(labels: Any, predictions: Tensor, weights: Any, mask: Any) -> Tensor:
        return reduced(loss.call(labels, predictions), weights, mask, loss.reduction)

    return PythonSpec(function, Labels.ANY_CLASS if loss.sparse else Labels.REAL)


def adopt_labels(loss: Loss, labels: Any, sample_shape: tuple[int, ...]) -> None:
    """Let a loss that defines `call` take class numbers if labels lack the last axis of the predictions."""
    if isinstance(loss.spec, PythonSpec):
        loss.sparse = bool(sample_shape) and sample_shape[-1] != 1 and np.ndim(labels) == len(sample_shape)


def metric_spec(metric: Any) -> PythonSpec:
    """Return the spec of a metric that defines `update_state`."""

    def function(labels: Any, predictions: Any, weights: Any, mask: Any, cleared: bool) -> None:
        if cleared:
            metric.reset_state()
        if mask is not None:
            weights = mask if weights is None else mask * _aligned(weights, mask.ndim)
        metric.update_state(labels, predictions, sample_weight=weights)

    return PythonSpec(function)
