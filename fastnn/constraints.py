"""Constraints: projections that are applied to weights after each step of the optimizer.

>>> import fastnn
>>> layer = fastnn.layers.Dense(8, kernel_constraint="max_norm", bias_constraint=non_neg())
>>> layer.kernel_constraint.get_config()
{'max_value': 2.0, 'axis': 0}
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any, overload

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import config
from .attributes import PlannedAttributes
from .checks import is_overridden, real_number, whole_number
from .configurable import Configurable
from .conversion import as_numbers
from .registry import FunctionRegistry

__all__ = [
    "Constraint",
    "MaxNorm",
    "MinMaxNorm",
    "NonNeg",
    "UnitNorm",
    "deserialize",
    "get",
    "max_norm",
    "min_max_norm",
    "non_neg",
    "registry",
    "serialize",
    "unit_norm",
]


class Constraint(PlannedAttributes, Configurable):
    """Base of all constraints.

    A subclass defines `__call__`, from an array of weights to an array of the same shape, and `get_config`.
    Any such function can be used too. The constraints of this module are applied in C; others are called
    after each step, on a copy of the weight.

    Examples
    --------
    >>> @registry.add
    ... class Clipped(Constraint):
    ...     def __call__(self, w):
    ...         return np.clip(w, -1, 1)
    >>> get("clipped")(np.array([-2.0, 0.5]))
    array([-1. ,  0.5])
    """

    def _plans_depend_on(self, name: str) -> bool:
        """Return whether plans may depend on an attribute: not on those that a program's own call reads."""
        return not is_overridden(self, "__call__") and super()._plans_depend_on(name)

    def __call__(self, w: ArrayLike) -> NDArray[Any]:
        """Return the weights projected to the allowed ones.

        Parameters
        ----------
        w : array_like
            A weight; it is not changed.

        Returns
        -------
        ndarray
            A new array of the same shape.
        """
        return as_numbers(w, "w")


registry = FunctionRegistry("constraint", Constraint)


def _axes(axis: Any) -> int | list[int]:
    """Return a checked `axis` argument: one axis, or a list of axes."""
    if isinstance(axis, Sequence) and not isinstance(axis, str):
        return [whole_number(a, "axis", -8, 7) for a in axis]
    return whole_number(axis, "axis", -8, 7)


class _Norm(Constraint):
    """Base of constraints on norms s along an axis: rate * clip(s, least, most) + (1 - rate) * s."""

    def __init__(self, axis: int | Sequence[int]) -> None:
        self.axis = _axes(axis)

    def _bounds(self) -> tuple[float, float, float]:
        """Return least, most and rate."""
        raise NotImplementedError

    def __call__(self, w: ArrayLike) -> NDArray[Any]:
        """Return the scaled weights; see `Constraint`."""
        w = as_numbers(w, "w")
        least, most, rate = self._bounds()
        axis = self.axis if isinstance(self.axis, int) else tuple(self.axis)
        norms = np.sqrt(np.square(w).sum(axis=axis, keepdims=True))
        wanted = rate * np.clip(norms, least, most) + (1 - rate) * norms
        return np.asarray(w * (wanted / (config.epsilon() + norms)))


@registry.add
class MaxNorm(_Norm):
    """Scale weights whose norm exceeds `max_value` down to it (Srebro & Shraibman 2005).

    Parameters
    ----------
    max_value : float, default 2
        The largest norm, not negative.
    axis : int or list of int, default 0
        Axes along which norms are computed: 0 for the inputs of each unit of a `Dense` layer, [0, 1, 2] for
        each filter of a `Conv2D`.

    Raises
    ------
    ValueError
        If an argument is none of these.

    Examples
    --------
    >>> MaxNorm(1.0)(np.array([[3.0, 0.3], [4.0, 0.4]])).round(6)
    array([[0.6, 0.3],
           [0.8, 0.4]])
    """

    def __init__(self, max_value: float = 2, axis: int | Sequence[int] = 0) -> None:
        super().__init__(axis)
        self.max_value = real_number(max_value, "max_value", 0)

    def _bounds(self) -> tuple[float, float, float]:
        """Return least, most and rate."""
        return 0.0, self.max_value, 1.0

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {"max_value": self.max_value, "axis": self.axis}


@registry.add
class UnitNorm(_Norm):
    """Scale weights to a norm of 1.

    Parameters
    ----------
    axis : int or list of int, default 0
        See `MaxNorm`.

    Examples
    --------
    >>> UnitNorm()(np.array([[3.0], [4.0]])).round(6)
    array([[0.6],
           [0.8]])
    """

    def __init__(self, axis: int | Sequence[int] = 0) -> None:
        super().__init__(axis)

    def _bounds(self) -> tuple[float, float, float]:
        """Return least, most and rate."""
        return 1.0, 1.0, 1.0

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {"axis": self.axis}


