"""Keras' graphs of calls, of today and of tf.keras 2, as fastnn describes them.

Keras lists the calls of each layer with the layer: ``["dense", 1, 0]`` is output 0 of its second call. fastnn
lists all calls in an order in which they can be made, and numbers them.
"""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any, NamedTuple

from ...custom_objects import get_registered_object
from ...saving.errors import ModelFileError
from ...saving.objects import all_registries

if TYPE_CHECKING:
    from .config import Translation

__all__ = ["graph_config"]


class _Call(NamedTuple):
    """A call of a layer; tensors in its arguments are references."""

    layer: str
    args: list[Any]
    kwargs: dict[str, Any]


class _Reference(NamedTuple):
    """An output of a call, as Keras names it."""

    layer: str
    call: int
    output: int


def graph_config(
    config: dict[str, Any],
    layers: list[dict[str, Any]],
    described_layers: list[dict[str, Any]],
    translation: Translation,
) -> dict[str, Any]:
    """Return the entries of a graph in the configuration of a model.

    Parameters
    ----------
    config : dict
        What Keras says of the model.
    layers : list of dict
        Its layers, translated.
    described_layers : list of dict
        The same as Keras describes them, with their calls.
    translation : Translation
        Where problems are noted.
    """
    calls: dict[tuple[str, int], _Call] = {}
    classes = {}
    for described, made in zip(described_layers, layers, strict=True):
        name = described.get("name") or described["config"]["name"]
        made["config"].setdefault("name", name)
        if made["class_name"] in ("Sequential", "Model"):
            made["config"]["name"] = name
        if name in classes:
            raise ModelFileError(f"layers: expected each name once, got {name!r:.80} twice")
        classes[name] = made["class_name"]
        nodes = described.get("inbound_nodes", [])
        first = 0
        if nodes and not isinstance(nodes[0], dict) and _starts_with_input(described):
            first = 1  # tf.keras counts the making of a nested model as its first call
        for i, node in enumerate(nodes, first):
            calls[name, i] = _call(name, node, made["class_name"])
    ends = {kind: _ends(config[f"{kind}_layers"]) for kind in ("input", "output")}
    places = {(found.layer, found.call): i for i, found in enumerate(_references(ends["input"]))}
    count = len(places)
    order = _order(calls, set(places))
    places |= {key: count + i for i, key in enumerate(order)}

    def placed(value: Any) -> Any:
        if isinstance(value, _Reference):
            if (value.layer, value.call) not in places:
                raise ModelFileError(f"there is no call {value.call} of layer {value.layer!r:.80}")
            return {"node": places[value.layer, value.call], "output": value.output}
        if isinstance(value, dict):
            return {key: placed(entry) for key, entry in value.items()}
        return [placed(entry) for entry in value] if isinstance(value, list) else value

    inputs = {made["config"].get("name"): made["config"] for made in layers}
    nodes = []
    for key in order:
        x, options = _arguments(calls[key], classes[key[0]], translation)
        nodes.append({"layer": key[0], "x": placed(x), "options": placed(options)})
    return {
        "layers": layers,
        "inputs": [
            {
                "name": found.layer,
                "shape": _of(inputs, found).get("shape"),
                "dtype": _of(inputs, found)["dtype"],
            }
            for found in _references(ends["input"])
        ],
        "input_structure": placed(ends["input"]),
        "nodes": nodes,
        "outputs": placed(ends["output"]),
    }


def _of(inputs: dict[str, Any], found: _Reference) -> dict[str, Any]:
    if "shape" not in inputs.get(found.layer, {}):
        raise ModelFileError(f"input_layers: {found.layer!r:.80} is no InputLayer")
    here: dict[str, Any] = inputs[found.layer]
    return here


def _starts_with_input(described: dict[str, Any]) -> bool:
    """Return whether a layer is a model whose first layer is an input."""
    config = described.get("config")
    layers = config.get("layers") if isinstance(config, dict) else None
    return isinstance(layers, list) and bool(layers) and layers[0].get("class_name") == "InputLayer"


