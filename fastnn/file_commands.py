"""The commands `fastnn convert` and `fastnn inspect`: files of models of all formats."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from .interop.formats import FORMATS, format_by_content
from .saving import ModelFileError, load_model
from .saving.files import opened

__all__ = ["convert", "endings", "inspect"]

_OWN = "fastnn file"


def endings() -> list[str]:
    """Return the endings of files that `convert` writes."""
    return [".fastnn", *(ending for format in FORMATS for ending in format.endings)]


def convert(source: Path, target: Path, overwrite: bool = False) -> None:
    """Read a model and write it in the format that the ending of another name says.

    Parameters
    ----------
    source, target : Path
    overwrite : bool, default False
        Whether to replace a file that is there.

    Raises
    ------
    ValueError
        If the ending is none of `endings`, or `source` has no model that can be read.
    FileExistsError
        If `target` exists and `overwrite` is False.
    """
    if not target.name.lower().endswith(tuple(endings())):
        raise ValueError(f"{target}: expected a name that ends in {', '.join(endings())}")
    load_model(source).save(target, overwrite=overwrite)


def inspect(file: Path) -> dict[str, Any]:
    """Return what is in a file of a model.

    Parameters
    ----------
    file : Path

    Returns
    -------
    dict
        Format, size, checksum, and what there is of the model: its class, name, layers and weights; "problem"
        where it cannot be read.

    Raises
    ------
    OSError
        If there is no such file, or it may not be read.
    """
    with opened(file) as content:
        format = format_by_content(content)
        data = content.read_rest()
    found: dict[str, Any] = {
        "format": _OWN if format is None else format.title,
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    try:
        model = load_model(file)
    except ModelFileError as error:
        return found | {"problem": str(error)}
    weights = model.weights
    return found | {
        "model": f"{type(model).__name__} {model.name!r}",
        "inputs": [str(tensor.shape) for tensor in model.inputs] if model.built else [],
        "layers": [f"{type(layer).__name__} {layer.name!r}" for layer in model.layers],
        "weights": sum(weight.value.size for weight in weights),
        "bytes_of_weights": sum(weight.value.nbytes for weight in weights),
        "optimizer": None if model.optimizer is None else type(model.optimizer).__name__,
    }
