"""Values of a graph that is read: arrays, and symbolic tensors with the axes that they have in ONNX.

A `Symbol` says which axis of ONNX each axis of its tensor is. A transpose only changes what the axes are
called, and a convolution leaves its channels last; a `Permute` layer is made where the real order matters.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .... import layers as L
from ....graph.graph import SymbolicTensor

__all__ = ["BATCH", "OPEN", "Dim", "Symbol", "Unsupported", "aligned", "ordered", "reshaped", "with_last"]


class Unsupported(ValueError):
    """A node has no counterpart; the message says why."""


class Dim:
    """A size that is not known before there is data: of the batch, or of an axis of open length."""

    def __init__(self, name: str) -> None:
        self.name = name

    def _with(self, other: Any) -> Dim:
        return self if isinstance(other, (int, np.integer)) and other == 1 else OPEN

    __mul__ = __rmul__ = __truediv__ = __floordiv__ = _with

    def _unknown(self, other: Any) -> Dim:
        return self if isinstance(other, (int, np.integer)) and other == 0 else OPEN

    __add__ = __radd__ = __sub__ = _unknown

    def __rsub__(self, other: Any) -> Dim:
        return OPEN

    def __neg__(self) -> Dim:
        return OPEN

    def __repr__(self) -> str:
        return self.name


BATCH: Dim = Dim("batch")
OPEN: Dim = Dim("open")


@dataclass(frozen=True)
class Symbol:
    """A symbolic tensor, and which axis of ONNX each of its axes is.

    Attributes
    ----------
    tensor : SymbolicTensor
    axes : tuple of int or None
        The first is the batch's: None where the graph describes one sample.
    dtype : numpy.dtype
        What ONNX has there; the tensor is of floats.
    origin : tuple
        How it was made, for functions that files have as several nodes.
    """

    tensor: SymbolicTensor
    axes: tuple[int | None, ...]
    dtype: Any
    origin: tuple[Any, ...] = ()

    @property
    def batch(self) -> int | None:
        """The axis of the batch."""
        return self.axes[0]

    @property
    def rank(self) -> int:
        """The number of axes in ONNX."""
        return len(self.axes) - (self.batch is None)

    @property
    def shape(self) -> list[Any]:
        """The sizes in ONNX's order."""
        return [self.size(axis) for axis in range(self.rank)]

    def size(self, axis: int) -> Any:
        """Return the size of an axis."""
        n = self.tensor.shape[self.position(axis)]
        return BATCH if axis == self.batch else OPEN if n is None else n

    def position(self, axis: int) -> int:
        """Return which axis of the tensor an axis of ONNX is."""
        return self.axes.index(axis)

    def axis(self, axis: int) -> int:
        """Return an axis counted from 0, or raise an `Unsupported`."""
        if not -self.rank <= axis < self.rank:
            raise Unsupported(f"axis {axis} of {self.rank} axes")
        return axis % self.rank

    def inner(self, axis: int, verb: str) -> int:
        """Return which axis of the tensor an axis is that is not the batch's."""
        axis = self.axis(axis)
        if axis == self.batch:
            raise Unsupported(f"it {verb} the axis of the batch")
        return self.position(axis)

    def made(
        self, tensor: SymbolicTensor, axes: Sequence[int | None] | None = None, dtype: Any = None
    ) -> Symbol:
        """Return what a layer made of it."""
        return Symbol(tensor, self.axes if axes is None else tuple(axes), dtype or self.dtype)

    def without(self, axes: Sequence[int]) -> tuple[int | None, ...]:
        """Return the axes with some taken out, and the others counted anew."""
        left = [axis for axis in range(self.rank) if axis not in axes]
        return tuple(None if axis is None else left.index(axis) for axis in self.axes if axis not in axes)


def reshape(tensor: SymbolicTensor, sample_shape: Sequence[int | None]) -> SymbolicTensor:
    """Return a tensor with another shape of samples; one size may be None."""
    shape = tuple(sample_shape)
    if shape == tensor.shape[1:]:
        return tensor
    if sum(n is None for n in shape) > 1:
        raise Unsupported("it reshapes several axes of open length")
    made: SymbolicTensor = L.Reshape(tuple(-1 if n is None else n for n in shape))(tensor)
    return made


def ordered(x: Symbol, axes: Sequence[int | None]) -> Symbol:
    """Return a value with the axes of its tensor in this order; the first one stays."""
    axes = tuple(axes)
    if axes == x.axes:
        return x
    places = [x.axes.index(axis) for axis in axes]
    shape = [x.tensor.shape[place] for place in places[1:]]
    moving = [place for place in places[1:] if x.tensor.shape[place] != 1]
    if moving == sorted(moving) and shape.count(None) <= 1:
        return replace(x, tensor=reshape(x.tensor, shape), axes=axes)
    return replace(x, tensor=L.Permute(tuple(places[1:]))(x.tensor), axes=axes)


def natural(x: Symbol) -> Symbol:
    """Return a value with its axes as in ONNX, behind that of the batch."""
    return ordered(x, (x.batch, *(axis for axis in range(x.rank) if axis != x.batch)))


