"""The input gate: whatever a caller has becomes a contiguous array of the model's dtype, or a clear error.

An array that already is one passes through without a copy; the caller's array is never written to.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def as_real(x: Any, dtype: str, name: str) -> NDArray[np.floating]:
    """Return `x` as a contiguous array of `dtype`.

    Parameters
    ----------
    x : array_like
        Real numbers, integers or booleans, in any memory layout or byte order.
    dtype : str
        "float32" or "float64".
    name : str
        What the error calls it.

    Raises
    ------
    TypeError
        If `x` does not hold real numbers.

    Examples
    --------
    >>> as_real([[1, 2], [3, 4]], "float32", "x").dtype
    dtype('float32')
    """
    array = x if type(x) is np.ndarray else _plain(x, name)
    if array.dtype.kind == "O":
        try:
            array = array.astype(dtype)
        except (TypeError, ValueError) as error:
            raise TypeError(f"{name}: expected numbers, got an array of objects ({error})") from None
    if array.dtype.kind not in "fiub":
        raise TypeError(f"{name}: expected real numbers, got dtype {array.dtype}")
    array = np.ascontiguousarray(array, dtype)
    return array if array.flags.aligned else array.copy()


def _plain(x: Any, name: str) -> NDArray[Any]:
    if x is None or isinstance(x, (str, bytes, dict, set)):
        raise TypeError(f"{name}: expected an array, got {x!r:.80}")
    try:
        array = np.asarray(np.from_dlpack(x) if _speaks_dlpack_only(x) else x)
    except ValueError as error:
        raise ValueError(f"{name}: expected rows of equal length ({error})") from None
    if isinstance(x, np.ma.MaskedArray) and np.ma.is_masked(x):
        raise ValueError(f"{name}: expected an array without masked entries; fill them first")
    return array


def _speaks_dlpack_only(x: Any) -> bool:
    return hasattr(x, "__dlpack__") and not hasattr(x, "__array__")


def is_several(x: Any) -> bool:
    """Whether x is a list of arrays, rather than one that is written as a list of numbers."""
    return isinstance(x, (list, tuple)) and bool(x) and all(getattr(part, "shape", ()) for part in x)


def as_rows(
    x: Any,
    shape: tuple[int | None, ...],
    dtype: str,
    name: str = "x",
    accepted: tuple[int | None, ...] | None = None,
) -> NDArray[np.floating]:
    """Return `x` as rows of `shape`.

    Parameters
    ----------
    x : array_like
        (rows, *shape). A last dimension of 1 may be missing, or one too many, as Keras allows.
    shape : tuple of int
        Shape of a row; None for a dimension that may vary.
    dtype : str
        "float32" or "float64".
    name : str, default "x"
        What the error calls it.
    accepted : tuple of int, optional
        The dimensions that are checked, if not those of `shape`.

    Raises
    ------
    ValueError
        If rank or widths differ.
    """
    array = as_real(x, dtype, name)
    if array.ndim == len(shape) and shape and shape[-1] == 1:
        array = array[..., None]
    elif array.ndim == len(shape) + 2 and array.shape[-1] == 1:
        array = array[..., 0]
    required = shape if accepted is None else accepted
    if array.ndim != len(shape) + 1 or any(
        n not in (None, m) for n, m in zip(required, array.shape[1:], strict=True)
    ):
        expected = ", ".join(["rows", *map(str, shape)])
        raise ValueError(f"{name}: expected shape ({expected}), got {np.shape(x)}")
    return array


def as_classes(y: Any, shape: tuple[int, ...], name: str = "y") -> NDArray[np.int32]:
    """Return class numbers as int32.

    Parameters
    ----------
    y : array_like
        (rows, *shape) or (rows, *shape, 1) integers, or reals without a fraction.
    shape : tuple of int
        Shape of a row.
    name : str, default "y"
        What the error calls it.

    Raises
    ------
    ValueError
        If the shape differs or a value is no class number.
    """
    array = y if type(y) is np.ndarray else _plain(y, name)
    if array.dtype.kind not in "fiubO":
        raise TypeError(f"{name}: expected class numbers, got dtype {array.dtype}")
    if array.ndim == len(shape) + 2 and array.shape[-1] == 1:
        array = array[..., 0]
    if array.ndim != len(shape) + 1 or array.shape[1:] != shape:
        expected = ", ".join(["rows", *map(str, shape)])
        raise ValueError(f"{name}: expected class numbers of shape ({expected}), got {np.shape(y)}")
    with np.errstate(invalid="ignore"):
        classes = array.astype(np.int32)
    if array.dtype.kind in "fO" or array.dtype.itemsize > 4 or array.dtype == np.uint32:
        wrong = classes != array
        if wrong.any():
            value = array[np.unravel_index(np.argmax(wrong), array.shape)]
            raise ValueError(f"{name}: expected class numbers, got {value!r}")
    return np.ascontiguousarray(classes)
