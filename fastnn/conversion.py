"""Array-likes as arrays of real numbers: one rule, and the same errors, for all arguments of this package."""

from __future__ import annotations

from numbers import Integral
from reprlib import Repr
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .checks import ArgumentError

__all__ = ["as_numbers", "shape_of"]

_short = Repr()  # of lists of any size and depth
_short.maxlevel, _short.maxstring, _short.maxother = 4, 80, 80


def as_numbers(x: Any, name: str, expected: str = "numbers") -> NDArray[Any]:
    """Return an array-like as an array of real numbers, which is `x` itself if it is one.

    Parameters
    ----------
    x : array_like
        Integers, booleans or floats; objects become int64 or float64.
    name : str
        What errors call it.
    expected : str, default "numbers"
        What errors say that it has to be.

    Raises
    ------
    ArgumentError
        If it holds something else, such as None or words.
    ValueError
        If its rows have unequal lengths, or it has masked entries.

    Examples
    --------
    >>> as_numbers([1, 2.5], "x")
    array([1. , 2.5])
    >>> as_numbers([[1], [None]], "x")
    Traceback (most recent call last):
    ...
    fastnn.checks.ArgumentError: x: expected numbers, got an array of objects (None at [1, 0])
    """
    array = x if type(x) is np.ndarray else _as_array(x, name)
    if array.dtype.kind == "O":
        return _numbers_of_objects(array, x, name, expected)
    if array.dtype.kind not in "fiub":
        such = f" ({str(array.flat[0])!r:.80})" if array.size and array.dtype.kind in "US" else ""
        raise ArgumentError(f"{name}: expected {expected}, got dtype {array.dtype}{such}")
    return array


def shape_of(x: Any, name: str) -> tuple[int, ...]:
    """Return the shape of an array-like; raise a `ValueError` if its rows have unequal lengths."""
    shape = getattr(x, "shape", None)
    return shape if isinstance(shape, tuple) else _as_array(x, name).shape


def _as_array(x: Any, name: str) -> NDArray[Any]:
    if x is None or isinstance(x, (str, bytes, dict, set)):
        raise ArgumentError(f"{name}: expected an array, got {x!r:.80}")
    try:
        array = np.asarray(np.from_dlpack(x) if _speaks_dlpack_only(x) else x)
    except (ValueError, RecursionError):
        raise ValueError(f"{name}: expected rows of equal length, got {_short.repr(x)}") from None
    if isinstance(x, np.ma.MaskedArray) and np.ma.is_masked(x):
        raise ValueError(f"{name}: expected an array without masked entries; fill them first")
    return array


def _speaks_dlpack_only(x: Any) -> bool:
    return hasattr(x, "__dlpack__") and not hasattr(x, "__array__")


def _numbers_of_objects(array: NDArray[Any], x: Any, name: str, expected: str) -> NDArray[Any]:
    """Return the numbers that an array of objects holds."""
    kinds = set(map(type, array.flat))
    whole = bool(kinds) and all(issubclass(kind, Integral) for kind in kinds)
    if all(map(_is_number, kinds)):
        try:
            return array.astype(np.int64 if whole else np.float64)
        except (OverflowError, TypeError, ValueError):  # of one of them, which is found below
            pass
    convert = np.int64 if whole else float
    for index, value in np.ndenumerate(array):
        where = f" at {list(index)}" if index else ""
        try:
            if not _is_number(type(value)):
                raise TypeError
            convert(value)
        except (TypeError, ValueError):
            found = f"{_short.repr(value)}{where}"
            break
        except OverflowError:
            bits = value.bit_length()
            found = f"{value if bits < 250 else f'an integer of {bits} bits'}{where} is too large"
            break
    raise ArgumentError(f"{name}: expected {expected}, got {_described(x)} ({found})")


def _is_number(kind: type) -> bool:
    """Return whether objects of a class can be converted to numbers; words can, but are none."""
    if issubclass(kind, np.generic):
        return np.dtype(kind).kind in "fiub"
    return hasattr(kind, "__float__") and not hasattr(kind, "__len__")


def _described(x: Any) -> str:
    """Return what errors call objects that are no numbers: a sparse matrix, or the columns of a table."""
    if hasattr(x, "toarray"):
        return f"a sparse matrix of shape {x.shape}; x.toarray() makes an array of it"
    columns, dtypes = getattr(x, "columns", None), getattr(x, "dtypes", None)
    if hasattr(x, "column_names") and hasattr(x, "schema"):  # a table of Arrow
        columns, dtypes = x.column_names, [field.type.to_pandas_dtype() for field in x.schema]
    if columns is None and isinstance(getattr(x, "name", None), str):
        return f"the column {x.name!r} of objects"
    if columns is None or dtypes is None:
        return "an array of objects"
    wrong = [str(column) for column, dtype in zip(columns, dtypes, strict=True) if not _holds_numbers(dtype)]
    if wrong:
        return f"a table whose columns {', '.join(map(repr, wrong)):.200} hold something else"
    values = np.asarray(x, object).reshape(-1, len(columns)).T
    lacking = [
        str(column)
        for column, column_values in zip(columns, values, strict=True)
        if not all(map(_is_number, set(map(type, column_values))))
    ]
    return f"a table whose columns {', '.join(map(repr, lacking)):.200} lack values"


def _holds_numbers(dtype: Any) -> bool:
    return (
        np.dtype(dtype).kind in "fiub" if isinstance(dtype, type) else getattr(dtype, "kind", "O") in "fiub"
    )
