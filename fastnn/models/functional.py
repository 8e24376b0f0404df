"""Configurations of graphs of layers."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from inspect import signature
from typing import Any

from ..configurable import has_own_constructor
from ..graph.graph import Graph, SymbolicTensor, tensors_in, undescribed
from ..layers import InputLayer, Layer
from ..layers.base.layer import registry as layer_registry
from ..layers.base.sharing import describing_shared_layers, making_shared_layers

# Entries of the configuration of a graph.
_GRAPH_ENTRIES = ("layers", "inputs", "input_structure", "nodes", "outputs", "frozen")


def graph_config(graph: Graph, outputs: Any, inputs: Any) -> dict[str, Any]:
    """Return a graph as plain values.

    Parameters
    ----------
    graph : Graph
    outputs, inputs : SymbolicTensor, or list, tuple or dict of them
        The outputs and inputs in their structures.
    """
    return {
        "layers": described_layers(graph.layers),
        "inputs": [
            {"name": tensor.name, "shape": list(tensor.sample_shape), "dtype": tensor.dtype}
            for tensor in graph.inputs
        ],
        "input_structure": graph.describe(inputs),
        "nodes": [
            {"layer": node.layer.name, "x": graph.describe(node.x), "options": graph.describe(node.options)}
            for node in graph.nodes
        ],
        "outputs": graph.describe(outputs),
    }


def described_layers(layers: Iterable[Layer]) -> list[dict[str, Any]]:
    """Return the configurations of layers; one that is in several places stays one."""
    with describing_shared_layers():
        return [layer_registry.serialize(layer) for layer in layers]


def takes_graph(cls: type) -> bool:
    """Return whether the constructor of a class of models takes inputs and outputs."""
    return not has_own_constructor(cls) or {"inputs", "outputs"} <= signature(cls).parameters.keys()


def own_arguments(cls: type, config: dict[str, Any]) -> dict[str, Any]:
    """Return the entries of the configuration of a graph that only the constructor of a subclass takes."""
    known = {*_GRAPH_ENTRIES, "name", "trainable", "dtype"}
    return {name: value for name, value in config.items() if name not in known}


@contextmanager
def naming_layer(name: Any) -> Iterator[None]:
    """Put the name of a layer before the text of errors about what a configuration says of it."""
    try:
        yield
    except (TypeError, ValueError) as error:
        kind = TypeError if isinstance(error, TypeError) else ValueError
        raise kind(f"layer {name!r:.80}: {error}") from error


def layers_from_config(config: dict[str, Any]) -> list[Layer]:
    """Return the layers that the configuration of a model describes."""
    made = []
    with making_shared_layers():
        for described in config["layers"]:
            own = described.get("config") if isinstance(described, dict) else None
            with naming_layer(own.get("name") if isinstance(own, dict) else described):
                made.append(layer_registry.deserialize(described))
    return made


def graph_from_config(
    config: dict[str, Any],
    made: list[Layer],
    starts: list[SymbolicTensor] | None = None,
    call: Callable[..., Any] = Layer.__call__,
) -> tuple[Any, Any]:
    """Return the inputs and outputs of a graph of these layers, connected as a configuration says.

    Parameters
    ----------
    config : dict
        What `graph_config` returned.
    made : list of Layer
    starts : list of SymbolicTensor, optional
        The inputs, by default new ones.
    call : callable
        What calls a layer: from the layer and the arguments of its call to the result.
    """
    names = [described["config"]["name"] for described in config["layers"]]
    layers = dict(zip(names, made, strict=True))
    results: list[list[SymbolicTensor]] = []
    for tensor in starts or ():
        results.append([tensor])
    for described in config["inputs"] if starts is None else ():
        start = layers.get(described["name"])
        if not isinstance(start, InputLayer):
            start = InputLayer(tuple(described["shape"]), dtype=described["dtype"])
        results.append([start.output])
    for node in config["nodes"]:
        if node["layer"] not in layers:
            raise ValueError(f"nodes: there is no layer {node['layer']!r}; there are {list(layers)}")
        options = undescribed(node["options"], results)
        with naming_layer(node["layer"]):
            result = call(layers[node["layer"]], undescribed(node["x"], results), **options)
        results.append(tensors_in(result))
    return undescribed(config["input_structure"], results), undescribed(config["outputs"], results)
