"""What a program notes about its models, such as classes, thresholds and versions: values of JSON.

They belong to the model, so each way to save or copy it takes them along.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from math import isfinite
from typing import Any

import numpy as np

from .errors import ModelFileError
from .names import inner_models

__all__ = ["checked_metadata", "get_metadata", "set_metadata"]

MOST_BYTES = 1_000_000  # as JSON
_DEPTH = 50  # of lists and dictionaries in each other


def checked_metadata(value: Any) -> Any:
    """Return a copy of metadata, as reading them from a file gives it.

    Parameters
    ----------
    value : None, bool, int, float, str, or list or dict of them
        The keys of a dict are strings. Numbers and arrays of NumPy become those of Python, tuples lists.

    Raises
    ------
    TypeError
        If something in it is none of these; the error says where it is.
    ValueError
        If a number is not finite, or all together is nested too deeply or takes more than a megabyte.

    Examples
    --------
    >>> import numpy as np
    >>> checked_metadata({"classes": ("cat", "dog"), "threshold": np.float64(0.4)})
    {'classes': ['cat', 'dog'], 'threshold': 0.4}
    """
    made = _plain(value, "metadata", 0)
    size = len(json.dumps(made))
    if size > MOST_BYTES:
        raise ValueError(f"metadata: expected at most {MOST_BYTES} bytes as JSON, got {size}")
    return made


def _plain(value: Any, where: str, depth: int) -> Any:
    if isinstance(value, (np.generic, np.ndarray)):
        value = value.tolist()
    if value is None or isinstance(value, bool):
        return value
    if isinstance(value, float) and not isfinite(value):
        raise ValueError(f"{where}: expected a finite number, got {value!r}")
    for kind in (str, int, float):
        if isinstance(value, kind):
            return kind(value)
    if not isinstance(value, (list, tuple, Mapping)):
        raise TypeError(
            f"{where}: expected None, bool, a number, a string, or a list or dict of them, got {value!r:.80}"
        )
    if depth == _DEPTH:
        raise ValueError(f"metadata: expected lists and dicts in each other {_DEPTH} deep or less")
    if not isinstance(value, Mapping):
        return [_plain(entry, f"{where}[{i}]", depth + 1) for i, entry in enumerate(value)]
    made = {}
    for key, entry in value.items():
        if not isinstance(key, str):
            raise TypeError(f"{where}: expected strings as keys, got {key!r:.80}")
        made[str(key)] = _plain(entry, f"{where}[{key!r:.80}]", depth + 1)
    return made


def get_metadata(model: Any) -> dict[str, Any]:
    """Return the metadata of a model, under "", and of models inside, by structure, where there are any."""
    models = [("", model), *inner_models(model)]
    return {
        structure: checked_metadata(found._metadata)
        for structure, found in models
        if found._metadata is not None
    }


def set_metadata(model: Any, metadata: Any) -> None:
    """Set the metadata of a model and of those inside to what `get_metadata` returned.

    Raises
    ------
    ModelFileError
        If there is no such model inside.
    """
    models = {"": model} | dict(inner_models(model))
    for structure, value in metadata.items():
        if structure not in models:
            raise ModelFileError(f"metadata: it has no model {structure!r:.80} inside")
        models[structure]._metadata = checked_metadata(value)
