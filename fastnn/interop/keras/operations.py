"""Operations of Keras on symbolic tensors, which its files list among the layers.

``x + y``, ``x[:, 0]`` and `keras.ops.mean(x, 1)` are calls of operations, whose arguments may be constants.
Each of a closed table is read as a layer of fastnn.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...saving.errors import ModelFileError
from .operation_table import OPERANDS, OPERATIONS, Call, Made

if TYPE_CHECKING:
    from .config import Translation

__all__ = ["is_operation", "operation_layer"]


def is_operation(described: Any) -> bool:
    """Return whether a description is that of an operation of Keras; `.h5` files do not say modules."""
    if not isinstance(described, dict):
        return False
    if "module" in described:
        return "ops" in str(described["module"]).split(".")
    name, config = described.get("class_name"), described.get("config")
    known = isinstance(name, str) and name in OPERATIONS
    return known and isinstance(config, dict) and "trainable" not in config


def operation_layer(
    described: dict[str, Any], where: str, translation: Translation
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the configuration of the layer that does what an operation does, and calls of it.

    Parameters
    ----------
    described : dict
        What Keras says of the operation and its calls.
    where : str
        What errors call the model.
    translation : Translation
        Where problems are noted.
    """
    name, config = described.get("class_name"), described.get("config")
    nodes = described.get("inbound_nodes")
    if not isinstance(config, dict) or not isinstance(nodes, list) or not isinstance(name, str):
        raise ModelFileError(f"{where}: expected an operation with its calls, got {described!r:.80}")
    where = f"{where}operation {config.get('name')!r:.80} ({name:.80})"
    make, made, calls = OPERATIONS.get(name), list[Made](), []
    if make is None:
        translation.refuse(where, "it has no counterpart; make a layer of your own of it, or do it in NumPy")
    for node in nodes:
        try:
            tensors, call = _parsed(node, config)
            calls.append({"args": [tensors if len(tensors) > 1 else tensors[0]], "kwargs": {}})
            if make is not None:
                expected = OPERANDS.get(name, 1)
                if expected not in (None, len(call.operands)):
                    raise ValueError(f"expected {expected} operands, got {len(call.operands)}")
                made.append(make(call))
        except ValueError as error:
            translation.refuse(where, str(error))
    if any(entry != made[0] for entry in made):
        translation.refuse(where, "it is called with several constants")
    kind, arguments = made[0] if made else ("Identity", {})
    layer = {"class_name": kind, "config": {"name": config.get("name")} | arguments}
    return layer, {"config": config, "inbound_nodes": calls}


def _parsed(node: Any, config: dict[str, Any]) -> tuple[list[Any], Call]:
    """Return the tensors of a call, as Keras describes them, and the rest of it."""
    args, kwargs = (node.get("args"), node.get("kwargs", {})) if isinstance(node, dict) else (None, None)
    if not isinstance(args, list) or not isinstance(kwargs, dict) or not args:
        raise ValueError(f"expected a call with args, got {node!r:.80}")
    values = args[0] if isinstance(args[0], list) and len(args) == 1 else args
    tensors = [value for value in values if _is_tensor(value)]
    if not tensors:
        raise ValueError(f"expected a call on tensors, got {node!r:.80}")
    operands = [None if _is_tensor(value) else _constant(value) for value in values]
    return tensors, Call(config | kwargs, operands, [_shape(tensor) for tensor in tensors])


def _is_tensor(value: Any) -> bool:
    return isinstance(value, dict) and value.get("class_name") == "__keras_tensor__"


def _shape(tensor: dict[str, Any]) -> list[int | None]:
    config = tensor.get("config")
    shape = config.get("shape") if isinstance(config, dict) else None
    if not isinstance(shape, list) or not shape or not all(n is None or isinstance(n, int) for n in shape):
        raise ValueError(f"expected the shape of a tensor, got {shape!r:.80}")
    return shape


def _constant(value: Any) -> Any:
    """Return a constant as an array, or a key as `GetItem` describes it."""
    if isinstance(value, dict) and value.get("class_name") in ("__numpy__", "__tensor__"):
        config = value.get("config")
        value = config.get("value") if isinstance(config, dict) else None
    if not _is_key(value):
        try:
            array = np.asarray(value)
        except ValueError:  # of lists of several lengths
            array = np.asarray(None)
        if array.dtype.kind not in "fiub":
            raise ValueError(f"expected tensors and numbers, got {value!r:.80}")
        return array
    return _key_entry(value)


def _is_key(value: Any) -> bool:
    """Return whether an operand indexes a tensor: a slice, `...` or None, or a list with one of them."""
    if isinstance(value, list):
        return any(_is_key(entry) for entry in value if not isinstance(entry, list))
    return value is None or (
        isinstance(value, dict) and value.get("class_name") in ("__slice__", "__ellipsis__")
    )


def _key_entry(value: Any) -> Any:
    if isinstance(value, list):
        return [_key_entry(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if value.get("class_name") == "__ellipsis__":
        return "..."
    config = value.get("config")
    if not isinstance(config, dict):
        raise ValueError(f"expected the bounds of a slice, got {value!r:.80}")
    return [config.get(bound) for bound in ("start", "stop", "step")]
