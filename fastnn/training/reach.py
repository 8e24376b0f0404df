"""Which weights of a model the losses of its outputs depend on."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from ..added_losses import any_added
from ..layers import Layer
from ..layers.base.trainable import flatten_parts

if TYPE_CHECKING:
    from ..graph.graph import Graph, SymbolicTensor
    from ..variables import Variable

__all__ = ["adds_losses", "adds_to_loss", "weights_of_losses"]


def weights_of_losses(graph: Graph, trained: Iterable[SymbolicTensor]) -> set[Variable]:
    """Return the weights of the layers in a graph that lead to outputs with losses, or add losses themselves.

    A layer with a `call` of its own counts as a whole.

    Parameters
    ----------
    graph : Graph
    trained : iterable of SymbolicTensor
        The outputs that have losses.

    Examples
    --------
    >>> import fastnn
    >>> x = fastnn.Input((3,))
    >>> used, unused = fastnn.layers.Dense(2, name="used"), fastnn.layers.Dense(2, name="unused")
    >>> model = fastnn.Model(x, [used(x), unused(x)])
    >>> sorted(weight.path for weight in weights_of_losses(model._graph, model.outputs[:1]))
    ['used/bias', 'used/kernel']
    """
    from ..models import Model

    needed, found = set(trained), set()
    for node in reversed(graph.nodes):
        layer = node.layer
        made = [tensor.index for tensor in node.outputs if tensor in needed]
        if made or adds_to_loss(layer):
            needed.update(node.parents)
            inner = layer._graph if isinstance(layer, Model) else None
            if inner is None:
                found.update(layer.weights)
            else:
                found |= weights_of_losses(inner, [inner.outputs[i] for i in made])
    return found


def adds_to_loss(layer: Layer) -> bool:
    """Return whether a layer, or one inside of it, adds losses or penalties on its outputs itself."""
    parts = (part for part in flatten_parts(layer) if isinstance(part, Layer))
    return any(part._adds_losses or part.activity_regularizer is not None for part in parts)


def adds_losses(model: Layer) -> bool:
    """Return whether a layer of the model has added a loss in a call."""
    return any_added() and any(part._adds_losses for part in flatten_parts(model) if isinstance(part, Layer))
