"""Pools, whose channels are last here."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import reduce
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .... import layers as L
from ....layers.arithmetic import Arithmetic
from .node import Node
from .shaping import zero_padded
from .values import OPEN, Symbol, Unsupported
from .windows import Sides, Windows, channels_last, of_axes

__all__ = ["POOLS"]


def _pool_windows(node: Node, x: Symbol) -> tuple[Windows, Sides]:
    """Return the windows of a pool and how far they go beyond the sides."""
    w = Windows(node, x, node.get("kernel_shape", []))
    sides = list(w.pads)
    if node.get("ceil_mode", 0) and w.auto == "NOTSET":
        if OPEN in w.sizes:
            raise Unsupported("ceil_mode along an axis of open length")
        for i, (n, k, s) in enumerate(zip(w.sizes, w.reach, w.strides, strict=True)):
            before, after = sides[i]
            count = -(-(n + before + after - k) // s) + 1
            count -= (count - 1) * s >= n + before
            sides[i] = (before, max(after, (count - 1) * s + k - n - before))
        w.same = w.same and sides == w.pads
    return w, sides


def _has_layer(w: Windows) -> bool:
    return len(w.kernel) <= 2 and max(w.dilations) == 1


def _places(node: Node, w: Windows, sides: Sides) -> list[NDArray[Any]]:
    """Return where the elements of windows stand, an array of windows and elements for each axis."""
    if OPEN in w.sizes:
        raise Unsupported("windows with gaps, over three axes or with places along an axis of open length")
    made = []
    for i, (n, k) in enumerate(zip(w.sizes, w.kernel, strict=True)):
        starts = range(-sides[i][0], n + sides[i][1] - w.reach[i] + 1, w.strides[i])
        node.context.spend(len(starts) * k)
        made.append(np.add.outer(starts, np.arange(k) * w.dilations[i]))
    return made


def _inside(places: NDArray[Any], n: int) -> NDArray[Any]:
    """Return places of which those beyond the sides are others of their windows."""
    there = (places >= 0) & (places < n)
    if not there.any(1).all():
        raise Unsupported("some of its windows are all padding")
    first, last = (
        np.take_along_axis(places, at[:, None], 1)
        for at in (there.argmax(1), places.shape[1] - 1 - there[:, ::-1].argmax(1))
    )
    return np.asarray(np.clip(places, first, last))


def _max_pool(node: Node) -> Any:
    x = channels_last(node, 3)
    w, sides = _pool_windows(node, x)
    tensor, places = x.tensor, []
    counted = len([name for name in node.proto.output if name]) > 1
    if counted or not _has_layer(w):
        places = [_inside(p, n) for p, n in zip(_places(node, w, sides), w.sizes, strict=True)]
    if not _has_layer(w):
        for axis, part in enumerate(places, 1):
            taken = node.function("take", tensor, [None, part], axis=axis)
            tensor = node.function("max", taken, axis=[axis + 1])
    else:
        if not w.same and any(map(any, sides)):
            tensor = zero_padded(tensor, sides)
            if x.origin[:1] not in (("relu",), ("sigmoid",)):
                node.context.spend(math.prod(tensor.shape[1:-1]) if OPEN not in w.sizes else 0)
                tensor = Arithmetic("add", _border(w, sides))(tensor)
        kind = of_axes(x.rank - 2, L.MaxPooling1D, L.MaxPooling2D)
        tensor = kind(w.kernel, w.strides, w.padding)(tensor)
    if not counted:
        return x.made(tensor)
    order = w.sizes[::-1] if node.get("storage_order", 0) else w.sizes
    steps = [math.prod(order[i + 1 :]) for i in range(len(order))]
    steps = steps[::-1] if node.get("storage_order", 0) else steps
    windows = [p.tolist() for p in places]
    found = node.function("window_places", x.tensor, windows=windows, steps=steps)
    return [x.made(tensor), x.made(found, dtype=np.dtype("int64"))]


def _border(w: Windows, sides: Sides) -> NDArray[Any]:
    """Return zeros, and what is below every number around them."""
    if OPEN in w.sizes:
        raise Unsupported("padding along an axis of open length")
    border = np.pad(np.zeros(w.sizes), sides, constant_values=float(np.finfo(np.float32).min))
    return np.asarray(border[..., None])


def _average_pool(node: Node) -> Symbol:
    x = channels_last(node, 3)
    w, sides = _pool_windows(node, x)
    include = bool(node.get("count_include_pad", 0))
    if not _has_layer(w):
        return x.made(_mean_of_windows(node, x.tensor, w, sides, include))
    kind = of_axes(x.rank - 2, L.AveragePooling1D, L.AveragePooling2D)
    if w.same and not include:
        return x.made(kind(w.kernel, w.strides, "same")(x.tensor))
    if w.same and OPEN in w.sizes and max(w.strides) > 1:
        raise Unsupported("zeros are counted along an axis of open length")
    made = kind(w.kernel, w.strides)(zero_padded(x.tensor, sides))
    if any(map(any, sides)) and not (include and sides == w.pads):
        places = _places(node, w, sides)
        shares = [
            k * _shares(w, i, p, include) for i, (k, p) in enumerate(zip(w.kernel, places, strict=True))
        ]
        node.context.spend(math.prod(len(share) for share in shares))
        made = Arithmetic("multiply", reduce(np.multiply.outer, shares)[..., None])(made)
    return x.made(made)


def _mean_of_windows(node: Node, tensor: Any, w: Windows, sides: Sides, include: bool) -> Any:
    everywhere = _places(node, w, sides)
    tensor = node.function("pad", tensor, widths=[(0, 0), *sides, (0, 0)])
    for i, places in enumerate(everywhere):
        axis = i + 1
        taken = node.function("take", tensor, [None, places + sides[i][0]], axis=axis)
        shares = _shares(w, i, places, include).reshape(-1, *[1] * (tensor.ndim - axis - 1))
        total = node.function("sum", taken, axis=[axis + 1])
        tensor = Arithmetic("multiply", shares)(total)
    return tensor


def _shares(w: Windows, i: int, places: NDArray[Any], include: bool) -> NDArray[Any]:
    """Return the share that each element of a window has in the mean along an axis."""
    before, after = w.pads[i] if include else (0, 0)
    counts = ((places >= -before) & (places < w.sizes[i] + after)).sum(1)
    return np.asarray(1 / np.maximum(counts, 1))


def _global(kind: str) -> Callable[[Node], Symbol]:
    def make(node: Node) -> Symbol:
        x = channels_last(node, 3)
        if x.rank == 5:
            name = {"Average": "mean", "Max": "max"}[kind]
            return x.made(node.function(name, x.tensor, axis=[1, 2, 3], keepdims=True))
        layer = getattr(L, f"Global{kind}Pooling{x.rank - 2}D")
        return x.made(layer(keepdims=True)(x.tensor))

    return make


POOLS: dict[str, Callable[[Node], Any]] = {
    "AveragePool": _average_pool,
    "GlobalAveragePool": _global("Average"),
    "GlobalMaxPool": _global("Max"),
    "MaxPool": _max_pool,
}
