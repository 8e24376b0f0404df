"""Losses of tensors: operations that automatic differentiation records."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import autograd
from ..autograd import Tensor
from ..autograd.tensor import record
from ..conversion import as_numbers
from ..data.alignment import axes_to_last
from ..kernels.core.specs import LossSpec, PythonSpec, Transform
from ..kernels.ops import loss_metric
from ..layers.base.masks import mask_of
from .arrays import kernel_arrays, masked
from .custom import loss_value

if TYPE_CHECKING:
    from .loss import Loss


def recorded_loss(loss: Loss, y_true: Any, y_pred: Any, sample_weight: Any) -> Tensor:
    """Return the loss of predictions as a tensor, recorded as one operation if a kernel computes it.

    Raises
    ------
    TypeError
        If labels require a gradient that the loss does not have.
    """
    spec = loss._spec
    if isinstance(spec, PythonSpec):
        y_pred = y_pred if isinstance(y_pred, Tensor) else Tensor(as_numbers(y_pred, "y_pred"), False)
        y_true = (
            y_true if isinstance(y_true, Tensor) and y_true.requires_grad else as_numbers(y_true, "y_true")
        )
        return loss_value(loss, y_true, y_pred, sample_weight, mask_of(y_pred))
    spec, y_true, y_pred = _arranged(loss, spec, y_true, y_pred)
    labels, predictions, weights = kernel_arrays(spec, y_true, y_pred, sample_weight, loss.dtype)
    weights, mask = masked(y_pred, predictions, weights)
    separate = loss.reduction in (None, "none")
    root = spec.transform is Transform.ROOT
    factor, weights = (weights, None) if separate and root else (None, weights)
    tensor = _values(spec, y_pred, labels, predictions, weights)
    if separate:
        roots = autograd.sqrt(tensor) if root else tensor
        return roots if factor is None else roots * factor
    _, count, weight = loss_metric.sums(spec, predictions, labels, weights)
    count = count if mask is None else loss_metric.sums(spec, predictions, labels, mask)[2]
    divisor = loss._divisor(count, weight)
    total = tensor.sum() / divisor if divisor else tensor.sum() * 0.0
    return autograd.sqrt(total) if root else total


def recorded_call(loss: Loss, spec: LossSpec, y_true: Any, y_pred: Any) -> Tensor:
    """Return the value of each sample, without weights, as a tensor that a kernel computes.

    Raises
    ------
    TypeError
        If labels require a gradient that the loss does not have.
    """
    spec, y_true, y_pred = _arranged(loss, spec, y_true, y_pred)
    labels, predictions, _ = kernel_arrays(spec, y_true, y_pred, None, loss.dtype)
    values = _values(spec, y_pred, labels, predictions, None)
    return autograd.sqrt(values) if spec.transform is Transform.ROOT else values


def _arranged(loss: Loss, spec: LossSpec, y_true: Any, y_pred: Any) -> tuple[LossSpec, Any, Any]:
    """Return the predictions second, and with vectors along the last axis."""
    if isinstance(y_true, Tensor) and y_true.requires_grad:
        if not loss._symmetric or (isinstance(y_pred, Tensor) and y_pred.requires_grad):
            raise TypeError(
                f"y_true: {type(loss).__name__} has no gradient with respect to labels; call it as "
                "loss(y_true, y_pred), with predictions second, or pass y_true.data"
            )
        y_true, y_pred = y_pred, y_true
    axes = axes_to_last(spec.axis, np.shape(y_pred))
    if axes is None:
        return spec, y_true, y_pred
    y_true = y_true if spec.labels.sparse else np.transpose(y_true, axes)
    return spec._replace(axis=-1), y_true, np.transpose(y_pred, axes)


def _values(
    spec: LossSpec,
    y_pred: Any,
    labels: NDArray[Any],
    predictions: NDArray[np.floating],
    weights: NDArray[np.floating] | None,
) -> Tensor:
    """Return weighted values, recorded as one operation on `y_pred`, whose numbers are `predictions`."""
    values = loss_metric.values(spec, predictions, labels, weights)

    def pull(gradients: list[Any]) -> list[NDArray[Any]]:
        g = np.ascontiguousarray(np.broadcast_to(gradients[0], values.shape), predictions.dtype)
        g = g if weights is None else g * weights
        dx = loss_metric.gradients(spec, predictions, labels, np.ascontiguousarray(g))
        return [dx.reshape(y_pred.shape).astype(y_pred.data.dtype, copy=False)]

    differentiable = isinstance(y_pred, Tensor) and y_pred.requires_grad
    return record([y_pred] if differentiable else [], [values], pull)[0]
