"""Conversion of arrays: one-hot labels, normalized vectors."""

import operator
from typing import Any

import numpy as np
import numpy.typing as npt

from ..checks import ArgumentError
from ..conversion import as_numbers

__all__ = ["normalize", "to_categorical"]

MAX_CLASSES = 2**31  # as in labels, which are int32


def to_categorical(x: npt.ArrayLike, num_classes: int | None = None) -> npt.NDArray[np.float64]:
    """Convert class numbers to one-hot vectors.

    Parameters
    ----------
    x : array_like of int
        Class numbers of any shape, from 0 to `num_classes` - 1. A last axis of length 1 is dropped.
        Floats are accepted if they are integers.
    num_classes : int, optional
        Number of classes; by default one more than the largest number in `x`.

    Returns
    -------
    ndarray of float64
        The shape of `x` and a last axis of length `num_classes`, 1 at the class number and 0 elsewhere.

    Raises
    ------
    TypeError
        If `x` does not hold real numbers, or `num_classes` is not an integer.
    ValueError
        If a number in `x` is not an integer, is negative or too large for `num_classes`; if `num_classes`
        is not positive; or if `x` is empty and `num_classes` is not given.

    Examples
    --------
    >>> from fastnn.utils import to_categorical
    >>> to_categorical([0, 2, 1])
    array([[1., 0., 0.],
           [0., 0., 1.],
           [0., 1., 0.]])
    >>> to_categorical([[1], [0]], num_classes=4).shape
    (2, 4)
    """
    labels = as_numbers(x, "x", "class numbers")
    shape = labels.shape[:-1] if labels.ndim > 1 and labels.shape[-1] == 1 else labels.shape
    labels = labels.reshape(-1)
    if labels.dtype.kind == "f":
        whole = np.isfinite(labels) & (labels == np.rint(labels))
        if not whole.all():
            raise ValueError(f"x must hold whole numbers, got {labels[np.argmin(whole)]}")
    low, high = (int(labels.min()), int(labels.max())) if labels.size else (0, -1)
    if low < 0:
        raise ValueError(f"x must hold class numbers from 0, got {low}")
    if high >= MAX_CLASSES:
        raise ValueError(f"x must hold class numbers below {MAX_CLASSES}, got {high}")
    classes = _classes(num_classes, high)
    categorical = np.zeros(labels.size * classes)
    categorical[np.arange(0, categorical.size, classes) + labels.astype(np.intp, copy=False)] = 1
    return categorical.reshape(*shape, classes)


def _classes(num_classes: int | None, largest: int) -> int:
    if num_classes is None:
        if largest < 0:
            raise ValueError("num_classes must be given where x is empty")
        return largest + 1
    try:
        classes = operator.index(num_classes)
    except TypeError:
        raise ArgumentError(f"num_classes must be an integer, got {num_classes!r}") from None
    if classes < 1:
        raise ValueError(f"num_classes must be positive, got {num_classes!r}")
    if classes > MAX_CLASSES:
        raise ValueError(f"num_classes must be at most {MAX_CLASSES}, got {num_classes!r}")
    if largest >= classes:
        raise ValueError(f"x must hold class numbers below num_classes={classes}, got {largest}")
    return classes


def normalize(x: npt.ArrayLike, axis: int = -1, order: float = 2) -> npt.NDArray[Any]:
    """Divide vectors by their norm; a zero vector stays zero.

    Parameters
    ----------
    x : array_like
        Vectors, of any shape.
    axis : int, optional
        The axis of the vectors.
    order : float, optional
        Order of the norm, at least 1: 1 for the sum of magnitudes, 2 for the Euclidean norm, infinity for the
        largest magnitude.

    Returns
    -------
    ndarray
        A new array of the shape of `x`; integers become float64.

    Raises
    ------
    ValueError
        If `order` is below 1, or `axis` not an axis of `x`.

    Examples
    --------
    >>> from fastnn.utils import normalize
    >>> normalize([[3.0, 4.0], [0.0, 0.0]])
    array([[0.6, 0.8],
           [0. , 0. ]])
    """
    if not order >= 1:
        raise ValueError(f"order must be a number from 1, got {order!r}")
    vectors = as_numbers(x, "x")
    norm: npt.NDArray[Any] = np.linalg.norm(vectors, ord=order, axis=axis, keepdims=True)
    norm[norm == 0] = 1
    normalized: npt.NDArray[Any] = vectors / norm
    return normalized
