"""The graph of recorded operations: its nodes, whether they are recorded, and the pass back through it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any
from weakref import ReferenceType, ref

import numpy as np

from ..conversion import as_numbers

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from .tensor import Tensor

    Array = NDArray[Any]

__all__ = [
    "Node",
    "backward_pass",
    "initial_gradient",
    "is_recording",
    "last_reached",
    "no_grad",
    "note_reached",
    "tensors_behind",
]

_recording: ContextVar[bool] = ContextVar("recording", default=True)


@contextmanager
def no_grad() -> Iterator[None]:
    """Context manager and decorator that disables recording: results require no gradients.

    It applies to the current thread or asynchronous task.

    Examples
    --------
    >>> import fastnn
    >>> w = fastnn.Tensor(2.0)
    >>> with fastnn.autograd.no_grad():
    ...     y = w * 3
    >>> y.requires_grad
    False
    """
    token = _recording.set(False)
    try:
        yield
    finally:
        _recording.reset(token)


# The tensors that got a gradient in the last call of `backward`.
_reached: ContextVar[tuple[ReferenceType[Tensor], ...]] = ContextVar("reached", default=())


def note_reached(tensors: Iterable[Tensor]) -> None:
    """Note which tensors a call of `backward` has given a gradient."""
    _reached.set(tuple(ref(tensor) for tensor in tensors))


def last_reached() -> list[Tensor]:
    """Return the tensors that the last call of `backward` in this thread or task has given a gradient.

    Examples
    --------
    >>> import fastnn
    >>> w = fastnn.Tensor(2.0)
    >>> (w * 3).backward()
    >>> last_reached()[0] is w
    True
    """
    return [tensor for reference in _reached.get() if (tensor := reference()) is not None]


def is_recording() -> bool:
    """Return whether operations on tensors are recorded, as they are outside `no_grad`."""
    return _recording.get()


class Node:
    """A recorded operation.

    Parameters
    ----------
    inputs : tuple of Tensor
        The arguments that require gradients.
    pull : callable
        Computes the gradients of `inputs` from the list of the gradients of the outputs, None for outputs
        that are not used.
    outputs : int, default 1
        Number of tensors that the operation returned.
    """

    __slots__ = ("inputs", "outputs", "pull")

    def __init__(
        self,
        inputs: tuple[Tensor, ...],
        pull: Callable[[list[Array | None]], Iterable[Array | None]] | None,
        outputs: int = 1,
    ) -> None:
        self.inputs, self.pull, self.outputs = inputs, pull, outputs


def initial_gradient(tensor: Tensor, gradient: Any, name: str) -> Array:
    """Return the gradient that a backward pass starts from at a tensor.

    Parameters
    ----------
    tensor : Tensor
        A result.
    gradient : array_like or None
        Of what follows, with respect to it; None for one, if the result is a single number.
    name : str
        The argument that errors name.

    Raises
    ------
    ValueError
        If the tensor requires no gradient, or `gradient` does not fit.
    """
    if not tensor.requires_grad:
        raise ValueError("backward: nothing that this was computed from requires a gradient")
    if gradient is None:
        if tensor.size != 1:
            raise ValueError(
                f"{name}: a result of shape {tensor.shape} needs the gradient of what follows, of that "
                "shape; a single number, such as its sum or mean, needs none"
            )
        return np.ones(tensor.shape, tensor.data.dtype)
    g = as_numbers(gradient, name).astype(tensor.data.dtype, copy=False)
    if g.shape != tensor.shape:
        raise ValueError(f"{name}: expected shape {tensor.shape}, that of the result, got {g.shape}")
    return g


def _ordered(tensors: Iterable[Tensor]) -> list[Node]:
    """Return the nodes that tensors depend on in topological order, inputs first."""
    order: list[Node] = []
    seen: set[Node] = set()
    stack = [(t._node, False) for t in tensors]
    while stack:
        node, done = stack.pop()
        if node is None:
            continue
        if done:
            order.append(node)
        elif node not in seen:
            seen.add(node)
            stack.append((node, True))
            stack += [(t._node, False) for t in node.inputs]
    return order


def tensors_behind(results: Iterable[Tensor]) -> set[int]:
    """Return the `id` of each tensor that results have been computed from."""
    return {id(tensor) for node in _ordered(results) for tensor in node.inputs}


def backward_pass(seeds: list[tuple[Tensor, Array]], retain_graph: bool) -> Iterator[tuple[Tensor, Array]]:
    """Yield each tensor of a graph with its gradient, after all operations that read the tensor.

    Parameters
    ----------
    seeds : list of (Tensor, ndarray)
        Results, each with the gradient of what follows with respect to it.
    retain_graph : bool
        Whether to keep the graph for another pass; else its memory is freed on the way.

    Raises
    ------
    RuntimeError
        If an earlier pass has freed the graph.
    """
    order = _ordered(t for t, _ in seeds)
    for node in order:
        if node.pull is None:
            raise RuntimeError(
                "backward: an earlier call has freed this graph; compute the result anew, or say "
                "retain_graph=True in the earlier call"
            )
    pending: dict[int, tuple[Tensor, Array]] = {}
    arrived: dict[Node, list[tuple[Tensor, Array] | None]] = {}

    def arrive(tensor: Tensor, g: Array) -> None:
        node = tensor._node
        if node is None:
            before = pending.get(id(tensor))
            pending[id(tensor)] = tensor, g if before is None else before[1] + g
        else:
            row = arrived.setdefault(node, [None] * node.outputs)
            there = row[tensor._place]
            row[tensor._place] = tensor, g if there is None else there[1] + g

    for tensor, g in seeds:
        arrive(tensor, g)
    del seeds
    while order:
        node = order.pop()
        row = arrived.pop(node, None)
        if row is not None and node.pull is not None:
            yield from (pair for pair in row if pair is not None)
            gradients = node.pull([None if pair is None else pair[1] for pair in row])
            for tensor, gradient in zip(node.inputs, gradients, strict=True):
                if gradient is not None:
                    arrive(tensor, gradient)
        if not retain_graph:
            node.pull, node.inputs = None, ()
    yield from pending.values()
