"""Configurations of the program's own classes as JSON, from which the same values come back.

What JSON holds is kept as it is. A tuple, an array, a dictionary with other keys than strings, an object of
fastnn or a registered one, and a function with a name are each replaced by a dictionary of one entry, whose
key says which:

>>> described_config({"shape": (2, 3), "units": 4}, "Example")
{'shape': {'__tuple__': [2, 3]}, 'units': 4}
>>> restored_config(_)
{'shape': (2, 3), 'units': 4}
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from .objects import all_registries, deserialized, serialized

__all__ = ["described_config", "restored_config"]

_TUPLE, _PAIRS, _OBJECT = "__tuple__", "__pairs__", "__object__"


def described_config(config: Mapping[Any, Any], owner: str) -> dict[str, Any]:
    """Return a configuration as JSON can hold it.

    Parameters
    ----------
    config : dict
        What `get_config` of a class of the program returned.
    owner : str
        What errors call the object.

    Raises
    ------
    TypeError
        If a value cannot be described; the error says where it is.
    """
    if any(not isinstance(name, str) for name in config):
        raise TypeError(f"{owner}: expected get_config() to return a dict by names, got {config!r:.200}")
    return {name: _described(value, f"{owner}: {name}") for name, value in config.items()}


def restored_config(config: Mapping[str, Any]) -> dict[str, Any]:
    """Return the configuration that `described_config` got."""
    return {name: _restored(value) for name, value in config.items()}


def _described(value: Any, where: str) -> Any:
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, (str, bool, int, float)):
        return value
    if isinstance(value, list):
        return [_described(entry, f"{where}[{i}]") for i, entry in enumerate(value)]
    if isinstance(value, tuple):
        return {_TUPLE: [_described(entry, f"{where}[{i}]") for i, entry in enumerate(value)]}
    if isinstance(value, Mapping):
        if all(isinstance(key, str) for key in value) and not _is_mark(value):
            return {key: _described(entry, f"{where}[{key!r:.80}]") for key, entry in value.items()}
        pairs = value.items()
        return {_PAIRS: [[_described(k, where), _described(v, f"{where}[{k!r:.80}]")] for k, v in pairs]}
    try:
        return {_OBJECT: serialized(value, all_registries())}
    except TypeError as error:
        raise TypeError(f"{where}: {error}") from None


def _restored(value: Any) -> Any:
    if isinstance(value, list):
        return [_restored(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if not _is_mark(value):
        return {key: _restored(entry) for key, entry in value.items()}
    [(mark, held)] = value.items()
    if mark == _OBJECT:
        return deserialized(held, all_registries())
    if mark == _TUPLE:
        return tuple(_restored(held))
    return {_restored(key): _restored(entry) for key, entry in held}


def _is_mark(value: Mapping[Any, Any]) -> bool:
    return len(value) == 1 and next(iter(value)) in (_TUPLE, _PAIRS, _OBJECT)
