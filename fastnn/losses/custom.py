"""Losses and metrics that users write in Python: how plans call them, and how their values are reduced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..autograd import Tensor
from ..data.alignment import aligned_labels, aligned_weights, factors_of_values, total_of, weights_by_hand
from ..data.validation import as_weights
from ..kernels.core.specs import Labels, PythonSpec

if TYPE_CHECKING:
    from ..metrics import Metric
    from .loss import Loss


def loss_spec(loss: Loss) -> PythonSpec:
    """Return the spec of a loss that defines `call`."""

    def function(labels: Any, predictions: Tensor, weights: Any, mask: Any) -> Tensor:
        return reduced(loss.call(labels, predictions), weights, mask, loss.reduction)

    labels = Labels.SINGLE if loss._single else Labels.ANY_CLASS if loss._sparse else Labels.REAL
    return PythonSpec(function, labels)


def loss_value(loss: Loss, y_true: Any, y_pred: Any, sample_weight: Any, mask: Any) -> Tensor:
    """Return the loss of arrays or tensors by a loss that defines `call`, as a training step computes it."""
    values = loss.call(aligned_labels(y_true, tuple(y_pred.shape), y_pred.dtype), y_pred)
    values = values if isinstance(values, Tensor) else Tensor(np.asarray(values, y_pred.dtype), False)
    weights = None
    if sample_weight is not None:
        weights = as_weights(sample_weight, y_pred.dtype.name)
        weights = weights_by_hand(weights, tuple(y_pred.shape), values.shape)
    mask = None if mask is None else mask.astype(y_pred.dtype)
    return reduced(values, weights, mask, loss.reduction)


def metric_spec(metric: Metric) -> PythonSpec:
    """Return the spec of a metric that defines `update_state`."""

    def function(labels: Any, predictions: Any, weights: Any, mask: Any) -> None:
        if mask is not None:
            weights = mask if weights is None else mask * aligned_weights(weights, mask.shape)
        if weights is None:
            metric.update_state(labels, predictions)
        else:
            metric.update_state(labels, predictions, sample_weight=weights)

    return PythonSpec(function)


def reduced(values: Any, weights: Any, mask: Any, reduction: str | None) -> Tensor:
    """Reduce the values that a loss returned.

    Parameters
    ----------
    values : Tensor or array_like, shape (samples, ...) or ()
        One for each position or sample, or one for the batch.
    weights, mask : ndarray or None
        See `fastnn.data.alignment`.
    reduction : str or None
        See `Loss`.

    Examples
    --------
    >>> float(reduced([1.0, 3.0, 8.0], None, np.array([1.0, 1.0, 0.0]), "mean"))
    2.0
    """
    tensor: Tensor = values if isinstance(values, Tensor) else Tensor(values, requires_grad=False)
    if weights is None and mask is None:
        factor = counts = np.ones(())
    else:
        factor, counts = factors_of_values(tensor.shape, weights, mask)
        tensor = tensor * factor.astype(tensor.data.dtype)
    if reduction in (None, "none"):
        return tensor
    total = tensor.sum()
    if reduction == "sum":
        return total
    divisor = total_of(factor if reduction == "mean_with_sample_weight" else counts, tensor.shape)
    return total / divisor if divisor else total * 0.0
