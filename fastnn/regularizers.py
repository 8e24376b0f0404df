"""Regularizers: penalties on weights, added to the loss."""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from .checks import real_number
from .registry import Registry

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "Regularizer",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "registry",
    "serialize",
]


class Regularizer:
    """Base of all regularizers: the penalty l1 * sum(|x|) + l2 * sum(x^2).

    Models compute it, and its gradient, in C from the two factors, so a subclass chooses these and nothing
    else.

    Parameters
    ----------
    l1, l2 : float, default 0.0
        The factors, not negative.

    Raises
    ------
    ValueError
        If a factor is no such number.
    TypeError
        If a subclass defines a penalty of its own.
    """

    def __init__(self, l1: float = 0.0, l2: float = 0.0) -> None:
        self.l1 = real_number(l1, "l1", 0)
        self.l2 = real_number(l2, "l2", 0)

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        if cls.__call__ is not Regularizer.__call__:
            raise TypeError(f"{cls.__name__}: models know the penalty l1 * sum(|x|) + l2 * sum(x^2) only")

    def __call__(self, x: ArrayLike) -> float:
        """Return the penalty for an array.

        Parameters
        ----------
        x : array_like
            Of any shape.
        """
        array = np.asarray(x, np.float64)
        return self.l1 * float(np.abs(array).sum()) + self.l2 * float(np.square(array).sum())

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {"l1": self.l1, "l2": self.l2}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a regularizer of what `get_config` returned."""
        return cls(**config)


registry = Registry("regularizer", Regularizer)


@registry.add
class L1L2(Regularizer):
    """The penalty l1 * sum(|x|) + l2 * sum(x^2), the elastic net of Zou and Hastie (2005).

    Parameters
    ----------
    l1, l2 : float, default 0.0
        The factors, not negative.

    Examples
    --------
    >>> L1L2(l1=0.5, l2=0.25)([1.0, -2.0])
    2.75
    """


@registry.add
class L1(Regularizer):
    """The penalty l1 * sum(|x|), which makes weights exactly zero (Tibshirani 1996).

    Parameters
    ----------
    l1 : float, default 0.01
        The factor, not negative.

    Examples
    --------
    >>> L1(0.5)([1.0, -2.0])
    1.5
    """

    def __init__(self, l1: float = 0.01) -> None:
        super().__init__(l1=l1)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {"l1": self.l1}


@registry.add
class L2(Regularizer):
    """The penalty l2 * sum(x^2), which keeps weights small (Hoerl and Kennard 1970).

    Parameters
    ----------
    l2 : float, default 0.01
        The factor, not negative.

    Examples
    --------
    >>> L2(0.5)([1.0, -2.0])
    2.5
    """

    def __init__(self, l2: float = 0.01) -> None:
        super().__init__(l2=l2)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {"l2": self.l2}


l1 = L1
l2 = L2
l1_l2 = L1L2

get = registry.get
serialize = registry.serialize
deserialize = registry.deserialize
