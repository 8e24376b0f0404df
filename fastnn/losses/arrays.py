"""Labels, predictions and weights in the form that the kernels of losses and metrics take."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..conversion import as_numbers
from ..data.alignment import Shape, aligned_weights, axes_to_last
from ..data.validation import as_labels, as_real, as_weights, computed_dtype
from ..kernels.core.specs import LossSpec, MetricSpec
from ..layers.base.masks import mask_of


def kernel_arrays(
    spec: LossSpec | MetricSpec,
    y_true: ArrayLike,
    y_pred: ArrayLike,
    sample_weight: ArrayLike | None,
    dtype: str | None = None,
) -> tuple[NDArray[Any], NDArray[np.floating], NDArray[np.floating] | None]:
    """Return labels, predictions and weights as a kernel takes them, with vectors along the last axis.

    Parameters
    ----------
    spec : LossSpec or MetricSpec
    y_true, y_pred, sample_weight
        As `Loss` gets them.
    dtype : str, optional
        By default that of the predictions.

    Raises
    ------
    ValueError
        If their shapes do not go together.
    """
    y_pred = as_numbers(y_pred, "y_pred")
    dtype = dtype or computed_dtype(y_pred)
    predictions = as_real(y_pred, dtype, "y_pred")
    axes = axes_to_last(spec.axis, predictions.shape)
    if axes is not None:
        y_true = y_true if spec.labels.sparse else as_real(y_true, dtype, "y_true").transpose(axes)
        predictions = np.ascontiguousarray(predictions.transpose(axes))
    labels = as_labels(y_true, spec.labels.sparse, predictions.shape[1:], dtype, "y_true")
    if len(labels) != len(predictions):
        raise ValueError(f"y_true, y_pred: expected equal lengths, got {len(labels)} and {len(predictions)}")
    if sample_weight is None:
        return labels, predictions, None
    return labels, predictions, position_weights(sample_weight, predictions.shape, dtype)


def position_weights(sample_weight: ArrayLike, predictions: Shape, dtype: Any) -> NDArray[np.floating]:
    """Return a weight for each position of predictions of a shape; see `fastnn.data.alignment`.

    Predictions of one dimension have one position, which weighs the mean of their weights.
    """
    weights = as_weights(sample_weight, dtype)
    if weights.shape == predictions[:-1]:
        return weights
    if len(predictions) == 1 and weights.shape == predictions:
        weights = weights.mean(keepdims=True)
    aligned = aligned_weights(weights, predictions[:-1])
    return np.ascontiguousarray(np.broadcast_to(aligned, predictions[:-1]))


def masked(
    y_pred: Any, predictions: NDArray[np.floating], weights: NDArray[np.floating] | None
) -> tuple[NDArray[np.floating] | None, NDArray[np.floating] | None]:
    """Return weights of positions times the mask that predictions have, and the mask itself.

    Parameters
    ----------
    y_pred : array_like
        What the caller passed: the output of a layer or model may have a mask.
    predictions : ndarray
        The same as the kernel takes it.
    weights : ndarray or None

    Returns
    -------
    weights, mask : ndarray or None
        Both None where there are none.
    """
    mask = mask_of(y_pred)
    if mask is None:
        return weights, None
    positions = predictions.shape[:-1]
    spread = np.broadcast_to(aligned_weights(mask.astype(predictions.dtype), positions, "mask"), positions)
    return np.ascontiguousarray(spread if weights is None else weights * spread), np.ascontiguousarray(spread)


def dtype_of(y_pred: Any) -> str:
    """Return the dtype that predictions are computed in: their own, or `config.floatx()`.

    Examples
    --------
    >>> dtype_of([1, 2]), dtype_of(np.zeros(3))
    ('float32', 'float64')
    """
    return computed_dtype(as_numbers(y_pred, "y_pred"))