def _call(layer: str, node: Any, class_name: str) -> _Call:
    """Return a call from what the layer's `inbound_nodes` say."""
    if isinstance(node, dict):
        args, kwargs = _with_references(node.get("args", [])), _with_references(node.get("kwargs", {}))
        if not isinstance(args, list) or not isinstance(kwargs, dict):
            raise ModelFileError(f"layer {layer!r:.80}: expected args and kwargs, got {node!r:.80}")
        return _Call(layer, args, kwargs)
    if isinstance(node, list) and node and isinstance(node[0], str):  # one tensor of a call on a dictionary
        node = [node]
    if not isinstance(node, list) or not all(_is_place(part[:3]) for part in node):
        raise ModelFileError(f"layer {layer!r:.80}: expected the tensors of a call, got {node!r:.80}")
    tensors = [_Reference(*part[:3]) for part in node]
    kwargs = {}
    for part in node:
        kwargs |= part[3] if len(part) > 3 else {}
    if class_name in ("RNN", "SimpleRNN", "LSTM", "GRU", "Bidirectional") and len(tensors) > 1:
        return _Call(layer, [tensors[0]], kwargs | {"initial_state": tensors[1:]})
    return _Call(layer, [tensors[0] if len(tensors) == 1 else tensors], kwargs)


def _is_place(value: Any) -> bool:
    return (
        isinstance(value, list) and len(value) == 3 and isinstance(value[0], str) and
        all(isinstance(number, int) for number in value[1:])
    )  # fmt: skip


def _with_references(value: Any) -> Any:
    """Return the arguments of a call with references in place of described tensors."""
    if isinstance(value, list):
        return [_with_references(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") == "__keras_tensor__":
        place = value.get("config", {}).get("keras_history")
        if not _is_place(place):
            raise ModelFileError(f"expected the place of a tensor, got {place!r:.80}")
        return _Reference(*place)
    if value.get("class_name") == "__tuple__":
        return _with_references(value.get("items", []))
    return {key: _with_references(entry) for key, entry in value.items()}


def _ends(value: Any) -> Any:
    """Return the inputs or outputs of a model, in their structure; one alone may be in a list in a list."""
    if _is_place(value):
        return _Reference(*value)
    if isinstance(value, dict):
        return {key: _ends(entry) for key, entry in value.items()}
    if not isinstance(value, list) or not value:
        raise ModelFileError(f"expected the places of tensors, got {value!r:.80}")
    return [_ends(entry) for entry in value]


def _references(value: Any) -> list[_Reference]:
    if isinstance(value, _Reference):
        return [value]
    if isinstance(value, dict):
        return _references(list(value.values()))
    return [found for entry in value for found in _references(entry)] if isinstance(value, list) else []


def _order(calls: dict[tuple[str, int], _Call], made: set[tuple[str, int]]) -> list[tuple[str, int]]:
    """Return the calls in an order in which each comes after those that it needs."""
    needs = {
        key: {(f.layer, f.call) for f in _references([call.args, call.kwargs])} - made
        for key, call in calls.items()
    }
    users: dict[tuple[str, int], list[tuple[str, int]]] = {}
    for key, needed in needs.items():
        for other in needed:
            users.setdefault(other, []).append(key)
    ready = deque(key for key, needed in needs.items() if not needed)
    order = []
    while ready:
        key = ready.popleft()
        order.append(key)
        for user in users.get(key, ()):
            needs[user].discard(key)
            if not needs[user]:
                ready.append(user)
    if len(order) < len(calls):
        stuck = sorted({key[0] for key in calls} - {key[0] for key in order})
        raise ModelFileError(
            f"layers need each other, or tensors that nothing makes: {', '.join(stuck):.200}"
        )
    return order


def _arguments(call: _Call, class_name: str, translation: Translation) -> tuple[Any, dict[str, Any]]:
    """Return the tensors that a call takes, and its options."""
    args, kwargs = list(call.args), dict(call.kwargs)
    if not args and kwargs:
        args = [kwargs.pop(next(iter(kwargs)))]
    if not args:
        raise ModelFileError(f"layer {call.layer!r:.80} is called on nothing")
    options = dict(zip(_option_names(class_name), args[1:], strict=False))
    if len(options) < len(args) - 1:
        translation.refuse(f"layer {call.layer!r}", f"{class_name} is called on {len(args)} arguments")
    options |= kwargs
    return args[0], {name: value for name, value in options.items() if value is not None}


def _option_names(class_name: str) -> list[str]:
    """Return the names of the arguments of a layer's call behind the first."""
    import inspect

    custom = get_registered_object(class_name)
    if custom is not None:
        return list(inspect.signature(custom.call).parameters)[2:]
    found = all_registries()["layer"]._find(class_name)
    return list(found._call_arguments) if found is not None else ["training", "mask"]
