"""Functions of tensors, arrays and numbers that return tensors, under the names that NumPy has for them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from . import derivatives
from .tensor import Tensor, apply


def _function(function: Any, name: str | None = None) -> Callable[..., Tensor]:
    """Return a function of tensors, arrays and numbers that applies one in the table of derivatives."""

    def call(*args: Any, **keywords: Any) -> Tensor:
        return apply(function, *args, **keywords)

    where_from = "numpy" if function.__module__ != derivatives.__name__ else derivatives.__name__
    call.__name__ = call.__qualname__ = name or function.__name__
    call.__doc__ = f"Apply `{where_from}.{function.__name__}` and return the result as a tensor."
    return call


abs = _function(np.absolute, "abs")
arctan = _function(np.arctan)
broadcast_to = _function(np.broadcast_to)
clip = _function(np.clip)
cos = _function(np.cos)
cosh = _function(np.cosh)
cumsum = _function(np.cumsum)
einsum = _function(np.einsum)
exp = _function(np.exp)
expand_dims = _function(np.expand_dims)
expm1 = _function(np.expm1)
flip = _function(np.flip)
log = _function(np.log)
log1p = _function(np.log1p)
log_softmax = _function(derivatives.log_softmax)
logsumexp = _function(derivatives.logsumexp)
matmul = _function(np.matmul)
max = _function(np.max, "max")
maximum = _function(np.maximum)
mean = _function(np.mean)
min = _function(np.min, "min")
minimum = _function(np.minimum)
moveaxis = _function(np.moveaxis)
pad = _function(np.pad)
power = _function(np.power)
prod = _function(np.prod)
relu = _function(derivatives.relu)
repeat = _function(np.repeat)
reshape = _function(np.reshape)
sigmoid = _function(derivatives.sigmoid)
sin = _function(np.sin)
sinh = _function(np.sinh)
softmax = _function(derivatives.softmax)
softplus = _function(derivatives.softplus)
sqrt = _function(np.sqrt)
square = _function(np.square)
squeeze = _function(np.squeeze)
std = _function(np.std)
sum = _function(np.sum)
swapaxes = _function(np.swapaxes)
tan = _function(np.tan)
tanh = _function(np.tanh)
transpose = _function(np.transpose)
tril = _function(np.tril)
triu = _function(np.triu)
var = _function(np.var)
where = _function(np.where)


def _tensor(x: Any) -> Tensor:
    return x if isinstance(x, Tensor) else Tensor(x, requires_grad=False)


def silu(x: Any) -> Tensor:
    """Return x * sigmoid(x)."""
    return apply(np.multiply, x, sigmoid(x))


def concatenate(arrays: Sequence[Any], axis: int | None = 0) -> Tensor:
    """Concatenate tensors and arrays along an axis."""
    return apply(derivatives.concatenate, *arrays, axis=axis)


def stack(arrays: Sequence[Any], axis: int = 0) -> Tensor:
    """Stack tensors and arrays of one shape along a new axis."""
    return apply(derivatives.stack, *arrays, axis=axis)


def split(x: Any, indices_or_sections: Any, axis: int = 0) -> list[Tensor]:
    """Split a tensor along an axis into equal parts, or at indices."""
    tensor = _tensor(x)
    axis %= tensor.ndim
    every = np.arange(tensor.shape[axis])
    ends = np.cumsum([len(part) for part in np.split(every, indices_or_sections)])
    return [
        tensor[(*[slice(None)] * axis, slice(start, end))]
        for start, end in zip([0, *ends[:-1].tolist()], ends.tolist(), strict=True)
    ]


def take(x: Any, indices: Any, axis: int | None = None) -> Tensor:
    """Return the elements at indices along an axis, or of the flattened tensor."""
    tensor = _tensor(x)
    if axis is None:
        return tensor.flatten()[indices]
    return tensor[(*[slice(None)] * (axis % tensor.ndim), indices)]


def tensordot(a: Any, b: Any, axes: Any = 2) -> Tensor:
    """Return the sum of products over the last and first `axes` axes, or over two lists of axes."""
    m, n = np.ndim(a), np.ndim(b)
    if isinstance(axes, int):
        axes = range(m - axes, m), range(axes)
    left, right = ([axis % k for axis in np.atleast_1d(part)] for part, k in zip(axes, (m, n), strict=True))
    rows = [i for i in range(m) if i not in left]
    columns = [i for i in range(n) if i not in right]
    shape = [np.shape(a)[i] for i in rows] + [np.shape(b)[i] for i in columns]
    inner = int(np.prod([np.shape(a)[i] for i in left]))
    product = matmul(
        reshape(transpose(a, [*rows, *left]), (-1, inner)),
        reshape(transpose(b, [*right, *columns]), (inner, -1)),
    )
    return product.reshape(shape)


def dot(a: Any, b: Any) -> Tensor:
    """Return the dot product as `numpy.dot` defines it."""
    m, n = np.ndim(a), np.ndim(b)
    if not m or not n:
        return apply(np.multiply, a, b)
    return matmul(a, b) if n <= 2 else tensordot(a, b, ([m - 1], [n - 2]))


def outer(a: Any, b: Any) -> Tensor:
    """Return the outer product, of shape (size of a, size of b)."""
    return apply(np.multiply, reshape(a, (-1, 1)), reshape(b, (1, -1)))


def _norm(x: Any, ord: Any = None, axis: Any = None, keepdims: bool = False) -> Tensor:
    if ord not in (None, 2) or (ord == 2 and axis is None and np.ndim(x) != 1):
        raise TypeError(f"norm: its derivative knows ord=None only, got {ord!r}")
    return sqrt(apply(np.sum, square(x), axis=axis, keepdims=keepdims))


# Functions of NumPy that have no row in the table of derivatives: they are composed of those that have.
COMPOSED: dict[Any, Callable[..., Any]] = {
    np.concatenate: concatenate,
    np.stack: stack,
    np.split: split,
    np.take: take,
    np.tensordot: tensordot,
    np.dot: dot,
    np.outer: outer,
    np.linalg.norm: _norm,
}
