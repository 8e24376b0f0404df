"""What holds for the whole program: the default dtype and the fuzz factor."""

from __future__ import annotations

from typing import Any

import numpy as np

from .checks import real_number

__all__ = ["check_floatx", "epsilon", "floatx", "set_epsilon", "set_floatx"]

_DTYPES = ("float32", "float64")

_floatx = "float32"
_epsilon = 1e-7


def floatx() -> str:
    """Return the dtype of layers and arrays that were given none.

    Returns
    -------
    str
        "float32", or what `set_floatx` said.

    Examples
    --------
    >>> floatx()
    'float32'
    """
    return _floatx


def set_floatx(value: Any) -> None:
    """Set the dtype of layers and arrays that are given none.

    Layers that have weights keep the dtype that they have.

    Parameters
    ----------
    value : {"float32", "float64"} or the NumPy dtype

    Raises
    ------
    ValueError
        If it is another dtype.

    Examples
    --------
    >>> set_floatx("float64")
    >>> floatx()
    'float64'
    >>> set_floatx("float32")
    """
    global _floatx
    _floatx = check_floatx(value, "value")


def check_floatx(value: Any, name: str = "dtype") -> str:
    """Return the name of a dtype that models can compute in.

    Parameters
    ----------
    value : {"float32", "float64"} or the NumPy dtype
    name : str, default "dtype"
        What the error calls it.

    Returns
    -------
    str
        "float32" or "float64".

    Raises
    ------
    ValueError
        If it is another dtype.

    Examples
    --------
    >>> check_floatx(np.float64)
    'float64'
    """
    found = np.dtype(value).name if isinstance(value, (type, np.dtype)) else value
    if not isinstance(found, str) or found not in _DTYPES:
        raise ValueError(f"{name}: expected 'float32' or 'float64', got {value!r}")
    return found


def epsilon() -> float:
    """Return the small number that keeps logarithms and divisions away from zero.

    Returns
    -------
    float
        1e-7, or what `set_epsilon` said.

    Examples
    --------
    >>> epsilon()
    1e-07
    """
    return _epsilon


def set_epsilon(value: float) -> None:
    """Set the small number that keeps logarithms and divisions away from zero.

    Parameters
    ----------
    value : float
        Between 0 and 1, both excluded.

    Raises
    ------
    ValueError
        If it is no such number.

    Examples
    --------
    >>> set_epsilon(1e-5)
    >>> epsilon()
    1e-05
    >>> set_epsilon(1e-7)
    """
    global _epsilon
    number = real_number(value, "value")
    if not 0 < number < 1:
        raise ValueError(f"value: expected a number between 0 and 1, got {value!r}")
    _epsilon = number
