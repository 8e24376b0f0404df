"""Initializers: the numbers that weights start from.

The random ones draw from ``numpy.random.Generator(numpy.random.PCG64(seed))``, in double precision and in the
order of a C array, and round to the dtype asked for: a float32 model starts from the rounded weights of the
float64 model of the same seed. An initializer with a seed gives the same numbers at every call. One without
takes a fresh seed from `fastnn.utils.random` at each, so that one object may serve several layers, and
`fastnn.utils.set_random_seed` makes a program repeat itself.

NumPy keeps the bits of PCG64 fixed for good, but may change how normal deviates come of them, and
`Orthogonal` is as exact as the LAPACK behind NumPy: with another NumPy, equal numbers are likely only.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import DTypeLike, NDArray

from .base import Initializer, real_dtype, registry
from .constant import Constant, Identity, Ones, Zeros
from .orthogonal import Orthogonal
from .random import RandomNormal, RandomUniform, TruncatedNormal
from .variance_scaling import (
    GlorotNormal,
    GlorotUniform,
    HeNormal,
    HeUniform,
    LecunNormal,
    LecunUniform,
    VarianceScaling,
)

__all__ = [
    "Constant",
    "GlorotNormal",
    "GlorotUniform",
    "HeNormal",
    "HeUniform",
    "Identity",
    "Initializer",
    "LecunNormal",
    "LecunUniform",
    "Ones",
    "Orthogonal",
    "RandomNormal",
    "RandomUniform",
    "TruncatedNormal",
    "VarianceScaling",
    "Zeros",
    "constant",
    "deserialize",
    "get",
    "glorot_normal",
    "glorot_uniform",
    "he_normal",
    "he_uniform",
    "identity",
    "lecun_normal",
    "lecun_uniform",
    "ones",
    "orthogonal",
    "random_normal",
    "random_uniform",
    "registry",
    "serialize",
    "truncated_normal",
    "variance_scaling",
    "zeros",
]

# What a layer calls: an `Initializer`, or a function of the same arguments.
InitializerFunction = Callable[..., NDArray[Any]]


@overload
def get(identifier: None) -> None: ...


@overload
def get(identifier: Any) -> InitializerFunction: ...


def get(identifier: Any) -> Any:
    """Return the initializer that an argument stands for.

    Parameters
    ----------
    identifier : str, dict, type, Initializer, callable, ndarray or None
        A name such as "he_normal"; a config as `serialize` returns it; a class; an object or a function of
        ``(shape, dtype)``, or None, for itself; an array, for a function that returns copies of it.

    Returns
    -------
    Initializer, callable or None

    Raises
    ------
    ValueError
        If there is no initializer of that name.
    TypeError
        If it is none of these.

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
        return _given(identifier)
    if callable(identifier) and not isinstance(identifier, type):
        return identifier
    return registry.get(identifier)


def _given(values: NDArray[Any]) -> InitializerFunction:
    def initialize(shape: Sequence[int], dtype: DTypeLike | None = None) -> NDArray[Any]:
        if tuple(shape) != values.shape:
            raise ValueError(f"shape: expected that of the array given, {values.shape}, got {tuple(shape)}")
        return np.array(values, real_dtype(dtype))

    return initialize


# Keras has the classes under these names too.
constant = Constant
glorot_normal = GlorotNormal
glorot_uniform = GlorotUniform
he_normal = HeNormal
he_uniform = HeUniform
identity = Identity
lecun_normal = LecunNormal
lecun_uniform = LecunUniform
ones = Ones
orthogonal = Orthogonal
random_normal = RandomNormal
random_uniform = RandomUniform
truncated_normal = TruncatedNormal
variance_scaling = VarianceScaling
zeros = Zeros

serialize = registry.serialize
deserialize = registry.deserialize
