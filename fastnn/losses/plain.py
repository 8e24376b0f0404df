"""Losses of plain arrays: NumPy's numbers, which say why they have no gradient."""

from __future__ import annotations

from typing import Any, NoReturn

import numpy as np


def _no_gradient(loss: object, *args: Any, **kwargs: Any) -> NoReturn:
    """Raise an error that says how to get a loss that can be differentiated."""
    raise RuntimeError(
        "backward: this loss was computed from plain arrays; call the model with training=True, as in "
        "loss(y, model(x, training=True)), so that it returns a tensor"
    )


class _Float32(np.float32):
    __slots__ = ()
    backward = _no_gradient


class _Float64(np.float64):
    __slots__ = ()
    backward = _no_gradient


def plain_loss(value: Any, dtype: np.dtype[Any]) -> Any:
    """Return a loss of plain arrays as a number of a dtype.

    Examples
    --------
    >>> plain_loss(0.5, np.dtype("float64"))
    np.float64(0.5)
    """
    return (_Float32 if dtype == np.float32 else _Float64)(value)
