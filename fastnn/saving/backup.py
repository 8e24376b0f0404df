"""Backups of a running `fit`: weights, the state of training, and the position in the data."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from .container import read, write
from .errors import ModelFileError, Path, wrapped_errors
from .names import named_weights
from .state import RESERVED, get_state, set_state
from .trainability import frozen_at_compile
from .weights import assign_weights, compare_weights, weight_names, weights_document

__all__ = ["apply_backup", "restore_backup", "write_backup"]

_PROGRESS = f"{RESERVED}progress/"


def write_backup(model: Any, path: Path) -> None:
    """Write the state of a model during a `fit`.

    Parameters
    ----------
    model : Model
    path : str, path or binary file object

    Raises
    ------
    OSError
        If the file cannot be written.
    """
    document, tensors = weights_document(model)
    state, state_tensors = get_state(model)
    tensors |= state_tensors
    progress = _without_arrays(model._progress.get_state(), tensors)
    write(path, document | {"kind": "backup", "state": state, "progress": progress}, tensors)


def restore_backup(model: Any, path: Path) -> dict[str, Any]:
    """Restore the state that `write_backup` has saved, at the beginning of a `fit`; return the backup.

    Raises
    ------
    ModelFileError
        If the file is no backup or has been altered, or if it is that of another model or of a training of
        other weights.
    """
    document, tensors = read(path)
    with wrapped_errors(path):
        if document["kind"] != "backup":
            raise ModelFileError(
                f"expected a backup of a training, got a file of the kind {document['kind']!r}"
            )
        names = weight_names(document, tensors)
        report = compare_weights(named_weights(model), names, tensors)
        if report.differs:
            raise ModelFileError(f"it is the backup of another model: {report}")
        _check_frozen(model, document["state"])
        progress = _with_arrays(document["progress"], tensors)
        if obstacle := model._progress.obstacle(progress):
            raise ModelFileError(obstacle)
        backup = document | {"weights": names, "tensors": tensors, "progress": progress}
        apply_backup(model, backup)
    return backup


def apply_backup(model: Any, backup: dict[str, Any]) -> None:
    """Restore the state of a backup that `restore_backup` returned."""
    assign_weights(named_weights(model), backup["weights"], backup["tensors"])
    set_state(model, backup["state"], backup["tensors"], True)
    model._progress.set_state(backup["progress"])


def _check_frozen(model: Any, state: dict[str, Any]) -> None:
    """Check that the same weights train as before: what the optimizer remembers is about them."""
    before, now = state.get("frozen_at_compile"), frozen_at_compile(model)
    if before is None or now is None:
        return
    differing = set(before["weights"]) ^ set(now["weights"])
    if differing:
        raise ModelFileError(
            "it is the backup of a training of other weights: when the model was compiled, trainable was "
            f"another for {', '.join(sorted(differing)):.200}"
        )


def _without_arrays(value: Any, tensors: dict[str, NDArray[Any]]) -> Any:
    """Return a value whose arrays are replaced by the names under which they are added to `tensors`."""
    if isinstance(value, np.ndarray):
        name = f"{_PROGRESS}{len(tensors)}"
        tensors[name] = value
        return {"tensor": name}
    if isinstance(value, dict):
        return {name: _without_arrays(entry, tensors) for name, entry in value.items()}
    if isinstance(value, (list, tuple)):
        return [_without_arrays(entry, tensors) for entry in value]
    return value.item() if isinstance(value, np.generic) else value


def _with_arrays(value: Any, tensors: dict[str, NDArray[Any]]) -> Any:
    """Return a value whose names of tensors are replaced by the arrays."""
    if isinstance(value, dict):
        if value.keys() == {"tensor"}:
            return tensors[value["tensor"]]
        return {name: _with_arrays(entry, tensors) for name, entry in value.items()}
    if isinstance(value, list):
        return [_with_arrays(entry, tensors) for entry in value]
    return value
