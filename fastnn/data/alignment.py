"""How labels, weights and masks go with predictions: one rule for `fit`, `evaluate`, losses and metrics.

Predictions (samples, ..., n) have a position (samples, ...) for each of their vectors, and a loss has a value
for each position. Everything is aligned from the first axis on, that of the samples:

- *Weights* are one number, or have the axes of the values: an axis of size 1 stands for all, axes that are
  missing at the end too, and one of size 1 too many at the end is left out. So weights (samples,) count whole
  samples, and (samples, steps), (samples, steps, 1) and (1, steps) count steps. Only if they do not fit in
  this way are axes missing at the start: (steps,), called by hand, counts steps unless steps == samples.
- *Masks*, which outputs of layers and models have, have one number for each position. A position that is
  masked weighs nothing and is not counted.
- A value of several positions, such as one for each sample of a sequence or one for the batch, weighs the
  mean of the weights of those that are not masked, and is not counted only where all of them are.
- *Labels* are like the predictions, where an axis of size 1 at the end may be missing or one too many; or
  class numbers, one for each position. For losses of your own, integers are class numbers, and reals that are
  one for each position, such as those of a quantile loss, get an axis of size 1.
"""

from __future__ import annotations

from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Shape = tuple[int, ...]


def aligned_shape(weights: Shape, values: Shape) -> Shape | None:
    """Return the shape of weights with as many axes as the values that they go with, or None.

    Examples
    --------
    >>> [aligned_shape(weights, (2, 3)) for weights in [(), (2,), (1, 3), (2, 3, 1), (3,)]]
    [(1, 1), (2, 1), (1, 3), (2, 3), (1, 3)]
    >>> [aligned_shape(weights, (2, 3)) for weights in [(4,), (3, 2), (2, 3, 3), (2, 3, 1, 1)]]
    [None, None, None, None]
    """
    if len(weights) == len(values) + 1 and weights[-1] == 1:
        weights = weights[:-1]
    missing = (1,) * (len(values) - len(weights))
    for shape in (weights + missing, missing + weights):
        if len(shape) == len(values) and all(w in (1, n) for w, n in zip(shape, values, strict=True)):
            return shape
    return None


def aligned_weights(weights: Array, values: Shape, name: str = "sample_weight") -> Array:
    """Return weights with as many axes as the values that they go with.

    Parameters
    ----------
    weights : ndarray
    values : tuple of int
        Shape of the values.
    name : str, default "sample_weight"
        What the error calls the weights.

    Returns
    -------
    ndarray
        Of the shape of the values, but for axes of size 1.

    Raises
    ------
    ValueError
        If the shapes do not go together.

    Examples
    --------
    >>> aligned_weights(np.ones(2), (2, 3)).shape
    (2, 1)
    """
    shape = aligned_shape(weights.shape, values)
    if shape is None:
        raise ValueError(f"{name}: expected shape {weight_shapes(values)}, got {weights.shape}")
    return weights.reshape(shape)


def weight_shapes(values: Shape) -> str:
    """Return the shapes of weights of values, for errors.

    Examples
    --------
    >>> weight_shapes((7, 4)), weight_shapes(())
    ('(7,) or (7, 4)', '()')
    """
    return str(values) if len(values) < 2 else f"{values[:1]} or {values}"


def factors_of_values(values: Shape, weights: Array | None, mask: Array | None) -> tuple[Array, Array]:
    """Return the weights of values, and how much each of them counts.

    Parameters
    ----------
    values : tuple of int
        Shape of the values.
    weights : ndarray, optional
        Of the values, or of the positions that they are of.
    mask : ndarray of 0 and 1, optional
        Of the positions.

    Returns
    -------
    weights, counts : ndarray
        Of the shape of the values, but for axes of size 1.

    Examples
    --------
    >>> mask = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 0.0]])
    >>> weights = np.array([[1.0, 3.0, 5.0], [7.0, 7.0, 7.0]])
    >>> [part.tolist() for part in factors_of_values((2,), weights, mask)]
    [[2.0, 0.0], [1.0, 0.0]]
    """
    if mask is None:
        if weights is not None and weights.ndim > len(values) and weights.shape[: len(values)] == values:
            weights = weights.mean(tuple(range(len(values), weights.ndim)))
        weighed = np.ones(()) if weights is None else aligned_weights(weights, values)
        return weighed, np.ones_like(weighed)
    weighed = mask if weights is None else mask * aligned_weights(weights, mask.shape)
    further = tuple(range(len(values), mask.ndim))
    if further:
        valid = mask.sum(further)
        weighed = weighed.sum(further) / np.maximum(valid, 1)
        mask = (valid > 0).astype(mask.dtype)
    return aligned_weights(weighed, values, "mask"), aligned_weights(mask, values, "mask")


def weights_by_hand(weights: Array, predictions: Shape, values: Shape) -> Array:
    """Return weights aligned with the positions of predictions, or with the values made of them.

    Parameters
    ----------
    weights : ndarray
    predictions, values : tuple of int
        Shapes.

    Raises
    ------
    ValueError
        If the weights go with neither.

    Examples
    --------
    >>> weights_by_hand(np.ones(5), (5, 3), (5, 3)).shape
    (5,)
    >>> weights_by_hand(np.ones((5, 3)), (5, 3), (5, 3)).shape
    (5, 3)
    """
    if not values and weights.shape == predictions:
        weights = np.full((), weights.mean())
    of_positions = aligned_shape(weights.shape, predictions[:-1]) is not None
    return aligned_weights(weights, predictions[:-1] if of_positions else values)


def total_of(factors: Array, values: Shape) -> float:
    """Return the sum of factors, each repeated for the values that it stands for."""
    return float(factors.sum()) * (prod(values) / max(1, factors.size))


def aligned_labels(y_true: Any, predictions: Shape, dtype: Any) -> Any:
    """Return labels for a loss or metric in Python, in the form in which `fit` gives them to it.

    Parameters
    ----------
    y_true : ndarray or Tensor
    predictions : tuple of int
        Shape of the predictions.
    dtype : dtype
        Of labels that are like the predictions.

    Examples
    --------
    >>> aligned_labels(np.array([1, 2]), (2, 1), "float32").tolist()
    [[1.0], [2.0]]
    """
    shape = tuple(y_true.shape)
    if (shape == predictions[:-1] and predictions[-1:] == (1,)) or shape == (*predictions, 1):
        y_true = y_true.reshape(predictions)
    elif shape == predictions[:-1] and shape and y_true.dtype.kind == "f":
        y_true = y_true.reshape((*shape, 1))
    alike = tuple(y_true.shape) == predictions or y_true.dtype.kind == "f"
    return y_true.astype(dtype) if alike and y_true.dtype != dtype else y_true


def axes_to_last(axis: int, predictions: Shape) -> tuple[int, ...] | None:
    """Return the order of axes in which an axis of the predictions is the last; None if it is that already.

    Parameters
    ----------
    axis : int
    predictions : tuple of int
        Their shape, or that of a sample with anything for the samples before it.

    Raises
    ------
    ValueError
        If there is no such axis.

    Examples
    --------
    >>> axes_to_last(1, (5, 3, 4)), axes_to_last(2, (5, 3, 4)), axes_to_last(-1, (5,))
    ((0, 2, 1), None, None)
    """
    ndim = len(predictions)
    if not -ndim <= axis < ndim and axis != -1:
        raise ValueError(f"axis: expected one of predictions of shape {predictions}, got {axis}")
    last = axis % ndim if ndim else 0
    return None if last >= ndim - 1 else (*(i for i in range(ndim) if i != last), last)
