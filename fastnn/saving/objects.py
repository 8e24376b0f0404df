"""Objects as plain data and back, for the configurations of the program's own layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..activations import Activation, AxisActivation, WrittenActivation
from ..activations import get as get_activation
from ..activations import serialize as serialize_activation
from ..custom_objects import (
    CustomObjectScope,
    custom_name,
    function_config,
    function_of_config,
    get_registered_name,
    get_registered_object,
)

if TYPE_CHECKING:
    from ..registry import Registry

__all__ = [
    "all_registries",
    "deserialize_keras_object",
    "deserialized",
    "serialize_keras_object",
    "serialized",
]


# Dtypes of arrays in configurations. A size of strings is not among them: it would be one of memory.
_DTYPES = (
    *("bool", "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "uint64"),
    *("float16", "float32", "float64", "str"),
)


def all_registries() -> dict[str, Registry[Any]]:
    """Return the registries of all kinds of objects that a configuration can describe."""
    from .. import constraints, initializers, layers, losses, metrics, optimizers, regularizers
    from ..layers.base import cell
    from ..optimizers import schedules

    kinds = (
        *(layers, cell, losses, metrics, optimizers, schedules),
        *(initializers, regularizers, constraints),
    )
    return {module.registry.kind: module.registry for module in kinds}


def serialize_keras_object(obj: Any) -> Any:
    """Return an object as plain data, which JSON can hold.

    Parameters
    ----------
    obj : object
        A layer, loss, metric, optimizer, initializer or the like, an object of a registered class, a function
        with a name, an array, a number, string or None, or lists, tuples and dictionaries of these.

    Returns
    -------
    object
        For an object ``{"kind": ..., "class_name": ..., "config": ...}``; functions are only named.

    Raises
    ------
    TypeError
        If it cannot be described.

    Examples
    --------
    >>> import fastnn
    >>> config = serialize_keras_object(fastnn.regularizers.L2(0.5))
    >>> config["kind"], deserialize_keras_object(config).l2
    ('regularizer', 0.5)
    """
    return serialized(obj, all_registries())


def deserialize_keras_object(
    config: Any, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool = True
) -> Any:
    """Return an object from what `serialize_keras_object` returned.

    Parameters
    ----------
    config : object
        What `serialize_keras_object` returned.
    custom_objects : dict, optional
        The program's own classes and functions, by name.
    safe_mode : bool, default True
        Ignored; kept for Keras compatibility: there is no unsafe mode.

    Raises
    ------
    ValueError
        If the class or function is unknown.

    Examples
    --------
    >>> import fastnn
    >>> config = fastnn.saving.serialize_keras_object(fastnn.losses.Huber(delta=2.0))
    >>> fastnn.saving.deserialize_keras_object(config).get_config()["delta"]
    2.0
    """
    with CustomObjectScope(custom_objects):
        return deserialized(config, all_registries())


def serialized(value: Any, registries: Mapping[str, Registry[Any]]) -> Any:
    """Return a value as plain data: names and objects of these registries, in lists and dictionaries."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, (list, tuple)):
        entries = [serialized(entry, registries) for entry in value]
        return tuple(entries) if isinstance(value, tuple) else entries
    if isinstance(value, np.generic):
        return serialized(value.item(), registries)
    if isinstance(value, np.ndarray):
        return _serialized_array(value)
    if isinstance(value, Mapping):
        return {name: serialized(entry, registries) for name, entry in value.items()}
    for kind, registry in registries.items():
        if isinstance(value, registry.base):
            return {"kind": kind} | registry.serialize(value)
    if isinstance(value, (Activation, AxisActivation)):
        return {"class_name": "activation", "config": serialize_activation(value)}
    if isinstance(value, WrittenActivation):
        return function_config(value.function)
    cls = type(value)
    if get_registered_object(get_registered_name(cls)) is cls:
        from .values import described_config

        return {"class_name": custom_name(cls), "config": described_config(value.get_config(), cls.__name__)}
    if isinstance(value, type) or not callable(value) or not hasattr(value, "__name__"):
        raise TypeError(f"{value!r:.200} cannot be described by a config")
    return function_config(value)


def _serialized_array(array: NDArray[Any]) -> dict[str, Any]:
    dtype = "str" if array.dtype.kind == "U" else array.dtype.name
    if dtype not in _DTYPES:
        raise TypeError(f"an array of the dtype {array.dtype} cannot be described by a config")
    shape = {} if array.size else {"shape": list(array.shape)}
    return {"class_name": "__numpy__", "config": {"value": array.tolist(), "dtype": dtype} | shape}


def _deserialized_array(config: Any) -> NDArray[Any]:
    if not isinstance(config, dict) or config.get("dtype") not in _DTYPES:
        raise ValueError(f"array: expected {{'value': numbers, 'dtype': name}}, got {config!r:.80}")
    array = np.array(config["value"], config["dtype"])
    return array if array.size else array.reshape(config["shape"])


def deserialized(value: Any, registries: Mapping[str, Registry[Any]]) -> Any:
    """Return a value from what `serialized` returned."""
    if isinstance(value, (list, tuple)):
        entries = [deserialized(entry, registries) for entry in value]
        return tuple(entries) if isinstance(value, tuple) else entries
    if not isinstance(value, dict):
        return value
    if "class_name" not in value:
        return {name: deserialized(entry, registries) for name, entry in value.items()}
    name = value["class_name"]
    if name == "function":
        return function_of_config(value)
    if name == "activation":
        return get_activation(value["config"])
    if name == "__numpy__":
        return _deserialized_array(value["config"])
    if (
        "kind" not in value
        and isinstance(name, str)
        and isinstance(found := get_registered_object(name), type)
    ):
        from .values import restored_config

        made: Any = found
        return made.from_config(restored_config(value["config"]))
    if value.get("kind") not in registries:
        raise ValueError(f"kind: expected one of {', '.join(registries)}, got {value.get('kind')!r:.80}")
    return registries[value["kind"]].deserialize(value)
