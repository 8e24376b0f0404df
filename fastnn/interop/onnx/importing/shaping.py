"""Axes in other orders and shapes, parts of tensors, and reductions."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from .... import layers as L
from ....layers.arithmetic import Absolute, Arithmetic
from ....layers.get_item import GetItem
from .constants import slices, split_sizes
from .node import Node, numbers
from .products import embedded
from .values import BATCH, OPEN, Dim, Symbol, Unsupported, expanded, natural, ordered, reshaped, squeezed

__all__ = ["SHAPING", "taken", "zero_padded"]


def _transpose(node: Node) -> Symbol:
    x = node.symbol()
    order = node.get("perm", list(range(x.rank))[::-1])
    if sorted(order) != list(range(x.rank)):
        raise Unsupported(f"perm: {order} for {x.rank} axes")
    return x.made(x.tensor, [None if axis is None else order.index(axis) for axis in x.axes])


def _flatten(node: Node) -> Symbol:
    x, axis = node.symbol(), node.get("axis", 1)
    axis += x.rank if axis < 0 else 0
    if x.batch is None:
        sizes = x.shape
        return reshaped(x, [int(np.prod(sizes[:axis], dtype=object)), -1], None)
    if axis != 1 or x.batch != 0:
        raise Unsupported(f"axis: {axis} mixes samples")
    if OPEN in x.shape:
        return reshaped(x, [BATCH, -1], node.context.batch_size)
    return reshaped(x, [BATCH, int(np.prod(x.shape[1:], dtype=object))], node.context.batch_size)


def _reshape(node: Node) -> Symbol:
    x, target = node.symbol(), node.integers(1, "shape")
    if not node.get("allowzero", 0):
        if any(n == 0 and i >= x.rank for i, n in enumerate(target)):
            raise Unsupported(f"shape: {target} for an input of shape {x.shape}")
        target = [x.shape[i] if n == 0 else n for i, n in enumerate(target)]
    return reshaped(x, target, node.context.batch_size)


def _squeeze(node: Node) -> Symbol:
    x, axes = node.symbol(), node.integers(1, "axes")
    if axes is None:
        axes = [axis for axis, n in enumerate(x.shape) if not isinstance(n, Dim) and n == 1]
    return squeezed(x, axes)


def _unsqueeze(node: Node) -> Symbol:
    x, axes = node.symbol(), node.integers(1, "axes", [])
    rank = x.rank + len(axes)
    if len({axis % rank for axis in axes}) < len(axes) or any(not -rank <= axis < rank for axis in axes):
        raise Unsupported(f"axes: {axes} for {rank} axes")
    return expanded(x, [axis % rank for axis in axes])


def _concat(node: Node) -> Symbol:
    symbols = [x for x in node.inputs if isinstance(x, Symbol)]
    if len(symbols) < len(node.inputs):
        raise Unsupported("it joins constants to what depends on data")
    first = symbols[0]
    if len({(x.batch, x.rank) for x in symbols}) > 1:
        raise Unsupported("its inputs have their batches at different axes")
    axis = first.inner(node.get("axis", 1), "joins along")
    if len(symbols) == 1:
        return first.made(first.tensor)
    return first.made(L.Concatenate(axis)([ordered(x, first.axes).tensor for x in symbols]))


def taken(x: Symbol, keys: dict[int, Any]) -> Symbol:
    """Return a part: a slice or an index for axes of the tensor."""
    key = tuple(keys.get(i, slice(None)) for i in range(len(x.axes)))
    dropped = [x.axes[i] for i, entry in keys.items() if isinstance(entry, int)]
    return Symbol(GetItem(key)(x.tensor), x.without([a for a in dropped if a is not None]), x.dtype)


def _split(node: Node) -> list[Symbol]:
    x = node.symbol()
    axis = x.axis(node.get("axis", 0))
    place, size = x.inner(axis, "splits"), x.size(axis)
    if size is OPEN:
        raise Unsupported("it splits an axis of open length")
    ends = np.cumsum([0, *split_sizes(node, size)]).tolist()
    if any(start == end for start, end in pairwise(ends)):
        raise Unsupported("a part is empty")
    return [taken(x, {place: slice(a, b)}) for a, b in pairwise(ends)]


def _slice(node: Node) -> Symbol:
    x = node.symbol()
    keys = {}
    for axis, part in enumerate(slices(node, x.rank)):
        if part == slice(None) or part == slice(0, None, 1):
            continue
        size = x.size(axis)
        if size is BATCH and part.start in (None, 0) and part.stop is None and part.step == 1:
            continue
        if not isinstance(size, Dim):
            if not len(range(*part.indices(size))):
                raise Unsupported("its result is empty")
            if part.indices(size) == (0, size, 1):
                continue
        keys[x.inner(axis, "slices")] = part
    return taken(x, keys) if keys else x.made(x.tensor)


def _gather(node: Node) -> Symbol:
    x, indices = node.input(0), node.input(1)
    axis = node.get("axis", 0)
    if isinstance(x, np.ndarray) and isinstance(indices, Symbol):
        if x.ndim == 2 and axis in (0, -2) and x.dtype.kind == "f":
            return embedded(node, indices, x)
        indices = natural(indices)
        if axis != 0 or indices.batch not in (0, None):
            raise Unsupported(f"axis: {axis} of a constant")
        made = node.function("take", indices.tensor, [numbers(x), None], axis=0)
        return Symbol(made, (*indices.axes, *range(indices.rank, indices.rank + x.ndim - 1)), x.dtype)
    x = node.symbol()
    place, size = x.inner(axis, "takes from"), x.size(x.axis(axis))
    if isinstance(indices, Symbol):
        raise Unsupported("both what is taken from and where depend on data")
    where = numbers(indices).astype(np.int64)
    if not isinstance(size, Dim) and where.size and not -size <= where.min() <= where.max() < size:
        raise Unsupported(f"indices: expected some from {-size} to {size - 1}")
    if where.ndim == 0:
        return taken(x, {place: int(where)})
    if where.ndim == 1 and not isinstance(size, Dim) and where.size:
        where %= size
        steps = np.diff(where)
        if len(where) == 1 or (len(set(steps.tolist())) == 1 and steps[0]):
            step = int(steps[0]) if len(where) > 1 else 1
            last = int(where[-1]) + (1 if step > 0 else -1)
            return taken(x, {place: slice(int(where[0]), None if last < 0 else last, step)})
    x = natural(x)
    made = node.function("take", x.tensor, [None, where], axis=x.position(x.axis(axis)))
    if where.ndim == 1:
        return x.made(made)
    rank = x.rank + where.ndim - 1
    if x.batch not in (0, None):
        raise Unsupported("the batch is not the first axis")
    others = [axis for axis in range(rank) if axis != x.batch]
    return Symbol(made, (x.batch, *others), x.dtype)


def _pad(node: Node) -> Symbol:
    x, pads, mode = node.symbol(), node.integers(1, "pads"), node.get("mode", "constant")
    axes = node.integers(3, "axes") or list(range(x.rank))
    value = node.scalar(2, "value", 0.0)
    if len(pads) != 2 * len(axes) or mode not in ("constant", "reflect", "edge", "wrap"):
        raise Unsupported(f"pads: {pads} for {len(axes)} axes, mode {mode!r:.80}")
    widths = [[0, 0] for _ in x.axes]
    for axis, before, after in zip(axes, pads, pads[len(axes) :], strict=False):
        if before or after:
            widths[x.inner(axis, "pads")] = [before, after]
    if any(n < 0 for pair in widths for n in pair):
        keys = {i: slice(max(0, -b), -max(0, -a) or None) for i, (b, a) in enumerate(widths) if min(b, a) < 0}
        x = taken(x, keys)
        widths = [[max(0, b), max(0, a)] for b, a in widths]
    if not any(map(any, widths)):
        return x.made(x.tensor)
    if mode == "constant" and value == 0 and not any(widths[-1]) and len(widths) in (3, 4):
        return x.made(zero_padded(x.tensor, widths[1:-1]))
    return x.made(node.function("pad", x.tensor, widths=widths, mode=mode, value=value))


def zero_padded(tensor: Any, widths: Sequence[Sequence[int]]) -> Any:
    """Return a tensor with zeros around the axes in front of the channels."""
    sides = tuple(tuple(side) for side in widths)
    if not any(map(any, sides)):
        return tensor
    return (L.ZeroPadding1D(sides[0]) if len(sides) == 1 else L.ZeroPadding2D(sides))(tensor)  # type: ignore[arg-type]


def _expand(node: Node) -> Symbol:
    """Return a value repeated along axes of size 1, by adding zeros of that shape."""
    x, target = node.symbol(), node.integers(1, "shape")
    fixed = [1 if isinstance(n, Dim) else n for n in target]
    rank = max(x.rank, len(fixed))
    fixed = [1] * (rank - len(fixed)) + fixed
    if x.rank < rank:
        x = expanded(x, range(rank - x.rank))
    if x.batch is not None:
        if fixed[x.batch] not in (1, node.context.batch_size):
            raise Unsupported(f"shape: {target} repeats samples")
        fixed[x.batch] = 1
    shape = [fixed[axis] for axis in x.axes if axis is not None]
    shape = shape[1:] if x.batch is not None else shape
    if all(n in (1, m) for n, m in zip(shape, x.tensor.shape[1:], strict=True)):
        return x.made(x.tensor)
    node.context.spend(int(np.prod(shape, dtype=object)))
    return x.made(Arithmetic("add", np.zeros(shape))(x.tensor))


def _reduced(name: str, before: Any = None, after: Any = None) -> Callable[[Node], Symbol]:
    def make(node: Node) -> Symbol:
        x = node.symbol()
        axes = node.integers(1, "axes")
        if not axes:
            if node.get("noop_with_empty_axes", 0):
                x = x if before is None else before(node, x)
                return x if after is None else after(node, x)
            axes = list(range(x.rank))
        keep = bool(node.get("keepdims", 1))
        places = sorted({x.inner(axis, "reduces") for axis in axes})
        inner = x if before is None else before(node, x)
        axes = [x.axis(axis) for axis in axes]
        if name == "mean" and places == list(range(1, len(x.axes) - 1)) and len(places) in (1, 2):
            pool = L.GlobalAveragePooling1D if len(places) == 1 else L.GlobalAveragePooling2D
            made = pool(keepdims=keep)(inner.tensor)
        elif not places:
            made = inner.tensor
        else:
            made = node.function(name, inner.tensor, axis=places, keepdims=keep)
        result = Symbol(made, x.axes if keep else x.without(axes), x.dtype)
        return result if after is None else after(node, result)

    return make


def _squared(node: Node, x: Symbol) -> Symbol:
    return x.made(Arithmetic("power", 2.0)(x.tensor))


def _absolute(node: Node, x: Symbol) -> Symbol:
    return x.made(Absolute()(x.tensor))


def _root(node: Node, x: Symbol) -> Symbol:
    return x.made(node.function("sqrt", x.tensor))


def _log(node: Node, x: Symbol) -> Symbol:
    return x.made(node.function("log", x.tensor))


def _place(node: Node) -> Symbol:
    x = node.symbol()
    axis = x.axis(node.get("axis", 0))
    name, last = node.kind.lower(), bool(node.get("select_last_index", 0))
    made = x.made(
        node.function(name, x.tensor, axis=x.inner(axis, "searches"), last=last), dtype=np.dtype("int64")
    )
    return made if node.get("keepdims", 1) else squeezed(made, [axis])


def _cumsum(node: Node) -> Symbol:
    x, axis = node.symbol(), node.integers(1, "axis")
    options = {name: bool(node.get(name, 0)) for name in ("exclusive", "reverse")}
    return x.made(node.function("cumsum", x.tensor, axis=x.inner(axis[0], "sums"), **options))


SHAPING: dict[str, Callable[[Node], Any]] = {
    "ArgMax": _place,
    "ArgMin": _place,
    "Concat": _concat,
    "CumSum": _cumsum,
    "Expand": _expand,
    "Flatten": _flatten,
    "Gather": _gather,
    "Pad": _pad,
    "ReduceL1": _reduced("sum", _absolute),
    "ReduceL2": _reduced("sum", _squared, _root),
    "ReduceLogSum": _reduced("sum", None, _log),
    "ReduceLogSumExp": _reduced("logsumexp"),
    "ReduceMax": _reduced("max"),
    "ReduceMean": _reduced("mean"),
    "ReduceMin": _reduced("min"),
    "ReduceProd": _reduced("prod"),
    "ReduceSum": _reduced("sum"),
    "ReduceSumSquare": _reduced("sum", _squared),
    "Reshape": _reshape,
    "Slice": _slice,
    "Split": _split,
    "Squeeze": _squeeze,
    "Transpose": _transpose,
    "Unsqueeze": _unsqueeze,
}
