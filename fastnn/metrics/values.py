"""Results of metrics as numbers that stay what they are."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..data.alignment import factors_of_values, total_of


def snapshot(value: Any, name: str) -> Any:
    """Return what a metric computed as a float, or an array of its own; in lists and dicts entry by entry.

    Parameters
    ----------
    value : number, array_like, Tensor or Variable, or list or dict of them
    name : str
        Of the metric, for errors.

    Raises
    ------
    TypeError
        If it is no number.

    Examples
    --------
    >>> variable = np.array(2.0)
    >>> number = snapshot(variable, "worst")
    >>> variable += 1
    >>> number
    2.0
    """
    if isinstance(value, float):
        return float(value)
    if isinstance(value, dict):
        return {key: snapshot(part, name) for key, part in value.items()}
    if isinstance(value, (list, tuple)):
        return [snapshot(part, name) for part in value]
    array = np.array(value)
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name}: expected a number as the result of a metric, got {value!r:.80}")
    return array if array.ndim else float(array)


def sums_of(values: Any, weights: Any, mask: Any = None, dtype: str | None = None) -> tuple[float, float]:
    """Return the sum of weighted values, and that of the weights; see `fastnn.data.alignment`.

    Parameters
    ----------
    values : array_like
    weights, mask : ndarray or None
    dtype : str, optional
        Of integers, if fractions are to be cut off.

    Examples
    --------
    >>> sums_of([1.5, 2.0], None), sums_of([1.5, 2.0], np.array([2.0, 1.0]), None, "int32")
    ((3.5, 2.0), (4.0, 3.0))
    """
    numbers = np.asarray(values, float)
    if dtype is not None and np.dtype(dtype).kind in "iu":
        numbers = numbers.astype(dtype).astype(float)
        weights = None if weights is None else np.asarray(weights).astype(dtype)
    factors, _ = factors_of_values(numbers.shape, weights, mask)
    return float((numbers * factors).sum()), total_of(factors, numbers.shape)


def as_logged(value: Any) -> Any:
    """Return a result as logs have it: an array of one number is that number.

    Examples
    --------
    >>> as_logged(np.array([0.5]))
    0.5
    """
    return float(value.item()) if isinstance(value, np.ndarray) and value.size == 1 else value
