"""Weights, and the one block of memory that a model keeps them in."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any
from weakref import ReferenceType, ref

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .autograd import Tensor
from .kernels.core.memory import ALIGNMENT, aligned_zeros


class Variable(Tensor):
    """A weight of a layer: a view into the parameter block of its model.

    On the tape of `fastnn.autograd` it is a tensor that requires a gradient while it is trainable. Two
    variables are equal only if they are the same one.

    Parameters
    ----------
    value : ndarray
        The initial value; its shape and dtype are the variable's for good.
    name : str
        As the layer calls it: "kernel", "bias".
    trainable : bool, default True
        Whether optimizers change it.
    regularizer : Regularizer or callable, optional
        A penalty on it, added to the loss.
    constraint : Constraint or callable, optional
        What brings it back to where it may be, after each step of an optimizer.

    Attributes
    ----------
    value, data : ndarray
        The numbers themselves; writing into them, or setting them, changes the weight where it is.
    grad : ndarray or None
        What `backward` of results computed from it has added up.
    learns : bool
        Whether it is trainable while its layer is.

    Examples
    --------
    >>> v = Variable(np.ones((2, 3), "float32"), "kernel")
    >>> v.assign(np.zeros((2, 3)))
    >>> v.numpy().sum()
    np.float32(0.0)
    """

    def __init__(
        self,
        value: NDArray[np.floating],
        name: str,
        trainable: bool = True,
        regularizer: Callable[..., Any] | None = None,
        constraint: Callable[..., Any] | None = None,
    ) -> None:
        self._value = value
        self.grad = None
        self._node, self._place = None, 0
        self.name = name
        self.trainable = trainable
        self.learns = trainable
        self.regularizer = regularizer
        self.constraint = constraint
        self._block: ReferenceType[ParameterBlock] | None = None

    @property
    def block(self) -> ParameterBlock | None:
        """The block that the value lies in, as long as a model uses it."""
        return None if self._block is None else self._block()

    @property
    def value(self) -> NDArray[np.floating]:
        """The numbers themselves."""
        return self._value

    @value.setter
    def value(self, value: ArrayLike) -> None:
        if value is not self._value:  # what `variable.data -= x` sets is
            self.assign(value)

    data = value

    @property
    def trainable(self) -> bool:
        """Whether optimizers change it, and the tape gives it a gradient."""
        return self.requires_grad

    @trainable.setter
    def trainable(self, value: bool) -> None:
        self.requires_grad = bool(value)

    @property
    def dtype(self) -> str:
        """Name of the dtype, "float32" or "float64"."""
        return str(self._value.dtype.name)

    __eq__ = object.__eq__  # type: ignore[assignment]
    __ne__ = object.__ne__  # type: ignore[assignment]
    __hash__ = object.__hash__

    def assign(self, value: ArrayLike) -> None:
        """Set the value.

        Parameters
        ----------
        value : array_like
            Of the variable's shape.

        Raises
        ------
        ValueError
            If the shape differs.
        """
        new = np.asarray(value)
        if new.shape != self.shape:
            raise ValueError(f"value: expected shape {self.shape} for weight {self.name!r}, got {new.shape}")
        self.value[...] = new
        if self.block is not None:
            self.block.version += 1

    def assign_add(self, value: ArrayLike) -> None:
        """Add to the value; the sum has to have the variable's shape."""
        self.assign(self.value + np.asarray(value))

    def assign_sub(self, value: ArrayLike) -> None:
        """Subtract from the value; the difference has to have the variable's shape."""
        self.assign(self.value - np.asarray(value))

    def __repr__(self) -> str:
        return f"<Variable {self.name!r} shape={self.shape} dtype={self.dtype} trainable={self.trainable}>"


_allowance: ContextVar[list[int] | None] = ContextVar("allowance", default=None)


@contextmanager
def values_follow(elements: int) -> Iterator[None]:
    """Make weights that start with zeros, and no more than so many elements of them.

    Their values are in a file that is being read: nothing has to be drawn for them, and what a file asks for
    is bounded by what it holds.

    Parameters
    ----------
    elements : int
        Of all weights together.
    """
    token = _allowance.set([elements])
    try:
        yield
    finally:
        _allowance.reset(token)


def initial_value(
    initializer: Callable[..., ArrayLike], shape: tuple[int, ...], dtype: str
) -> NDArray[np.floating]:
    """Return what a weight starts with: what its initializer says, unless its value will follow.

    Raises
    ------
    ValueError
        If the values that follow are fewer.
    """
    left = _allowance.get()
    if left is None:
        return np.asarray(initializer(shape, dtype))
    left[0] -= math.prod(shape)
    if left[0] < 0:
        raise ValueError(f"weights: one of shape {shape} takes more than the file holds")
    return np.zeros(shape, dtype)


class ParameterBlock:
    """Variables laid out one after the other in a single array, each at the start of a cache line.

    Gradients and optimizer slots are arrays of the same layout, so a step of the optimizer is one pass over
    flat memory. Making a block moves the variables into it; a block that lost one of them is `stale`, and
    the models that used it find the new one.

    Parameters
    ----------
    variables : sequence of Variable
    dtype : str
        "float32" or "float64".

    Attributes
    ----------
    version : ndarray of int64
        (1,): a number that grows whenever `Variable.assign` or an optimizer changes values, for what keeps
        something made of them.
    """

    def __init__(self, variables: Sequence[Variable], dtype: str) -> None:
        self.dtype = dtype
        self.stale = False
        self.version = np.zeros(1, np.int64)
        self._start: dict[Variable, int] = {}
        step = ALIGNMENT // np.dtype(dtype).itemsize
        end = 0
        for variable in variables:
            self._start[variable] = end
            end += -(-variable.size // step) * step
        self.values = aligned_zeros(end, dtype)
        for variable in variables:
            old = variable.block
            if old is not None:
                old.stale = True
            part = self.part(self.values, variable)
            part[...] = variable.value
            variable._value, variable._block = part, ref(self)

    @classmethod
    def holding(cls, variables: Sequence[Variable], dtype: str) -> ParameterBlock:
        """Return the block that already holds all of these variables, or else a new one."""
        blocks = {id(v.block): v.block for v in variables}
        block = next(iter(blocks.values())) if len(blocks) == 1 else None
        return block if block is not None and not block.stale else cls(variables, dtype)

    @property
    def variables(self) -> set[Variable]:
        """The variables that the block has been made for."""
        return set(self._start)

    def offset(self, variable: Variable) -> int:
        """Bytes from the start of the block to a variable."""
        return self._start[variable] * self.values.itemsize

    def part(self, array: NDArray[np.floating], variable: Variable) -> NDArray[np.floating]:
        """Return the view of a variable's part in an array of this layout."""
        start = self._start[variable]
        return array[start : start + variable.size].reshape(variable.shape)

    def ranges(self, variables: Iterable[Variable], merged: bool) -> Iterator[tuple[int, int]]:
        """Yield (start, size) in elements for these variables; `merged`, neighbours are one range."""
        wanted = set(variables)
        following = list(self._start.items())
        run: tuple[int, int] | None = None
        for i, (variable, start) in enumerate(following):
            if variable not in wanted:
                continue
            end = following[i + 1][1] if i + 1 < len(following) else self.values.size
            if run is not None and merged and run[1] == start:
                run = (run[0], end)
            else:
                if run is not None:
                    yield run[0], run[1] - run[0]
                run = (start, end)
        if run is not None:
            yield run[0], run[1] - run[0]
