"""Settings of the whole process: default dtype, fuzz factor, position of image channels."""

from __future__ import annotations

from typing import Any

import numpy as np

from .checks import real_number

__all__ = [
    "check_floatx",
    "epsilon",
    "floatx",
    "image_data_format",
    "set_epsilon",
    "set_floatx",
    "set_image_data_format",
]

_DTYPES = ("float32", "float64")
_DATA_FORMATS = ("channels_last", "channels_first")

_floatx = "float32"
_epsilon = 1e-7
_image_data_format = "channels_last"


def floatx() -> str:
    """Return the default dtype of layers and arrays.

    Returns
    -------
    str
        "float32" unless `set_floatx` has changed it.

    Examples
    --------
    >>> floatx()
    'float32'
    """
    return _floatx


def set_floatx(value: Any) -> None:
    """Set the default dtype of layers and arrays.

    Layers that have weights keep their dtype.

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
        The argument that the error names.

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
    """Return the fuzz factor, a small number that keeps logarithms and divisions away from zero.

    Returns
    -------
    float
        1e-7 unless `set_epsilon` has changed it.

    Examples
    --------
    >>> epsilon()
    1e-07
    """
    return _epsilon


def set_epsilon(value: float) -> None:
    """Set the fuzz factor, a small number that keeps logarithms and divisions away from zero.

    Parameters
    ----------
    value : float
        Between 0 and 1, both excluded.

    Raises
    ------
    ValueError
        If it is not such a number.

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


def image_data_format() -> str:
    """Return the default position of the channels of images.

    Returns
    -------
    str
        "channels_last" unless `set_image_data_format` has changed it.

    Examples
    --------
    >>> image_data_format()
    'channels_last'
    """
    return _image_data_format


def set_image_data_format(data_format: str) -> None:
    """Set the default position of the channels of images, for layers created from now on.

    Parameters
    ----------
    data_format : {"channels_last", "channels_first"}

    Raises
    ------
    ValueError
        If it is anything else.

    Examples
    --------
    >>> set_image_data_format("channels_first")
    >>> image_data_format()
    'channels_first'
    >>> set_image_data_format("channels_last")
    """
    global _image_data_format
    if data_format not in _DATA_FORMATS:
        raise ValueError(f"data_format: expected 'channels_last' or 'channels_first', got {data_format!r}")
    _image_data_format = data_format
