"""Weights, and the layout of flat arrays that hold a number for each of their elements."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import partial
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .autograd import Tensor
from .conversion import as_numbers
from .kernels.core.memory import ALIGNMENT, aligned_zeros


class TrainingScope(NamedTuple):
    """What trains in the training step that Python code runs in.

    Attributes
    ----------
    variables : frozenset of Variable
    layer_trains : callable
        From a layer to whether it trains.
    """

    variables: frozenset[Variable]
    layer_trains: Callable[[Any], bool]


_training_scope: ContextVar[TrainingScope | None] = ContextVar("training_scope", default=None)


def training_scope() -> TrainingScope | None:
    """Return what trains here, None outside of the training steps of models."""
    return _training_scope.get()


@contextmanager
def within_scope(scope: TrainingScope | None) -> Iterator[None]:
    """Run the Python code of a training step, in which `compile` has fixed what trains."""
    token = _training_scope.set(scope)
    try:
        yield
    finally:
        _training_scope.reset(token)


class Variable(Tensor):
    """A weight of a layer.

    The numbers stay at one place in memory for the life of the variable: any number of models and plans may
    read them there. On the tape of `fastnn.autograd` a variable is a tensor that requires a gradient while it
    is trainable. Two variables are equal only if they are the same one.

    A layer counts the variables in its attributes among its weights.

    Parameters
    ----------
    initializer : array_like, str, callable or Initializer
        The initial value, which fixes shape and dtype, or with `shape` what makes it. A contiguous array is
        used as it is, not copied; Python's floats are converted to `config.floatx()`, its ints to int32.
    name : str, default "variable"
        As the layer calls it: "kernel", "bias".
    trainable : bool, default True
        Whether optimizers change it; whole numbers are never changed.
    regularizer : Regularizer or callable, optional
        A penalty on it, added to the loss.
    constraint : Constraint or callable, optional
        A projection applied to the value after each update.
    shape : tuple of int, optional
        For an initializer.
    dtype : str, optional
        By default that of the value, or `config.floatx()`.

    Attributes
    ----------
    value, data : ndarray
        The numbers themselves; writing into them, or setting them, changes the weight in place.
    path : str
        Its name behind those of the layers around it when it was made: "sequential/dense/kernel".
    grad : ndarray or None
        The gradient accumulated by `backward` of results computed from it.
    learns : bool
        Whether it is trainable while its layer is.
    version : ndarray of int64
        (1,): a counter that `assign` and optimizers increase, for caches of results computed from the value.

    Examples
    --------
    >>> v = Variable(np.ones((2, 3), "float32"), "kernel")
    >>> v.assign(np.zeros((2, 3)))
    >>> v.numpy().sum()
    np.float32(0.0)
    >>> Variable("ones", shape=(2,), name="scale")
    <Variable 'scale' shape=(2,) dtype=float32 trainable=True>
    """

    def __init__(
        self,
        initializer: Any,
        name: str | None = None,
        trainable: bool = True,
        regularizer: Callable[..., Any] | None = None,
        constraint: Callable[..., Any] | None = None,
        *,
        shape: tuple[int, ...] | None = None,
        dtype: str | None = None,
    ) -> None:
        value = _as_value(initializer, shape, dtype)
        if value.dtype.kind != "f":
            trainable = False
        self._value = value if value.flags.c_contiguous else np.ascontiguousarray(value)
        self.version = np.zeros(1, np.int64)
        self.grad = None
        self._node, self._place = None, 0
        self.name = self.path = name or "variable"
        self.trainable = trainable
        self.learns = trainable
        self.regularizer = regularizer
        self.constraint = constraint

    _pickle_defaults: ClassVar[dict[str, Callable[[], Any]]] = Tensor._pickle_defaults | {
        "version": partial(np.zeros, 1, np.int64)
    }

    def __getstate__(self) -> dict[str, Any]:
        return vars(self) | {"grad": self.grad}

    def __setstate__(self, state: dict[str, Any]) -> None:
        attributes = dict(state)
        self.grad = attributes.pop("grad")
        vars(self).update(attributes)
        self._value = aligned_copy(self._value)

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
    def requires_grad(self) -> bool:
        """Whether the tape gives it a gradient: while it is trainable, or as a training step decides."""
        scope = _training_scope.get()
        return self.trainable if scope is None else self in scope.variables

    @requires_grad.setter
    def requires_grad(self, value: bool) -> None:
        self.trainable = bool(value)

    @property
    def dtype(self) -> str:
        """Name of the dtype, "float32" or "float64"."""
        return str(self._value.dtype.name)

    __eq__ = object.__eq__  # type: ignore[assignment]
    __ne__ = object.__ne__  # type: ignore[assignment]
    __hash__ = object.__hash__

    def _updates_in_place(self, what: str) -> bool:
        """Return True: a weight stays the same object; see `Tensor`."""
        return super()._updates_in_place(what) or True

    def _store(self, result: Tensor) -> Any:
        """Set the numbers in place."""
        self.assign(result.data)
        return self

    def __setitem__(self, index: Any, value: Any) -> None:
        super().__setitem__(index, value)
        self.version[0] += 1

    def _convert_to(self, dtype: str) -> None:
        """Convert numbers with a fraction to another dtype, that of the layer that computes with them."""
        if self._value.dtype.kind == "f" and self.dtype != dtype:
            self._value = aligned_copy(self._value.astype(dtype))

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
        new = as_numbers(value, "value")
        if new.shape != self.shape:
            raise ValueError(f"value: expected shape {self.shape} for weight {self.name!r}, got {new.shape}")
        self.value[...] = new
        self.version[0] += 1

    def assign_add(self, value: ArrayLike) -> None:
        """Add to the value; the sum has to have the variable's shape."""
        self.assign(self.value + as_numbers(value, "value"))

    def assign_sub(self, value: ArrayLike) -> None:
        """Subtract from the value; the difference has to have the variable's shape."""
        self.assign(self.value - as_numbers(value, "value"))

    def __repr__(self) -> str:
        return f"<Variable {self.name!r} shape={self.shape} dtype={self.dtype} trainable={self.trainable}>"


