"""Operators of symbolic tensors as operations of Keras, for its files."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .operation_table import ARITHMETIC, COMPARISONS, FUNCTIONS, REDUCTIONS

__all__ = ["operation_arguments", "operation_of"]

_BINARY = {name: keras for keras, name in (ARITHMETIC | COMPARISONS).items()}
_FUNCTIONS = {name: keras for keras, name in FUNCTIONS.items()} | {"rint": "Round"}
_REDUCTIONS = {name: keras for keras, name in REDUCTIONS.items()}

# Of functions with arguments: the operation, and from an argument here to that there.
_WITH_ARGUMENTS: dict[str, tuple[str, dict[str, str | None]]] = {
    "argmax": ("Argmax", {"axis": "axis", "keepdims": "keepdims"}),
    "argmin": ("Argmin", {"axis": "axis", "keepdims": "keepdims"}),
    "cumsum": ("Cumsum", {"axis": "axis"}),
    "clip": ("Clip", {"minimum": "x_min", "maximum": "x_max"}),
    "pad": ("Pad", {"widths": "pad_width", "mode": "mode", "value": None}),
    "stack": ("Stack", {"axis": "axis"}),
    "take": ("Take", {"axis": "axis"}),
    **{name: (keras, {"axis": "axis", "keepdims": "keepdims"}) for name, keras in _REDUCTIONS.items()},
}
_MODULES = {"Gelu": "nn", "Erf": "math", "Logsumexp": "math", "StopGradient": "core"}


def operation_of(described: dict[str, Any]) -> dict[str, Any] | None:
    """Return the operation of Keras that does what a layer does, without its calls, or None."""
    name, config = described["class_name"], described["config"]
    found: tuple[str, dict[str, Any]] | None = None
    if name in ("Arithmetic", "Comparison"):
        found = _BINARY[config["operation"]], {}
    elif name in ("Absolute", "GetItem", "MatMul"):
        found = name.capitalize() if name == "MatMul" else name, {}
    elif name == "Activation" and isinstance(config["activation"], dict):
        bound = config["activation"]
        found = ("Gelu", bound["parameters"]) if bound["name"] == "gelu" else None
    elif name == "TensorFunction":
        found = _function(config["function"], config["arguments"])
    if found is None:
        return None
    module = f"keras.src.ops.{_MODULES.get(found[0], 'numpy')}"
    arguments = {"name": config["name"]} | found[1]
    return {"module": module, "class_name": found[0], "config": arguments, "registered_name": found[0]}


def _function(name: str, arguments: dict[str, Any]) -> tuple[str, dict[str, Any]] | None:
    if name in _FUNCTIONS:
        return _FUNCTIONS[name], {}
    keras, names = _WITH_ARGUMENTS.get(name, ("", {}))
    if not keras or not arguments.keys() <= names.keys():
        return None
    found = {there: value for here, value in arguments.items() if (there := names[here]) is not None}
    if name in ("argmax", "argmin"):
        found.setdefault("keepdims", True)
    return keras, found


def operation_arguments(described: dict[str, Any], x: Any, tensor: Callable[[Any], Any]) -> dict[str, Any]:
    """Return the arguments of a call of an operation.

    Parameters
    ----------
    described : dict
        The layer of fastnn.
    x : dict, or list of them
        The tensors that it is called on.
    tensor : callable
        Describes a tensor as Keras does.
    """
    name, config = described["class_name"], described["config"]
    tensors = [tensor(entry) for entry in (x if isinstance(x, list) else [x])]
    if name == "GetItem":
        return {"args": [tensors[0], [_key(entry) for entry in config["key"]]], "kwargs": {}}
    if name == "TensorFunction":
        operands = config["operands"]
        if operands is not None:
            waiting = iter(tensors)
            tensors = [next(waiting) if c is None else _constant(c, config["dtype"]) for c in operands]
        several = config["function"] == "stack"
        value = config["arguments"].get("value")
        return {
            "args": [tensors] if several else tensors,
            "kwargs": {"constant_values": value} if value else {},
        }
    if config.get("constant") is not None:
        tensors.insert(0 if config["reverse"] else 1, _constant(config["constant"], config["dtype"]))
    return {"args": tensors, "kwargs": {}}


def _constant(value: Any, dtype: str | None) -> Any:
    """Return a number as it is, and nested lists as an array: of the layer's dtype, or of whole numbers."""
    if not isinstance(value, list):
        return value
    array = np.asarray(value)
    if array.dtype.kind == "f":
        name = dtype or "float32"
    else:
        name = "int32" if np.array_equal(array, array.astype(np.int32)) else "int64"
    return {"class_name": "__numpy__", "config": {"value": value, "dtype": name}}


def _key(entry: Any) -> Any:
    if isinstance(entry, list):
        bounds = dict(zip(("start", "stop", "step"), entry, strict=True))
        return {"class_name": "__slice__", "config": bounds}
    return {"class_name": "__ellipsis__", "config": {}} if entry == "..." else entry
