"""Checks of numeric arguments, which return Python numbers, so that configs are plain JSON."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

__all__ = ["ArgumentError", "is_overridden", "positive_number", "real_number", "refuse", "whole_number"]


class ArgumentError(TypeError, ValueError):
    """An argument of a type, or by a name, that is not accepted.

    A `TypeError` as in Python, and a `ValueError`, which Keras raises for most of them.
    """


def is_overridden(obj: object, *names: str) -> bool:
    """Return whether an object or class gets one of these methods from a class outside of this package.

    Examples
    --------
    >>> import fastnn
    >>> is_overridden(fastnn.layers.Dense(1), "call")
    False
    """
    cls = obj if isinstance(obj, type) else type(obj)
    # What `exec` defines may have no module.
    return not all(str(getattr(cls, name).__module__).startswith("fastnn.") for name in names)


def real_number(value: Any, name: str, least: float = -math.inf, below: float = math.inf) -> float:
    """Return a finite number as a float.

    Parameters
    ----------
    value : float, int or NumPy scalar
    name : str
        The argument that the error names.
    least : float, optional
        The smallest value allowed.
    below : float, optional
        Upper bound, excluded.

    Raises
    ------
    ValueError
        If it is anything else, NaN and infinities included; an `ArgumentError` if it is no number.

    Examples
    --------
    >>> real_number(3, "stddev")
    3.0
    >>> real_number(-1, "stddev", 0)
    Traceback (most recent call last):
    ...
    ValueError: stddev: expected a finite number of at least 0, got -1
    """
    good = isinstance(value, Real) and not isinstance(value, bool)
    if not good or not math.isfinite(value) or not least <= value < below:
        bound = "" if least == -math.inf else f" of at least {least}"
        bound += "" if below == math.inf else f" and below {below}"
        kind = ValueError if good else ArgumentError
        raise kind(f"{name}: expected a finite number{bound}, got {value!r}")
    return float(value)


def positive_number(value: Any, name: str) -> float:
    """Return a finite number above 0 as a float.

    Parameters
    ----------
    value : float, int or NumPy scalar
    name : str
        The argument that the error names.

    Raises
    ------
    ValueError
        If it is anything else.

    Examples
    --------
    >>> positive_number(0, "clipnorm")
    Traceback (most recent call last):
    ...
    ValueError: clipnorm: expected a positive number, got 0
    """
    number = real_number(value, name, 0)
    if number == 0:
        raise ValueError(f"{name}: expected a positive number, got 0")
    return number


def whole_number(value: Any, name: str, least: int = 0, most: int | None = None) -> int:
    """Return an integer as an int.

    Parameters
    ----------
    value : int or NumPy integer
    name : str
        The argument that the error names.
    least : int, default 0
        The smallest value allowed.
    most : int, optional
        The largest value allowed.

    Raises
    ------
    ValueError
        If it is anything else.

    Examples
    --------
    >>> whole_number(3, "patience")
    3
    >>> whole_number(2.5, "patience")
    Traceback (most recent call last):
    ...
    fastnn.checks.ArgumentError: patience: expected an integer of at least 0, got 2.5
    """
    good = isinstance(value, Integral) and not isinstance(value, bool)
    if not good or value < least or (most is not None and value > most):
        bound = f"of at least {least}" if most is None else f"from {least} to {most}"
        kind = ValueError if good else ArgumentError
        raise kind(f"{name}: expected an integer {bound}, got {value!r}")
    return int(value)


def refuse(**arguments: Any) -> None:
    """Check that arguments that are kept for Keras compatibility, but not supported, are not set.

    Parameters
    ----------
    **arguments
        The arguments by name.

    Raises
    ------
    ValueError
        If one of them is anything but None or False.

    Examples
    --------
    >>> refuse(input_tensor=None, sparse=False)
    >>> refuse(rms_scaling=True)
    Traceback (most recent call last):
    ...
    ValueError: rms_scaling: expected None, got True; fastnn does without
    """
    for name, value in arguments.items():
        if value is not None and value is not False:
            raise ValueError(f"{name}: expected None, got {value!r:.80}; fastnn does without")