@registry.add
class MinMaxNorm(_Norm):
    """Scale weights so that their norm lies between two bounds, or approaches them in each step.

    Parameters
    ----------
    min_value, max_value : float, default 0 and 1
        The bounds, not negative.
    rate : float, default 1.0
        The fraction of the distance to the bounds that one step covers.
    axis : int or list of int, default 0
        See `MaxNorm`.

    Raises
    ------
    ValueError
        If an argument is none of these.

    Examples
    --------
    >>> MinMaxNorm(2.0, 4.0, rate=0.5)(np.array([[3.0], [4.0]])).round(6)
    array([[2.7],
           [3.6]])
    """

    def __init__(
        self,
        min_value: float = 0.0,
        max_value: float = 1.0,
        rate: float = 1.0,
        axis: int | Sequence[int] = 0,
    ) -> None:
        super().__init__(axis)
        self.min_value = real_number(min_value, "min_value", 0)
        self.max_value = real_number(max_value, "max_value", self.min_value)
        self.rate = real_number(rate, "rate", 0)

    def _bounds(self) -> tuple[float, float, float]:
        """Return least, most and rate."""
        return self.min_value, self.max_value, self.rate

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {
            "min_value": self.min_value,
            "max_value": self.max_value,
            "rate": self.rate,
            "axis": self.axis,
        }


@registry.add
class NonNeg(Constraint):
    """Set negative weights to 0.

    Examples
    --------
    >>> NonNeg()(np.array([-1.0, 0.5]))
    array([0. , 0.5])
    """

    def __call__(self, w: ArrayLike) -> NDArray[Any]:
        """Return the weights with negative ones set to 0; see `Constraint`."""
        return np.asarray(np.maximum(as_numbers(w, "w"), 0))


def compiled(constraint: Any, shape: tuple[int, ...]) -> tuple[float, ...] | None:
    """Return the parameters by which a C kernel applies a constraint to a weight, if one can.

    Parameters
    ----------
    constraint : callable
    shape : tuple of int

    Returns
    -------
    tuple or None
        outer, n, inner, least, most, rate, epsilon: norms are computed along the middle axis of (outer, n,
        inner); n is 0 for `NonNeg`. None if the constraint has to be called from Python.

    Examples
    --------
    >>> compiled(MaxNorm(3.0, axis=[0, 1, 2]), (3, 3, 16, 32))
    (1, 144, 32, 0.0, 3.0, 1.0, 1e-07)
    >>> compiled(np.tanh, (3, 3))
    """
    if getattr(type(constraint), "__call__", None) is NonNeg.__call__:  # noqa: B004
        return 1, 0, math.prod(shape), 0.0, 0.0, 0.0, 0.0
    if not isinstance(constraint, _Norm) or type(constraint).__call__ is not _Norm.__call__ or 0 in shape:
        return None
    given = [constraint.axis] if isinstance(constraint.axis, int) else constraint.axis
    if any(not -len(shape) <= a < len(shape) for a in given):
        raise ValueError(f"axis: expected axes of a weight of shape {shape}, got {constraint.axis}")
    axes = sorted({a % len(shape) for a in given})
    if not axes or axes != list(range(axes[0], axes[-1] + 1)):
        return None
    first, end = axes[0], axes[-1] + 1
    sizes = math.prod(shape[:first]), math.prod(shape[first:end]), math.prod(shape[end:])
    return (*sizes, *constraint._bounds(), config.epsilon())


@overload
def get(identifier: None) -> None: ...


@overload
def get(identifier: Any) -> Callable[..., Any]: ...


def get(identifier: Any) -> Any:
    """Return the constraint that an argument identifies.

    Parameters
    ----------
    identifier : str, dict, type, Constraint, callable or None
        A name such as "max_norm"; a config that `serialize` returned; a class; an object, a function from
        weights to weights or None, which are returned as they are.

    Returns
    -------
    Constraint, callable or None
        The constraint; None for None.

    Raises
    ------
    ValueError
        If the name is unknown.
    TypeError
        If the argument is none of these.

    Examples
    --------
    >>> get("unit_norm").axis
    0
    >>> get("max_nrom")
    Traceback (most recent call last):
    ...
    ValueError: constraint: unknown name 'max_nrom'; did you mean 'max_norm' ...?
    """
    return registry.get(identifier)


# Other names of the classes in Keras.
max_norm = MaxNorm
min_max_norm = MinMaxNorm
non_neg = NonNeg
unit_norm = UnitNorm

serialize = registry.serialize
deserialize = registry.deserialize
