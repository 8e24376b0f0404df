"""Objects as plain data and back, for the configurations of the program's own layers."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..custom_objects import CustomObjectScope, custom_name, get_registered_object

if TYPE_CHECKING:
    from ..registry import Registry

__all__ = ["deserialize_keras_object", "deserialized", "serialize_keras_object", "serialized"]


def _registries() -> dict[str, Registry[Any]]:
    """Return the registries of all kinds of objects that a configuration can describe."""
    from .. import initializers, layers, losses, metrics, optimizers, regularizers
    from ..layers.base import cell

    kinds = (layers, cell, losses, metrics, optimizers, initializers, regularizers)
    return {module.registry.kind: module.registry for module in kinds}


def serialize_keras_object(obj: Any) -> Any:
    """Return an object as plain data, which JSON can hold.

    Parameters
    ----------
    obj : object
        A layer, loss, metric, optimizer, initializer or the like, a function with a name, a number, string or
        None, or lists and dictionaries of these.

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
    return serialized(obj, _registries())


def deserialize_keras_object(
    config: Any, custom_objects: Mapping[str, Any] | None = None, safe_mode: bool = True
) -> Any:
    """Return an object from what `serialize_keras_object` returned.

    Parameters
    ----------
    config : object
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
        return deserialized(config, _registries())


def serialized(value: Any, registries: Mapping[str, Registry[Any]]) -> Any:
    """Return a value as plain data: names and objects of these registries, in lists and dictionaries."""
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, (list, tuple)):
        return [serialized(entry, registries) for entry in value]
    if isinstance(value, Mapping):
        return {name: serialized(entry, registries) for name, entry in value.items()}
    for kind, registry in registries.items():
        if isinstance(value, registry.base):
            return {"kind": kind} | registry.serialize(value)
    if not callable(value) or not hasattr(value, "__name__"):
        raise TypeError(f"{value!r:.200} cannot be described by a config")
    return {"class_name": "function", "config": custom_name(value)}


def deserialized(value: Any, registries: Mapping[str, Registry[Any]]) -> Any:
    """Return a value from what `serialized` returned."""
    if isinstance(value, list):
        return [deserialized(entry, registries) for entry in value]
    if not isinstance(value, dict):
        return value
    if "class_name" not in value:
        return {name: deserialized(entry, registries) for name, entry in value.items()}
    if value["class_name"] == "function":
        found = get_registered_object(value["config"])
        if found is None or isinstance(found, type):
            raise ValueError(f"function: unknown name {value['config']!r:.200}")
        return found
    if value.get("kind") not in registries:
        raise ValueError(f"kind: expected one of {', '.join(registries)}, got {value.get('kind')!r:.80}")
    return registries[value["kind"]].deserialize(value)
