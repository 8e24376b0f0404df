"""Functions of constants, which are computed when a file is read."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ....layers.tensor_function import CASTS
from .dtypes import casting
from .node import Node, numbers
from .values import Dim, Symbol, Unsupported

__all__ = ["CONSTANTS", "SOURCES"]

_ELEMENTWISE: dict[str, Callable[..., Any]] = {
    "Abs": np.abs, "Add": np.add, "And": np.logical_and, "Ceil": np.ceil, "Cos": np.cos,
    "Equal": np.equal, "Exp": np.exp, "Floor": np.floor, "Greater": np.greater,
    "GreaterOrEqual": np.greater_equal, "Identity": lambda x: x, "Less": np.less,
    "LessOrEqual": np.less_equal, "Log": np.log, "Max": np.maximum, "Min": np.minimum, "Mul": np.multiply,
    "Neg": np.negative, "Not": np.logical_not, "Or": np.logical_or, "Pow": np.power,
    "Reciprocal": np.reciprocal, "Sign": np.sign, "Sin": np.sin, "Sqrt": np.sqrt, "Sub": np.subtract,
    "Where": np.where, "Xor": np.logical_xor,
}  # fmt: skip


def _div(a: Any, b: Any) -> Any:
    if object in (a.dtype, b.dtype):
        return a // b
    return np.trunc(np.divide(a, b)).astype(a.dtype) if a.dtype.kind in "iu" else np.divide(a, b)


def _elementwise(function: Callable[..., Any]) -> Callable[[Node], Any]:
    def fold(node: Node) -> Any:
        arrays = node.inputs
        node.context.spend(math.prod(np.broadcast_shapes(*(x.shape for x in arrays))))
        if node.kind in ("Max", "Min"):
            made = arrays[0]
            for other in arrays[1:]:
                made = function(made, other)
            return made
        return np.asarray(function(*arrays))

    return fold


def _cast(node: Node) -> Any:
    x, dtype = node.array(0), node.target()
    if x.dtype == object:
        return x
    node.context.spend(x.size)
    for name, arguments in casting(x.dtype, dtype, bool(node.get("saturate", 1))):
        x = CASTS[name](x, **arguments)
    return x.astype(dtype)


def _axes(node: Node) -> list[int]:
    return list(node.integers(1, "axes", []) or [])


def _squeeze(node: Node) -> Any:
    x, axes = node.array(0), _axes(node)
    return np.squeeze(x, tuple(axes) if axes else None)


def _reshape(node: Node) -> Any:
    x, target = node.array(0), node.integers(1, "shape")
    if any(isinstance(n, Dim) for n in target):
        raise Unsupported("a constant is reshaped to a size that only data has")
    if not node.get("allowzero", 0):
        target = [x.shape[i] if n == 0 else n for i, n in enumerate(target)]
    return x.reshape(target)


def _gather(node: Node) -> Any:
    x, indices, axis = node.array(0), numbers(node.array(1)).astype(np.int64), node.get("axis", 0)
    if not -x.ndim <= axis < x.ndim:
        raise Unsupported(f"axis {axis} of {x.ndim} axes")
    node.context.spend(indices.size * (x.size // max(1, x.shape[axis])))
    return np.take(x, indices, axis)


def _slice(node: Node) -> Any:
    x = node.array(0)
    return x[tuple(slices(node, x.ndim))]


def slices(node: Node, rank: int) -> list[slice]:
    """Return what a Slice takes of each axis."""
    starts, ends = node.integers(1, "starts"), node.integers(2, "ends")
    axes = node.integers(3, "axes", list(range(len(starts)))) or list(range(len(starts)))
    steps = node.integers(4, "steps", [1] * len(starts)) or [1] * len(starts)
    made = [slice(None)] * rank
    for start, end, axis, step in zip(starts, ends, axes, steps, strict=True):
        if isinstance(start, Dim) or not -rank <= axis < rank or step == 0:
            raise Unsupported(f"it takes from {start} by {step} of axis {axis}")
        if isinstance(end, Dim) or end >= 2**31 - 1:
            end = None
        if step < 0 and end is not None and end <= -(2**31) + 1:
            end = None
        first = None if start >= 2**31 - 1 and step < 0 else start
        made[axis] = slice(first, end, step)
    return made


def _concat(node: Node) -> Any:
    node.context.spend(sum(x.size for x in node.inputs))
    return np.concatenate(node.inputs, node.get("axis", 0))


def _split(node: Node) -> Any:
    x, axis = node.array(0), node.get("axis", 0)
    ends = np.cumsum(split_sizes(node, x.shape[axis]))[:-1]
    return list(np.split(x, ends, axis))


def split_sizes(node: Node, size: int) -> list[int]:
    """Return how long the parts of an axis are."""
    sizes = node.integers(1, "split")
    if sizes is None:
        count = node.get("num_outputs", len(node.proto.output))
        if not 0 < count <= 10000:
            raise Unsupported(f"it splits into {count}")
        part = -(-size // count)
        sizes = [part] * (count - 1) + [size - part * (count - 1)]
    if sum(sizes) != size or any(n < 0 for n in sizes) or len(sizes) != len(node.proto.output):
        raise Unsupported(f"it splits {size} into {sizes}")
    return list(sizes)


def _size(n: Any) -> int:
    """Return 1 for what only data has: constants broadcast along it."""
    if isinstance(n, Dim):
        return 1
    if n < 0:
        raise Unsupported(f"a size of {n}")
    return int(n)


def _filled(node: Node) -> Any:
    shape = [_size(n) for n in node.integers(0, "shape")]
    node.context.spend(math.prod(shape))
    value = node.get("value")
    return np.full(shape, np.float32(0) if value is None else value.ravel()[0])


def _expand(node: Node) -> Any:
    x = node.array(0)
    shape = np.broadcast_shapes(x.shape, tuple(_size(n) for n in node.integers(1, "shape")))
    node.context.spend(math.prod(shape))
    return np.broadcast_to(x, shape).copy()


def _range(node: Node) -> Any:
    start, limit, step = (numbers(node.array(i)).ravel()[0] for i in range(3))
    if step == 0 or not math.isfinite(limit - start):
        raise Unsupported(f"a range from {start} to {limit} by {step}")
    node.context.spend(max(0, math.ceil((limit - start) / step)))
    return np.arange(start, limit, step, dtype=node.array(0).dtype)


def _matmul(node: Node) -> Any:
    a, b = node.array(0), node.array(1)
    node.context.spend(a.size * (b.size // max(1, b.shape[-2] if b.ndim > 1 else b.size)))
    return np.matmul(a, b)


def _shape(node: Node) -> Any:
    x = node.input(0)
    shape = x.shape if isinstance(x, Symbol) else list(x.shape)
    part = shape[slice(node.get("start", 0), node.get("end"))]
    return np.array(part, object if any(isinstance(n, Dim) for n in part) else np.int64)


def _count(node: Node) -> Any:
    x = node.input(0)
    shape = x.shape if isinstance(x, Symbol) else list(x.shape)
    if any(isinstance(n, Dim) for n in shape):
        raise Unsupported("a size that only data has")
    return np.int64(math.prod(shape))


def _constant(node: Node) -> Any:
    for name, dtype in (("value_int", np.int64), ("value_ints", np.int64), ("value_float", np.float32),
                        ("value_floats", np.float32)):  # fmt: skip
        value = node.get(name)
        if value is not None:
            return np.array(value, dtype)
    value = node.get("value")
    if value is None:
        raise Unsupported("expected a dense array of numbers")
    return value


def _bounds(x: Any) -> tuple[Any, Any]:
    """Return what no number of a dtype is below, and what none is above."""
    if x.dtype.kind == "b":
        return False, True
    if x.dtype.kind == "f":
        return -np.inf, np.inf
    info = np.iinfo(x.dtype)
    return info.min, info.max


_REDUCTIONS: dict[str, Callable[..., Any]] = {
    "L1": lambda x, **k: np.sum(np.abs(x), **k),
    "L2": lambda x, **k: np.sqrt(np.sum(np.square(x), **k)),
    "LogSum": lambda x, **k: np.log(np.sum(x, **k)),
    "LogSumExp": lambda x, **k: np.logaddexp.reduce(x.astype(np.float64), **k),
    "Max": lambda x, **k: np.max(x, initial=_bounds(x)[0], **k),
    "Mean": lambda x, **k: np.mean(x, **k),
    "Min": lambda x, **k: np.min(x, initial=_bounds(x)[1], **k),
    "Prod": lambda x, **k: np.prod(x, **k),
    "Sum": lambda x, **k: np.sum(x, **k),
    "SumSquare": lambda x, **k: np.sum(np.square(x), **k),
}


def _reduce(node: Node) -> Any:
    x, axes = numbers(node.array(0)), _axes(node)
    over = tuple(axes) if axes or node.get("noop_with_empty_axes", 0) else None
    made = _REDUCTIONS[node.kind[6:]](x, axis=over, keepdims=bool(node.get("keepdims", 1)))
    return np.asarray(made, x.dtype)


def _transposed(node: Node) -> NDArray[Any]:
    made: NDArray[Any] = np.transpose(node.array(0), node.get("perm"))
    return made


# Nodes of constants only.
CONSTANTS: dict[str, Callable[[Node], Any]] = {
    **{name: _elementwise(function) for name, function in _ELEMENTWISE.items()},
    "Cast": _cast,
    "CastLike": _cast,
    "Concat": _concat,
    "Div": _elementwise(_div),
    "Dropout": lambda node: node.array(0),
    "Expand": _expand,
    "Gather": _gather,
    "MatMul": _matmul,
    **{f"Reduce{name}": _reduce for name in _REDUCTIONS},
    "Reshape": _reshape,
    "Slice": _slice,
    "Split": _split,
    "Squeeze": _squeeze,
    "Transpose": _transposed,
    "Unsqueeze": lambda node: np.expand_dims(node.array(0), tuple(_axes(node))),
}

# Nodes that make constants of anything.
SOURCES: dict[str, Callable[[Node], Any]] = {
    "Constant": _constant,
    "ConstantOfShape": _filled,
    "Range": _range,
    "Shape": _shape,
    "Size": _count,
}
