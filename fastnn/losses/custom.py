"""Losses and metrics that users write in Python: how plans call them, and how their values are reduced."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..autograd import Tensor
from ..kernels.core.specs import Labels, PythonSpec

if TYPE_CHECKING:
    from ..metrics import Metric
    from .loss import Loss


def loss_spec(loss: Loss) -> PythonSpec:
    """Return the spec of a loss that defines `call`."""

    def function(labels: Any, predictions: Tensor, weights: Any, mask: Any) -> Tensor:
        return reduced(loss.call(labels, predictions), weights, mask, loss.reduction)

    return PythonSpec(function, Labels.ANY_CLASS if loss.sparse else Labels.REAL)


def metric_spec(metric: Metric) -> PythonSpec:
    """Return the spec of a metric that defines `update_state`."""

    def function(labels: Any, predictions: Any, weights: Any, mask: Any) -> None:
        if mask is not None:
            weights = mask if weights is None else mask * _expanded(weights, mask.ndim)
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
        One for each sample, or one for the batch.
    weights, mask : ndarray or None
        Factors of the values; values that the mask leaves out are not counted either.
    reduction : str or None
        See `Loss`.

    Examples
    --------
    >>> float(reduced([1.0, 3.0, 8.0], None, np.array([1.0, 1.0, 0.0]), "mean"))
    2.0
    """
    tensor: Tensor = values if isinstance(values, Tensor) else Tensor(values, requires_grad=False)
    factor = np.ones((), tensor.data.dtype)
    count = float(tensor.size)
    for part in (weights, mask):
        if part is None:
            continue
        part = _expanded(np.asarray(part, tensor.data.dtype), tensor.ndim)
        factor = factor * (part if tensor.ndim else part.mean())
    if mask is not None and tensor.ndim:
        count = float(np.broadcast_to(_expanded(np.asarray(mask), tensor.ndim), tensor.shape).sum())
    tensor = tensor * factor
    if reduction in (None, "none"):
        return tensor
    if reduction == "mean_with_sample_weight":
        count = float(np.broadcast_to(factor, tensor.shape).sum())
    total = tensor.sum()
    return total if reduction == "sum" else total / count if count else total * 0.0


def _expanded(weights: Any, ndim: int) -> Any:
    """Return weights with axes of size 1 at the end, so that they have `ndim` axes."""
    return weights.reshape(weights.shape + (1,) * (ndim - weights.ndim)) if weights.ndim < ndim else weights
