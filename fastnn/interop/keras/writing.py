"""Configurations of models as Keras 3 reads them."""

from __future__ import annotations

from typing import Any

from ... import layers as layer_module
from ...layers.base.sharing import shared_id
from ...saving.configurations import model_config
from .operations import is_operation
from .operators import operation_arguments, operation_of

__all__ = ["keras_model", "keras_object", "operations_in"]

_MODULES = {
    "initializer": "keras.initializers",
    "regularizer": "keras.regularizers",
    "constraint": "keras.constraints",
    "learning_rate": "keras.optimizers.schedules",
}

_LAYER_ARGUMENTS = ("layer", "backward_layer", "cell", "cells")
_CELLS = ("LSTMCell", "GRUCell", "SimpleRNNCell", "StackedRNNCells")

# Arguments that layers of Keras do not take, beside those of which they have no counterpart at all.
_LACKS = {
    "SpatialDropout1D": ("trainable",),
    "SpatialDropout2D": ("trainable",),
    "Discretization": ("trainable",),
}


def keras_model(model: Any) -> dict[str, Any]:
    """Return the configuration of a model.

    Raises
    ------
    TypeError
        If Keras has no such layer.
    """
    return _layer(model_config(model), model)


def operations_in(described: dict[str, Any]) -> list[str]:
    """Return the names of the operations in a configuration that `keras_model` has made."""
    layers = described["config"].get("layers", [])
    own = [layer["name"] for layer in layers if is_operation(layer)]
    return own + [name for layer in layers for name in operations_in(layer)]


def _layer(described: dict[str, Any], layer: Any) -> dict[str, Any]:
    """Return the configuration of a layer, with the layer itself, whose calls have shapes."""
    name, config = described["class_name"], described["config"]
    shared = shared_id(described)
    if name == "Sequential":
        return _model("Sequential", config, layer) | shared
    if name == "Model":
        return _model("Functional", config, layer) | {"module": "keras.src.models.functional"} | shared
    inner = {argument: _inner_layer(layer, argument) for argument in _LAYER_ARGUMENTS}
    return keras_object(described, "keras.layers", f"layer {config.get('name', name)!r}", inner) | shared


def _inner_layer(layer: Any, argument: str) -> Any:
    if argument == "layer" and hasattr(layer, "forward_layer"):
        return layer.forward_layer
    return getattr(layer, argument, None)


def _model(name: str, config: dict[str, Any], model: Any) -> dict[str, Any]:
    made: dict[str, Any] = {"name": config["name"], "trainable": config["trainable"]}
    by_name = {layer.name: layer for layer in model._sublayers}
    operation = operation_of if "nodes" in config else lambda entry: None
    made["layers"] = [
        operation(entry) or _layer(entry, by_name.get(entry["config"]["name"])) for entry in config["layers"]
    ]
    if "nodes" in config:
        made |= _calls(config, made["layers"], model)
    else:
        made["build_input_shape"] = config["build_input_shape"]
    return {"module": "keras", "class_name": name, "config": made, "registered_name": None}


def _calls(config: dict[str, Any], layers: list[dict[str, Any]], model: Any) -> dict[str, Any]:
    """Add the calls of layers to them, and return the inputs and outputs of the graph."""
    graph = model._graph
    entries = {layer["config"]["name"]: layer | {"name": layer["config"]["name"]} for layer in layers}
    places: list[tuple[str, int]] = []
    tensors = [[tensor] for tensor in graph.inputs] + [list(node.outputs) for node in graph.nodes]
    for start in config["inputs"]:
        places.append((start["name"], 0))

    def history(value: dict[str, int]) -> list[Any]:
        return [*places[value["node"]], value["output"]]

    def described(value: Any) -> Any:
        if isinstance(value, dict) and set(value) == {"node", "output"}:
            tensor = tensors[value["node"]][value["output"]]
            made = {"shape": list(tensor.shape), "dtype": tensor.dtype, "keras_history": history(value)}
            return {"class_name": "__keras_tensor__", "config": made}
        if isinstance(value, dict) and set(value) == {"tuple"}:
            return described(value["tuple"])
        if isinstance(value, dict):
            return {key: described(entry) for key, entry in value.items()}
        return [described(entry) for entry in value] if isinstance(value, list) else value

    def ends(value: Any) -> Any:
        if isinstance(value, dict) and set(value) == {"node", "output"}:
            return history(value)
        if isinstance(value, dict) and set(value) == {"tuple"}:
            return ends(value["tuple"])
        if isinstance(value, dict):
            return {key: ends(entry) for key, entry in value.items()}
        return [ends(entry) for entry in value]

    for entry in entries.values():
        entry["inbound_nodes"] = []
    own = {entry["config"]["name"]: entry for entry in config["layers"]}
    for node in config["nodes"]:
        entry = entries[node["layer"]]
        nodes = entry["inbound_nodes"]
        if is_operation(entry):
            nodes.append(operation_arguments(own[node["layer"]], node["x"], described))
        else:
            nodes.append({"args": [described(node["x"])], "kwargs": described(node["options"])})
        places.append((node["layer"], len(nodes) - 1))
    return {
        "layers": list(entries.values()),
        "input_layers": ends(config["input_structure"]),
        "output_layers": ends(config["outputs"]),
    }


def keras_object(
    described: dict[str, Any], module: str, where: str, inner: dict[str, Any] | None = None
) -> dict[str, Any]:
    """Return the configuration of an object.

    Parameters
    ----------
    described : dict
        Class and arguments.
    module : str
        Of Keras, where the class is.
    where : str
        What errors call the object.
    inner : dict, optional
        Layers that it has as arguments, by name.

    Raises
    ------
    TypeError
        If Keras has no such class.
    """
    name, config = described["class_name"], described["config"]
    package, _, plain = name.rpartition(">")
    if package:
        return {"module": None, "class_name": plain, "config": config, "registered_name": name}
    if name == "function":
        return {
            "module": "builtins",
            "class_name": name,
            "config": config.rpartition(">")[2],
            "registered_name": config,
        }
    if (
        module == "keras.layers"
        and name not in _CELLS
        and (name == "Lambda" or not hasattr(layer_module, name))
    ):
        raise TypeError(
            f"{where}: Keras has no class {name!r}; a file with another ending, such as .fastnn, keeps it"
        )
    if name == "InputLayer":
        config = dict(config)
        config["batch_shape"] = [config.pop("batch_size"), *config.pop("shape")]
    made = {
        argument: _value(value, argument, where, (inner or {}).get(argument))
        for argument, value in config.items()
        if argument not in _LACKS.get(name, ())
    }
    return {"module": module, "class_name": name, "config": made, "registered_name": None}


def _value(value: Any, argument: str, where: str, layer: Any) -> Any:
    if isinstance(value, list):
        parts = layer if isinstance(layer, list) else [None] * len(value)
        return [_value(entry, argument, where, part) for entry, part in zip(value, parts, strict=True)]
    if isinstance(value, dict) and value.keys() == {"name", "parameters"}:
        raise TypeError(
            f"{where}: {argument}: Keras' files do not keep arguments of functions, {value['parameters']} of "
            f"{value['name']!r}; layers such as LeakyReLU keep them"
        )
    if not isinstance(value, dict) or "class_name" not in value:
        return value
    if argument in _LAYER_ARGUMENTS:
        return _layer(value, layer)
    module = next((module for end, module in _MODULES.items() if argument.endswith(end)), "keras.layers")
    return keras_object(value, module, f"{where}: {argument}")
