"""Backups of a training: the model's weights and state, and where its `fit` is."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .container import ModelFileError, Path, read, write
from .models import fitting, refusing, weights_of
from .names import named_weights
from .state import RESERVED, get_state, set_state

__all__ = ["backup", "restore", "set_backup"]

_START = f"{RESERVED}progress/"


def backup(model: Any, path: Path) -> None:
    """Write where the training of a model is, during a `fit`.

    Parameters
    ----------
    model : Model
    path : str, path or binary file object

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    document, tensors = weights_of(model)
    state, kept = get_state(model)
    tensors |= kept
    progress = _without_arrays(model._progress.get_state(), tensors)
    write(path, document | {"kind": "backup", "state": state, "progress": progress}, tensors)


def restore(model: Any, path: Path) -> dict[str, Any]:
    """Bring a model that begins a `fit` to where `backup` has found another; return what it was.

    Raises
    ------
    ModelFileError
        If it is no backup as it was written, or that of another model.
    """
    document, tensors = read(path)
    with refusing(path):
        if document["kind"] != "backup":
            raise ModelFileError(
                f"expected a backup of a training, got a file of the kind {document['kind']!r}"
            )
        names = [(name, structure) for name, structure in document["weights"]]
        report = fitting(named_weights(model), names, tensors, "structure")
        if report.differs:
            raise ModelFileError(f"it is the backup of another model: {report}")
        found = document | {"tensors": tensors, "progress": _with_arrays(document["progress"], tensors)}
        set_backup(model, found)
    return found


def set_backup(model: Any, found: dict[str, Any]) -> None:
    """Bring a model to what `restore` returned, once more."""
    stored = {structure: found["tensors"][name] for name, structure in found["weights"]}
    for weight in named_weights(model):
        weight.variable.assign(stored[weight.structure])
    set_state(model, found["state"], found["tensors"], True)
    model._progress.set_state(found["progress"])


def _without_arrays(value: Any, tensors: dict[str, NDArray[Any]]) -> Any:
    """Return a value with the names of tensors in the place of its arrays."""
    if isinstance(value, np.ndarray):
        name = f"{_START}{len(tensors)}"
        tensors[name] = value
        return {"tensor": name}
    if isinstance(value, dict):
        return {name: _without_arrays(entry, tensors) for name, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_arrays(entry, tensors) for entry in value]
    return value.item() if isinstance(value, np.generic) else value


def _with_arrays(value: Any, tensors: dict[str, NDArray[Any]]) -> Any:
    """Return a value with its arrays in the place of their names."""
    if isinstance(value, dict):
        if value.keys() == {"tensor"}:
            return tensors[value["tensor"]]
        return {name: _with_arrays(entry, tensors) for name, entry in value.items()}
    if isinstance(value, list):
        return [_with_arrays(entry, tensors) for entry in value]
    return value
