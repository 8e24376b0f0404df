"""`split_dataset`: split data into two parts."""

from __future__ import annotations

from collections.abc import Mapping
from numbers import Integral
from typing import Any

import numpy as np

from ..checks import real_number, whole_number
from ..data.dataset import is_dataset
from .random import seed_of

__all__ = ["split_dataset"]


def split_dataset(
    dataset: Any,
    left_size: float | None = None,
    right_size: float | None = None,
    shuffle: bool = False,
    seed: int | None = None,
    preferred_backend: str | None = None,
) -> tuple[Any, Any]:
    """Split data into a left and a right part, such as training and test data.

    Parameters
    ----------
    dataset : array_like, tuple, list or dict of arrays, or iterable
        Arrays of equal length; or a data set, which is iterated over once, and whose elements are split. The
        elements of a list of arrays are tuples with one of each, such as pairs of a sample and its label.
    left_size, right_size : float or int, optional
        Number of elements of each part, or their fraction if it is a float from 0 to 1; by default the rest.
    shuffle : bool, default False
        Whether to shuffle the elements before the split.
    seed : int, optional
        Seed of that order.
    preferred_backend
        Ignored; kept for Keras compatibility.

    Returns
    -------
    tuple
        Two parts of the same structure: arrays, or tuples or dicts of them; lists of elements for a data set
        or a list of arrays.

    Raises
    ------
    ValueError
        If arrays differ in length, or sizes are not as expected.

    Examples
    --------
    >>> x, y = np.arange(10.0)[:, None], np.arange(10)
    >>> (x_train, y_train), (x_test, y_test) = split_dataset((x, y), right_size=0.2)
    >>> len(x_train), y_test
    (8, array([8, 9]))
    >>> pairs, _ = split_dataset([x, y], left_size=2)
    >>> pairs
    [(array([0.]), np.int64(0)), (array([1.]), np.int64(1))]
    """
    elements = _elements(dataset)
    if elements is None:
        arrays = _mapped(np.asarray, dataset)
        lengths = {len(array) for array in _leaves(arrays)}
        if len(lengths) != 1:
            raise ValueError(f"dataset: expected arrays of one length, got lengths {sorted(lengths)}")
        (total,) = lengths
    else:
        total = len(elements)
    left, right = _sizes(left_size, right_size, total)
    order = np.arange(total)
    if shuffle:
        order = np.random.default_rng(seed_of(seed)).permutation(total)
    one, other = order[:left], order[total - right :]
    if elements is not None:
        return [elements[i] for i in one], [elements[i] for i in other]
    return _mapped(lambda array: array[one], arrays), _mapped(lambda array: array[other], arrays)


def _elements(dataset: Any) -> list[Any] | None:
    """Return the elements of a data set, of a list of arrays, or of a list of tuples; None for arrays."""
    if is_dataset(dataset):
        return list(dataset)
    if isinstance(dataset, list) and dataset:
        if all(isinstance(part, np.ndarray) for part in dataset):
            lengths = {len(array) for array in dataset}
            if len(lengths) != 1:
                raise ValueError(f"dataset: expected arrays of one length, got lengths {sorted(lengths)}")
            return list(zip(*dataset, strict=True))
        if all(isinstance(part, tuple) for part in dataset):
            return dataset
    return None


def _mapped(function: Any, data: Any) -> Any:
    if isinstance(data, Mapping):
        return {name: _mapped(function, array) for name, array in data.items()}
    if isinstance(data, tuple) or (isinstance(data, list) and any(np.ndim(array) for array in data)):
        return tuple(_mapped(function, array) for array in data)
    return function(data)


def _leaves(data: Any) -> list[Any]:
    if isinstance(data, (Mapping, tuple)):
        return [
            leaf for item in (data.values() if isinstance(data, Mapping) else data) for leaf in _leaves(item)
        ]
    return [data]


def _sizes(left: Any, right: Any, total: int) -> tuple[int, int]:
    if left is None and right is None:
        raise ValueError("left_size, right_size: expected at least one of them, got None")
    one, other = _size(left, "left_size", total), _size(right, "right_size", total)
    one = total - (other or 0) if one is None else one
    other = total - one if other is None else other
    if one < 1 or other < 1 or one + other > total:
        raise ValueError(
            f"left_size, right_size: expected parts that share {total} elements, none of them empty, "
            f"got {left!r} and {right!r}"
        )
    return one, other


def _size(size: Any, name: str, total: int) -> int | None:
    if size is None:
        return None
    if isinstance(size, Integral):
        return whole_number(size, name, 1)
    share = real_number(size, name, 0)
    if share > 1:
        raise ValueError(f"{name}: expected a share from 0 to 1 or a number of elements, got {size!r}")
    return round(share * total)
