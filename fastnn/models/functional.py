"""Configurations of graphs of layers."""

from __future__ import annotations

from typing import Any

from ..graph.graph import Graph, SymbolicTensor, tensors_in, undescribed
from ..layers import InputLayer, Layer
from ..layers.base.layer import registry as layer_registry


def graph_config(graph: Graph, outputs: Any, input_keys: list[str] | None) -> dict[str, Any]:
    """Return a graph as plain values.

    Parameters
    ----------
    graph : Graph
    outputs : SymbolicTensor, or list or dict of them
        The outputs in their structure.
    input_keys : list of str or None
        The names of the inputs, if a dict gave them.
    """
    return {
        "layers": [layer_registry.serialize(layer) for layer in graph.layers],
        "inputs": [
            {"name": tensor.name, "shape": list(tensor.sample_shape), "dtype": tensor.dtype}
            for tensor in graph.inputs
        ],
        "input_keys": input_keys,
        "nodes": [
            {"layer": node.layer.name, "x": graph.describe(node.x), "options": graph.describe(node.options)}
            for node in graph.nodes
        ],
        "outputs": graph.describe(outputs),
    }


def graph_from_config(config: dict[str, Any], made: list[Layer]) -> tuple[Any, Any]:
    """Return the inputs and outputs of a graph of these layers, connected as a configuration says."""
    names = [described["config"]["name"] for described in config["layers"]]
    layers = dict(zip(names, made, strict=True))
    results: list[list[SymbolicTensor]] = []
    for described in config["inputs"]:
        start = layers.get(described["name"])
        if not isinstance(start, InputLayer):
            start = InputLayer(tuple(described["shape"]), dtype=described["dtype"])
        results.append([start.output])
    for node in config["nodes"]:
        if node["layer"] not in layers:
            raise ValueError(f"nodes: there is no layer {node['layer']!r}; there are {list(layers)}")
        options = undescribed(node["options"], results)
        result = layers[node["layer"]](undescribed(node["x"], results), **options)
        results.append(tensors_in(result))
    inputs: Any = [tensors[0] for tensors in results[: len(config["inputs"])]]
    if config["input_keys"] is not None:
        inputs = dict(zip(config["input_keys"], inputs, strict=True))
    return inputs, undescribed(config["outputs"], results)
