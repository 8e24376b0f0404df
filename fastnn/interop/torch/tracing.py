"""Traces of PyTorch's modules by torch.fx, and what their nodes make of samples."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["Trace", "traced"]

# Two trials, in which sizes of batches, and those that are None, differ: what differs with them varies.
_BATCHES, _UNKNOWN = (5, 7), (64, 96)


@dataclass(frozen=True)
class Trace:
    """A trace.

    Attributes
    ----------
    nodes : list of Node
        Of torch.fx, in order.
    torch : module
    found : dict
        By node: the shape of a tensor as a tuple, a number, or a list of these. A size or number that depends
        on the sizes of the batch or of unknown axes is None.
    sizes : dict
        The same for one batch.
    error : str
        Why the module could not run to its end; "" if it could.
    """

    nodes: list[Any]
    torch: Any
    found: dict[Any, Any]
    sizes: dict[Any, Any]
    error: str


def traced(module: Any, shapes: Sequence[tuple[int | None, ...]]) -> Trace:
    """Trace a module in the mode of predictions.

    Parameters
    ----------
    module : torch.nn.Module
    shapes : sequence of tuple
        Of the inputs, batch first.

    Raises
    ------
    ValueError
        If torch.fx cannot trace the module, or it takes another number of inputs.
    """
    import torch
    import torch.fx

    if not isinstance(module, torch.nn.Module):
        raise TypeError(f"module must be a torch.nn.Module, got {type(module).__name__}")
    if type(module).__module__.startswith("torch.nn") and not isinstance(module, torch.nn.Sequential):
        raise ValueError("module is a single layer: put it into a torch.nn.Sequential")
    modes = [(part, part.training) for part in module.modules()]
    module.train(False)  # so that what is on in a trace is always on
    try:
        graph = _graph(module, torch)
        inputs = [node for node in graph.graph.nodes if node.op == "placeholder"]
        if len(inputs) != len(shapes):
            raise ValueError(f"module takes {len(inputs)} inputs, but input_shape has {len(shapes)} shapes")
        (one, error), (other, _) = (_trial(graph, torch, inputs, shapes, i) for i in (0, 1))
    finally:
        for part, training in modes:
            part.training = training
    nodes = list(graph.graph.nodes)
    found = {node: _common(value, other[node]) for node, value in one.items() if node in other}
    return Trace(nodes, torch, found, one, error)


def _graph(module: Any, torch: Any) -> Any:
    try:
        graph = torch.fx.symbolic_trace(module)
    except (torch.fx.proxy.TraceError, TypeError) as error:
        raise ValueError(
            f"module cannot be traced by torch.fx, as with branches on values: {error}"
        ) from error
    graph.graph.eliminate_dead_code()  # states of recurrent modules that nothing uses
    return graph


def _trial(graph: Any, torch: Any, inputs: list[Any], shapes: Any, number: int) -> tuple[dict[Any, Any], str]:
    """Run the module on zeros, and return what its nodes make, and why it stopped if it did."""
    found: dict[Any, Any] = {}

    class Observer(torch.fx.Interpreter):  # type: ignore[misc]
        def run_node(self, node: Any) -> Any:
            made = super().run_node(node)
            found[node] = _described(made, torch)
            return made

    like = next((p for p in graph.parameters() if p.is_floating_point()), torch.zeros(0))
    zeros = []
    for node, shape in zip(inputs, shapes, strict=True):
        sizes = [_UNKNOWN[number] if size is None else size for size in shape]
        dtype = torch.int64 if takes_integers(node, graph) else like.dtype
        zeros.append(torch.zeros([_BATCHES[number], *sizes[1:]], dtype=dtype, device=like.device))
    try:
        with torch.no_grad():
            Observer(graph).run(*zeros)
    except (RuntimeError, ValueError, TypeError, IndexError, AssertionError) as error:
        reason = str(error).partition("\n")[0]
        return found, f"it cannot run on inputs of input_shape={', '.join(map(str, shapes))}: {reason}"
    return found, ""


def takes_integers(node: Any, graph: Any) -> bool:
    """Return whether an input goes to where only whole numbers go."""
    return any(
        (user.op == "call_module" and type(graph.get_submodule(user.target)).__name__ == "Embedding")
        or (user.op == "call_method" and user.target in ("long", "int"))
        for user in node.users
    )


def _described(value: Any, torch: Any) -> Any:
    if isinstance(value, torch.Tensor):
        return tuple(value.shape)
    if isinstance(value, (tuple, list)):
        return [_described(entry, torch) for entry in value]
    return value if isinstance(value, (int, float, torch.dtype)) else None


def _common(one: Any, other: Any) -> Any:
    """Return what two trials agree on, and None in place of the rest."""
    if isinstance(one, (tuple, list)) and isinstance(other, (tuple, list)) and len(one) == len(other):
        return type(one)(_common(a, b) for a, b in zip(one, other, strict=True))
    return one if type(one) is type(other) and one == other else None