def _as_value(initializer: Any, shape: int | tuple[int, ...] | None, dtype: str | None) -> NDArray[Any]:
    """Return the initial value of a variable, made by an initializer if a shape is given."""
    from . import config, initializers

    if shape is not None or isinstance(initializer, str) or callable(initializer):
        if shape is None:
            raise ValueError(
                f"shape: expected a tuple such as (3,) for the initializer {initializer!r}, got None"
            )
        shape = (shape,) if isinstance(shape, int) else tuple(shape)
        kind = dtype if dtype is not None and np.dtype(dtype).kind == "f" else config.floatx()
        value = np.asarray(initializers.get(initializer)(shape, kind))
    else:
        value = as_numbers(initializer, "initializer")
        if not hasattr(initializer, "dtype"):
            value = value.astype({"f": config.floatx(), "i": "int32"}.get(value.dtype.kind, value.dtype))
    return value if dtype is None else value.astype(dtype, copy=False)


_allowance: ContextVar[list[int] | None] = ContextVar("allowance", default=None)


@contextmanager
def values_follow(elements: int) -> Iterator[None]:
    """Make new weights start with zeros, and bound how many elements they may have in all.

    Their values are in a file that is being read: no random numbers have to be drawn for them, and the memory
    that a file can ask for is bounded by the numbers that it holds.

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
    """Return the initial value of a weight, or zeros inside `values_follow`.

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


def aligned_copy(value: NDArray[np.floating]) -> NDArray[np.floating]:
    """Return a contiguous copy of an array that starts a cache line."""
    copy: NDArray[np.floating] = aligned_zeros(value.size, value.dtype).reshape(value.shape)
    copy[...] = value
    return copy


class ParameterLayout:
    """Where the elements of each variable lie in flat arrays, such as gradients and optimizer slots.

    Parameters
    ----------
    variables : iterable of Variable
        They follow each other in this order, each at the start of a cache line.
    dtype : str
        "float32" or "float64".

    Attributes
    ----------
    variables : list of Variable
    size : int
        Elements of an array of this layout.

    Examples
    --------
    >>> w, b = Variable(np.ones((2, 3), "float32"), "kernel"), Variable(np.zeros(3, "float32"), "bias")
    >>> layout = ParameterLayout([w, b], "float32")
    >>> gradients = layout.zeros()
    >>> layout.part(gradients, w).shape, layout.offset(b), b in layout
    ((2, 3), 64, True)
    """

    def __init__(self, variables: Iterable[Variable], dtype: str) -> None:
        self.dtype = dtype
        self._start: dict[Variable, int] = {}
        self._itemsize = np.dtype(dtype).itemsize
        step = ALIGNMENT // self._itemsize
        self.size = 0
        for variable in dict.fromkeys(variables):
            self._start[variable] = self.size
            self.size += -(-variable.size // step) * step

    @property
    def variables(self) -> list[Variable]:
        """The variables in their order."""
        return list(self._start)

    def __contains__(self, variable: object) -> bool:
        return variable in self._start

    def offset(self, variable: Variable) -> int:
        """Return the bytes from the start of an array to the part of a variable."""
        return self._start[variable] * self._itemsize

    def zeros(self) -> NDArray[np.floating]:
        """Return an array of this layout."""
        return aligned_zeros(self.size, self.dtype)

    def part(self, array: NDArray[np.floating], variable: Variable) -> NDArray[np.floating]:
        """Return a view of the part of a variable, in the variable's shape."""
        start = self._start[variable]
        return array[start : start + variable.size].reshape(variable.shape)
