"""Layers that a configuration has in several places, such as one of two models inside of a model.

All their descriptions have the same number, "shared_object_id", as in Keras, and one layer is made of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple

from ...registry import Registry

if TYPE_CHECKING:
    from .layer import Layer

_ID = "shared_object_id"


class _Description(NamedTuple):
    """A layer, which is kept so that no other has its id, its number, and what first described it."""

    layer: Layer
    number: int
    first: dict[str, Any]


_described: ContextVar[dict[int, _Description] | None] = ContextVar("described", default=None)
_made: ContextVar[dict[tuple[Any, ...], Layer] | None] = ContextVar("made", default=None)


@contextmanager
def _table_of_one_model(table: ContextVar[Any]) -> Iterator[Any]:
    if (entries := table.get()) is not None:  # this is a part of what is written or read
        yield entries
        return
    token = table.set(entries := {})
    try:
        yield entries
    finally:
        table.reset(token)


def describing_shared_layers() -> AbstractContextManager[dict[int, _Description]]:
    """Return a context in which the descriptions of a layer say that they are those of one layer."""
    return _table_of_one_model(_described)


def making_shared_layers() -> AbstractContextManager[dict[tuple[Any, ...], Layer]]:
    """Return a context in which one layer is made of descriptions that say so."""
    return _table_of_one_model(_made)


def shared_id(described: Mapping[str, Any]) -> dict[str, Any]:
    """Return the number in a description of a layer, or nothing if it is in no other place."""
    return {_ID: described[_ID]} if _ID in described else {}


class LayerRegistry(Registry["Layer"]):
    """The table of layers, which keeps a layer one layer in the configuration of a model."""

    def serialize(self, obj: Any) -> Any:
        """Return the config of a layer; see `Registry.serialize`."""
        with describing_shared_layers() as described:
            config = super().serialize(obj)
            if config is not None:
                found = described.setdefault(id(obj), _Description(obj, len(described), config))
                if found.first is not config:
                    found.first[_ID] = config[_ID] = found.number
        return config

    def deserialize(self, config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
        """Return the layer that a config describes; see `Registry.deserialize`."""
        key = _key(config)
        with making_shared_layers() as made:
            if key in made:
                return made[key]
            layer = super().deserialize(config, custom_objects)
            if key is not None:
                made[key] = layer
            return layer


def _key(config: Any) -> tuple[Any, ...] | None:
    """Return what tells a layer that is in several places from others, if a description is that of one."""
    number = config.get(_ID) if isinstance(config, Mapping) else None
    arguments = config.get("config") if isinstance(number, int) else None
    if not isinstance(arguments, dict):
        return None
    key = number, config.get("class_name"), arguments.get("name")
    return key if all(isinstance(part, str) for part in key[1:]) else None
