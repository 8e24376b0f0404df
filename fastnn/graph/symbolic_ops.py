"""Operators of symbolic tensors: each records a call of a layer.

>>> import fastnn, numpy as np
>>> x = fastnn.Input((3,))
>>> model = fastnn.Model(x, (2 * x - 1) ** 2 / abs(x)[:, :1])
>>> model(np.array([[1.0, 2.0, 3.0]])).tolist()
[[1.0, 9.0, 25.0]]
"""

from __future__ import annotations

from typing import Any

import numpy as np


def _arithmetic(name: str, x: Any, other: Any, reverse: bool = False) -> Any:
    from ..layers.arithmetic import Arithmetic

    if isinstance(other, Operators):
        return Arithmetic(name)([x, other])
    return Arithmetic(name, other, reverse)(x) if _is_constant(other) else NotImplemented


def _comparison(name: str, x: Any, other: Any, reverse: bool = False) -> Any:
    from ..layers.arithmetic import Comparison

    if isinstance(other, Operators):
        return Comparison(name)([x, other])
    return Comparison(name, other, reverse)(x) if _is_constant(other) else NotImplemented


def _product(x: Any, other: Any, reverse: bool = False) -> Any:
    from ..layers.matmul import MatMul

    if isinstance(other, Operators):
        return MatMul()([x, other])
    return MatMul(other, reverse)(x) if _is_constant(other) else NotImplemented


def _is_constant(other: Any) -> bool:
    """Return whether an operand is a number, an array, or a list of numbers."""
    try:
        return np.asarray(other).dtype.kind in "fiub"
    except (TypeError, ValueError):
        return False


class Operators:
    """Base of symbolic tensors: operators, ``abs`` and indexing, with tensors, numbers and arrays.

    The operators are ``+ - * / // % ** @``, ``< <= > >=`` and ``& | ^ ~``; ``==`` tells tensors apart.

    Notes
    -----
    Shapes follow NumPy, the batch being the first dimension, so tensors have to have as many dimensions as
    each other; an array may have one less, or 1 for the batch. Indexing takes all of the batch: ``x[:, 0]``.
    """

    __array_ufunc__ = None  # an array on the left leaves the operation to the tensor

    def __add__(self, other: Any) -> Any:
        return _arithmetic("add", self, other)

    def __radd__(self, other: Any) -> Any:
        return _arithmetic("add", self, other, True)

    def __sub__(self, other: Any) -> Any:
        return _arithmetic("subtract", self, other)

    def __rsub__(self, other: Any) -> Any:
        return _arithmetic("subtract", self, other, True)

    def __mul__(self, other: Any) -> Any:
        return _arithmetic("multiply", self, other)

    def __rmul__(self, other: Any) -> Any:
        return _arithmetic("multiply", self, other, True)

    def __truediv__(self, other: Any) -> Any:
        return _arithmetic("divide", self, other)

    def __rtruediv__(self, other: Any) -> Any:
        return _arithmetic("divide", self, other, True)

    def __pow__(self, other: Any) -> Any:
        return _arithmetic("power", self, other)

    def __rpow__(self, other: Any) -> Any:
        return _arithmetic("power", self, other, True)

    def __mod__(self, other: Any) -> Any:
        return _comparison("remainder", self, other)

    def __rmod__(self, other: Any) -> Any:
        return _comparison("remainder", self, other, True)

    def __floordiv__(self, other: Any) -> Any:
        return _comparison("floor_divide", self, other)

    def __rfloordiv__(self, other: Any) -> Any:
        return _comparison("floor_divide", self, other, True)

    def __gt__(self, other: Any) -> Any:
        return _comparison("greater", self, other)

    def __ge__(self, other: Any) -> Any:
        return _comparison("greater_equal", self, other)

    def __lt__(self, other: Any) -> Any:
        return _comparison("less", self, other)

    def __le__(self, other: Any) -> Any:
        return _comparison("less_equal", self, other)

    def __and__(self, other: Any) -> Any:
        return _comparison("logical_and", self, other)

    def __rand__(self, other: Any) -> Any:
        return _comparison("logical_and", self, other, True)

    def __or__(self, other: Any) -> Any:
        return _comparison("logical_or", self, other)

    def __ror__(self, other: Any) -> Any:
        return _comparison("logical_or", self, other, True)

    def __xor__(self, other: Any) -> Any:
        return _comparison("logical_xor", self, other)

    def __rxor__(self, other: Any) -> Any:
        return _comparison("logical_xor", self, other, True)

    def __invert__(self) -> Any:
        return _comparison("logical_xor", self, True)

    def __matmul__(self, other: Any) -> Any:
        return _product(self, other)

    def __rmatmul__(self, other: Any) -> Any:
        return _product(self, other, True)

    def __neg__(self) -> Any:
        return _arithmetic("multiply", self, -1.0)

    def __pos__(self) -> Any:
        return self

    def __abs__(self) -> Any:
        from ..layers.arithmetic import Absolute

        return Absolute()(self)

    def __getitem__(self, key: Any) -> Any:
        from ..layers.get_item import GetItem

        return GetItem(key)(self)
