"""`Initializer`, the base of initializers, and the table of their names."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..config import check_floatx, floatx
from ..configurable import Configurable
from ..registry import FunctionRegistry


class Initializer(Configurable):
    """Base of all initializers.

    A subclass defines `__call__`, and stores the arguments of its constructor as attributes of the same names
    or defines `get_config` too. ``fastnn.initializers.registry.add`` lets it be saved and looked up by name.

    Examples
    --------
    >>> import math
    >>> @registry.add
    ... class Ramp(Initializer):
    ...     def __init__(self, slope=1.0):
    ...         self.slope = slope
    ...     def __call__(self, shape, dtype=None):
    ...         return self.slope * np.arange(math.prod(shape), dtype=dtype).reshape(shape)
    >>> registry.get("ramp")((2, 2), "float32")
    array([[0., 1.],
           [2., 3.]], dtype=float32)
    >>> registry.serialize(Ramp(0.5))
    {'class_name': 'Ramp', 'config': {'slope': 0.5}}
    """

    def __call__(self, shape: Sequence[int], dtype: DTypeLike | None = None) -> NDArray[np.floating]:
        """Return a new array of initial values.

        Parameters
        ----------
        shape : sequence of int
            The shape of the weight. Of a kernel, the last axis is that of the outputs, the one before it that
            of the inputs.
        dtype : {"float32", "float64"}, optional
            By default `fastnn.config.floatx()`.

        Returns
        -------
        ndarray
            An array of that shape and dtype.
        """
        raise NotImplementedError(f"{type(self).__name__} defines no __call__(shape, dtype)")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments of the constructor."""
        names = inspect.signature(type(self)).parameters
        return {name: getattr(self, name) for name in names if hasattr(self, name)}


registry = FunctionRegistry("initializer", Initializer, "fastnn.initializers")


def real_dtype(dtype: DTypeLike | None) -> str:
    """Return the name of a dtype, by default `fastnn.config.floatx()`."""
    return floatx() if dtype is None else check_floatx(dtype)
