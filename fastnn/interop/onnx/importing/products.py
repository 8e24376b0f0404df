"""Products of matrices: dense layers where one of them is constant; embeddings."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .... import layers as L
from ....layers.matmul import MatMul
from .elementwise import binary, scaled
from .node import Node
from .values import Symbol, Unsupported, expanded, natural, reshape, squeezed, with_last

__all__ = ["PRODUCTS"]


def _dense(node: Node, x: Symbol, kernel: NDArray[Any], bias: NDArray[Any] | None) -> Symbol:
    """Return a dense layer of the last axis."""
    if x.rank < 1 or kernel.ndim != 2 or x.size(x.rank - 1) != kernel.shape[0]:
        raise Unsupported(f"weights of shape {kernel.shape} for an input of shape {x.shape}")
    x = with_last(x, x.rank - 1)
    weights = [kernel] if bias is None else [kernel, bias]
    units = kernel.shape[1]
    made = node.layer(L.Dense, units, use_bias=bias is not None, inputs=x, weights=weights, named=1)
    return x.made(made)


def _matmul(node: Node) -> Symbol:
    a, b = node.input(0), node.input(1)
    if isinstance(a, Symbol) and isinstance(b, Symbol):
        return _of_two(node, a, b)
    if isinstance(a, Symbol):
        kernel = node.weight(1)
        if kernel.ndim == 1:
            made = _dense(node, a, kernel[:, None], None)
            return _without_last(node, made)
        if kernel.ndim > 2:
            return _of_constant(node, a, kernel, False)
        add = node.only_reader("Add")
        bias = None if add is None else next((v for v in add.inputs if isinstance(v, np.ndarray)), None)
        if add is None or bias is None or bias.ndim != 1 or bias.shape != kernel.shape[1:]:
            return _dense(node, a, kernel, None)
        made = _dense(node, a, kernel, bias.astype(np.float64))
        add_names = list(add.proto.input)
        if add_names.count(node.proto.output[0]) != 1:
            return _dense(node, a, kernel, None)
        node.absorb(add, made)
        return made
    return _of_constant(node, b, node.weight(0), True)


def _without_last(node: Node, x: Symbol) -> Symbol:
    axes = x.without([x.rank - 1])
    shape = [n for n, axis in zip(x.tensor.shape[1:], x.axes[1:], strict=True) if axis != x.rank - 1]
    return Symbol(reshape(x.tensor, shape), axes, x.dtype)


def _of_constant(node: Node, x: Symbol, matrix: NDArray[Any], left: bool) -> Symbol:
    """Return a product of a constant that is no weight of a dense layer."""
    x = natural(x)
    if left and matrix.ndim == 2 and x.rank >= 2 and x.batch not in (x.rank - 1, x.rank - 2):
        return x.made(MatMul(matrix, True)(x.tensor))
    if x.batch not in (0, None) or x.rank < 2 or matrix.ndim < 2 or matrix.ndim > x.rank:
        raise Unsupported(f"a constant of shape {matrix.shape} and an input of shape {x.shape}")
    if x.batch == 0 and (x.rank < 3 or (matrix.ndim == x.rank and len(matrix) != 1)):
        raise Unsupported(f"a constant of shape {matrix.shape} for samples of shape {x.shape[1:]}")
    matrix = matrix[0] if x.batch == 0 and matrix.ndim == x.rank else matrix
    return x.made(node.function("matmul", x.tensor, [matrix, None] if left else [None, matrix]))


def _of_two(node: Node, a: Symbol, b: Symbol) -> Symbol:
    dtype = a.dtype
    vector = [x.rank == 1 for x in (a, b)]
    if vector[0]:
        a = expanded(a, [0])
    if vector[1]:
        b = expanded(b, [1])
    rank = max(a.rank, b.rank)
    a, b = (natural(expanded(x, range(rank - x.rank)) if x.rank < rank else x) for x in (a, b))
    if a.batch != b.batch or a.batch in (rank - 1, rank - 2):
        raise Unsupported("it sums over the samples, or its inputs have the batch at different axes")
    if a.tensor.shape[1:-2] == b.tensor.shape[1:-2]:
        made = MatMul()([a.tensor, b.tensor])
    else:
        made = node.function("matmul", [a.tensor, b.tensor])
    result = a.made(made, dtype=dtype)
    if vector[1]:
        result = _without_last(node, result)
    if vector[0]:
        result = squeezed(result, [result.rank - (1 if vector[1] else 2)])
    return result


def _gemm(node: Node) -> Symbol:
    a, c = node.symbol(0), node.input(2)
    alpha, beta = node.get("alpha", 1.0), node.get("beta", 1.0)
    if a.rank != 2:
        raise Unsupported(f"an input of shape {a.shape}")
    if node.get("transA", 0):
        a = Symbol(a.tensor, tuple(None if axis is None else 1 - axis for axis in a.axes), a.dtype)
    if isinstance(node.input(1), Symbol):
        b = node.symbol(1)
        if node.get("transB", 0):
            b = Symbol(b.tensor, tuple(None if axis is None else 1 - axis for axis in b.axes), b.dtype)
        made = scaled(_of_two(node, a, b), alpha)
        return made if c is None else binary(node, "add", made, _times(c, beta))
    kernel = node.weight(1)
    kernel = alpha * (kernel.T if node.get("transB", 0) else kernel)
    bias = None
    if (
        isinstance(c, np.ndarray)
        and kernel.ndim == 2
        and c.shape in ((), (1,), (1, 1), (kernel.shape[1],), (1, kernel.shape[1]))
    ):
        bias = np.broadcast_to(beta * c.astype(np.float64).reshape(-1), kernel.shape[1:])
    made = _dense(node, a, kernel, bias)
    return made if c is None or bias is not None else binary(node, "add", made, _times(c, beta))


def _times(c: Any, beta: float) -> Any:
    return scaled(c, beta) if isinstance(c, Symbol) else c * beta


def embedded(node: Node, indices: Symbol, table: NDArray[Any]) -> Symbol:
    """Return rows of a constant table."""
    indices = natural(indices)
    if indices.batch not in (0, None):
        raise Unsupported("the batch of its indices is not their first axis")
    made = L.Embedding(
        *table.shape, name=node.context.unique(node.proto.input[0].rpartition(".")[0] or node.title())
    )
    tensor = made(indices.tensor)
    made.set_weights([np.asarray(table, np.float64)])
    return Symbol(tensor, (*indices.axes, indices.rank), table.dtype)


PRODUCTS: dict[str, Callable[[Node], Any]] = {"Gemm": _gemm, "MatMul": _matmul}