def with_last(x: Symbol, axis: int) -> Symbol:
    """Return a value with an axis at the end."""
    x.inner(axis, "works along")
    axis = x.axis(axis)
    return ordered(x, (x.batch, *(other for other in x.axes[1:] if other != axis), axis))


def expanded(x: Symbol, axes: Sequence[int]) -> Symbol:
    """Return a value with axes of size 1 at these places of the result."""
    rank = x.rank + len(axes)
    kept = [axis for axis in range(rank) if axis not in axes]
    old = tuple(None if axis is None else kept[axis] for axis in x.axes)
    made = sorted([*old[1:], *axes], key=lambda axis: _place(axis, old))
    shape = [1 if axis in axes else x.tensor.shape[old.index(axis)] for axis in made]
    return Symbol(reshape(x.tensor, shape), (old[0], *made), x.dtype)


def _place(axis: Any, old: tuple[int | None, ...]) -> tuple[int, int]:
    """Order new axes behind the nearest lower one that there is."""
    if axis in old:
        return old.index(axis), 0
    lower = [other for other in old[1:] if other is not None and other < axis]
    return (old.index(max(lower)) if lower else 0), axis + 1


def squeezed(x: Symbol, axes: Sequence[int]) -> Symbol:
    """Return a value without axes of size 1."""
    places = [x.inner(axis, "takes out") for axis in axes]
    if any(x.tensor.shape[place] != 1 for place in places):
        raise Unsupported(f"axes: {list(axes)} of an input of shape {x.shape} are not of size 1")
    shape = [n for i, n in enumerate(x.tensor.shape) if i and i not in places]
    return Symbol(reshape(x.tensor, shape), x.without([x.axis(axis) for axis in axes]), x.dtype)


def aligned(operands: Sequence[Any]) -> tuple[Symbol, list[Any]]:
    """Bring operands to one order of axes.

    Returns
    -------
    like : Symbol
        The value with that order; the dtype is that of the first operand.
    operands : list
        Tensors, and arrays that broadcast against samples.
    """
    rank = max(x.rank if isinstance(x, Symbol) else np.ndim(x) for x in operands)
    wide = [
        expanded(x, range(rank - x.rank)) if isinstance(x, Symbol) and x.rank < rank else x for x in operands
    ]
    symbols = [x for x in wide if isinstance(x, Symbol)]
    like = max(symbols, key=lambda x: math.prod(n or 1 for n in x.tensor.shape[1:]))
    if len({x.batch for x in symbols}) > 1:
        raise Unsupported("its inputs have the batch at different axes")
    made = [ordered(x, like.axes).tensor if isinstance(x, Symbol) else _constant(x, like) for x in wide]
    dtype = operands[0].dtype
    return replace(like, dtype=dtype, origin=()), made


def _constant(x: NDArray[Any], like: Symbol) -> NDArray[Any]:
    array = x.reshape((1,) * (like.rank - x.ndim) + x.shape)
    turned: NDArray[Any] = array.transpose([axis for axis in like.axes if axis is not None])
    if like.batch is None:
        return turned
    if not len(turned) or (turned != turned[:1]).any():
        raise Unsupported(f"a constant of shape {x.shape} has other values for each sample")
    return np.asarray(turned[0])


def reshaped(x: Symbol, target: Sequence[Any], batch_size: int | None) -> Symbol:
    """Return a value in another shape of ONNX, of integers, `Dim` and one -1."""
    x = natural(x)
    shape, wanted = x.shape, list(target)
    if x.batch is None:
        rest = _filled(shape, wanted)
        return Symbol(reshape(x.tensor, rest), (None, *range(len(rest))), x.dtype)
    at = x.batch
    if len(wanted) <= at or wanted[:at] != shape[:at]:
        raise Unsupported(f"it reshapes {shape} to {wanted}, which mixes samples")
    size, rest = wanted[at], [*wanted[:at], *wanted[at + 1 :]]
    samples = [*shape[:at], *shape[at + 1 :]]
    if not (
        size is BATCH or (size == -1 and -1 not in rest) or (batch_size is not None and size == batch_size)
    ):
        raise Unsupported(f"it reshapes {shape} to {wanted}, which mixes samples")
    filled = _filled(samples, rest)
    others = [axis for axis in range(len(wanted)) if axis != at]
    return Symbol(reshape(x.tensor, filled), (at, *others), x.dtype)


def _filled(shape: list[Any], target: list[Any]) -> list[int | None]:
    """Return a shape of samples, None for what is open, for what a file says it should be."""
    if BATCH in target:
        raise Unsupported(f"it reshapes samples of shape {shape} to {target}")
    known = math.prod(n for n in shape if n is not OPEN)
    opens = sum(n is OPEN for n in shape)
    fixed = math.prod(n for n in target if n is not OPEN and n != -1)
    wanted = sum(n is OPEN for n in target)
    free = -1 in target
    fits = fixed > 0 and (
        (opens == wanted and (known % fixed == 0 if free else known == fixed))
        or (free and opens == wanted + 1 and known % fixed == 0)
    )
    if not fits:
        raise Unsupported(f"it reshapes samples of shape {shape} to {target}")
    left: int | None = known // fixed if opens == wanted else None
    return [left if n == -1 else None if n is OPEN else int(n) for n in target]
