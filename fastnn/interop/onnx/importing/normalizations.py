"""Normalizations."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .... import layers as L
from ....layers.arithmetic import Arithmetic
from .node import Node
from .values import Symbol, Unsupported, natural, reshape, with_last

__all__ = ["NORMALIZATIONS"]


def _one_output(node: Node) -> None:
    if len([name for name in node.proto.output if name]) > 1:
        raise Unsupported("more than its first output is used")


def _of_channels(node: Node, x: Symbol, first: int, count: int) -> list[NDArray[Any]]:
    weights = [node.weight(i) for i in range(first, first + count)]
    if any(w is None or w.shape != (x.size(1),) for w in weights):
        raise Unsupported(f"weights that do not fit the {x.size(1)} channels of its input")
    return weights


def _moments(node: Node, x: Any, axes: list[int]) -> tuple[Any, Any, Any]:
    """Return a mean over axes, what is left without it, and the variance."""
    mean = node.function("mean", x, axis=axes, keepdims=True)
    centered = Arithmetic("subtract")([x, mean])
    return mean, centered, node.function("mean", Arithmetic("power", 2.0)(centered), axis=axes, keepdims=True)


def _inverse_root(variance: Any, epsilon: float) -> Any:
    return Arithmetic("power", -0.5)(Arithmetic("add", epsilon)(variance))


def _by_own_statistics(node: Node, x: Symbol) -> list[Symbol]:
    """Return what batch normalization makes in training, and the statistics after it."""
    if x.batch is not None:
        raise Unsupported("training_mode: the statistics are those of all samples")
    scale, offset, *before = _of_channels(node, x, 1, 4)
    mean, centered, variance = _moments(node, x.tensor, list(range(1, x.rank)))
    inverse = _inverse_root(variance, node.get("epsilon", 1e-5))
    made = Arithmetic("multiply", scale)(Arithmetic("multiply")([centered, inverse]))
    results, momentum = [x.made(Arithmetic("add", offset)(made))], node.get("momentum", 0.9)
    for new, old in zip((mean, variance), before, strict=True):
        moved = Arithmetic("add", momentum * old)(Arithmetic("multiply", 1 - momentum)(new))
        results.append(Symbol(reshape(moved, (len(old),)), (None, 0), x.dtype))
    return results


def _batch(node: Node) -> Any:
    x = node.symbol()
    x = with_last(x, 1)
    if node.get("training_mode", 0):
        return _by_own_statistics(node, x)
    _one_output(node)
    options = {"epsilon": node.get("epsilon", 1e-5), "momentum": node.get("momentum", 0.9)}
    weights = _of_channels(node, x, 1, 4)
    return x.made(node.layer(L.BatchNormalization, inputs=x, weights=weights, named=1, **options))


def _layer(node: Node) -> Any:
    x = natural(node.symbol())
    first = x.axis(node.get("axis", -1))
    places = [x.inner(axis, "normalizes") for axis in range(first, x.rank)]
    sizes: tuple[Any, ...] = tuple(x.tensor.shape[place] for place in places)
    weights = [node.weight(i) for i in (1, 2) if node.weight(i) is not None]
    if not weights or None in sizes or any(len(sizes) < w.ndim for w in weights):
        raise Unsupported(f"weights that do not fit axes of sizes {sizes}")
    try:
        weights = [np.broadcast_to(w, sizes) for w in weights]
    except ValueError:
        raise Unsupported(f"weights that do not fit axes of sizes {sizes}") from None
    options: dict[str, Any] = {"axis": places, "epsilon": node.get("epsilon", 1e-5)}
    if node.kind == "RMSNormalization":
        return x.made(node.layer(L.RMSNormalization, inputs=x, weights=weights[:1], named=1, **options))
    options["center"] = len(weights) > 1
    made = x.made(node.layer(L.LayerNormalization, inputs=x, weights=weights, named=1, **options))
    if len(node.proto.output) == 1:
        return made
    mean, _, variance = _moments(node, x.tensor, places)
    return [made, x.made(mean), x.made(_inverse_root(variance, options["epsilon"]))]


def _groups(node: Node) -> Symbol:
    x = with_last(node.symbol(), 1)
    channels = x.size(1)
    count = node.get("num_groups", channels)
    if node.kind == "GroupNormalization" and node.opset < 21 and count:
        weights = [np.repeat(node.weight(i), channels // count) for i in (1, 2)]
        if any(len(w) != channels for w in weights):
            raise Unsupported(f"weights that do not fit {channels} channels in {count} groups")
    else:
        weights = _of_channels(node, x, 1, 2)
    epsilon = node.get("epsilon", 1e-5)
    made = node.layer(L.GroupNormalization, count, inputs=x, weights=weights, named=1, epsilon=epsilon)
    return x.made(made)


NORMALIZATIONS: dict[str, Callable[[Node], Any]] = {
    "BatchNormalization": _batch,
    "GroupNormalization": _groups,
    "InstanceNormalization": _groups,
    "LayerNormalization": _layer,
    "RMSNormalization": _layer,
}
