"""Operators of ``ai.onnx.ml`` that files of scikit-learn's estimators have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from ....layers.arithmetic import Arithmetic
from .node import Node
from .values import Symbol, Unsupported, natural, reshape, with_last

__all__ = ["LEARNERS"]


def _scaler(node: Node) -> Symbol:
    x = node.symbol()
    x = with_last(x, x.rank - 1)
    offset, scale = (
        np.asarray(node.get(name, default)) for name, default in (("offset", [0.0]), ("scale", [1.0]))
    )
    centered = Arithmetic("subtract", offset)(x.tensor)
    return x.made(Arithmetic("multiply", scale)(centered), dtype=np.dtype("float32"))


def _extract(node: Node) -> Symbol:
    """Return elements of a constant vector, such as the labels of classes."""
    table, indices = node.array(0), natural(node.symbol(1))
    if table.dtype.kind not in "fiu":
        raise Unsupported("labels that are texts; outputs=[...] leaves them out")
    if indices.rank != 1 or table.size != table.shape[-1]:
        raise Unsupported(f"indices of shape {indices.shape} of an array of shape {table.shape}")
    made = node.function("take", indices.tensor, [table.ravel(), None], axis=0)
    if indices.batch is None:
        return Symbol(made, (None, 0), table.dtype)
    return Symbol(reshape(made, (1,)), (0, 1), table.dtype)


LEARNERS: dict[str, Callable[[Node], Any]] = {
    "ai.onnx.ml.ArrayFeatureExtractor": _extract,
    "ai.onnx.ml.Scaler": _scaler,
}
