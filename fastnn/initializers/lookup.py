"""Lookup of initializers: the values that `kernel_initializer=...` accepts."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..pickling import Picklable
from .base import real_dtype, registry
from .constant_values import Constant

__all__ = ["InitializerFunction", "deserialize", "get", "serialize"]

# An `Initializer`, or a function of the same arguments.
InitializerFunction = Callable[..., NDArray[Any]]

deserialize = registry.deserialize


@overload
def get(identifier: None) -> None: ...


@overload
def get(identifier: Any) -> InitializerFunction: ...


def get(identifier: Any) -> Any:
    """Return the initializer that an argument identifies.

    Parameters
    ----------
    identifier : str, dict, type, Initializer, callable, ndarray or None
        A name such as "he_normal"; a config that `serialize` returned; a class; an object, a function of
        ``(shape, dtype)`` or None, which are returned as they are; or an array, for a function that returns
        copies of it.

    Returns
    -------
    Initializer, callable or None
        The initializer; None for None.

    Raises
    ------
    ValueError
        If the name is unknown.
    TypeError
        If the argument is none of these.

    Examples
    --------
    >>> get("he_normal").get_config()
    {'seed': None, 'input_axes': None, 'output_axes': None}
    >>> get({"class_name": "Constant", "config": {"value": 2.0}})((2,))
    array([2., 2.], dtype=float32)
    >>> get("glorot")
    Traceback (most recent call last):
    ...
    ValueError: initializer: unknown name 'glorot'; did you mean ...?
    """
    if isinstance(identifier, np.ndarray):
        return _Given(identifier)
    return registry.get(identifier)


def serialize(initializer: Any) -> Any:
    """Return the config of an initializer, of a function by its name, or of an array as a `Constant`.

    Examples
    --------
    >>> serialize(get(np.ones(2)))
    {'class_name': 'Constant', 'config': {'value': [1.0, 1.0]}}
    """
    return registry.serialize(
        Constant(initializer.values) if isinstance(initializer, _Given) else initializer
    )


class _Given(Picklable):
    """A function that returns copies of an array."""

    def __init__(self, values: NDArray[Any]) -> None:
        self.values = values

    def __call__(self, shape: Sequence[int], dtype: DTypeLike | None = None) -> NDArray[Any]:
        if tuple(shape) != self.values.shape:
            raise ValueError(
                f"shape: expected that of the array given, {self.values.shape}, got {tuple(shape)}"
            )
        return np.array(self.values, real_dtype(dtype))
