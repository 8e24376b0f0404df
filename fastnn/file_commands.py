"""The commands `fastnn convert` and `fastnn info FILE`: files of models of all formats."""

from __future__ import annotations

import hashlib
import math
from io import BytesIO
from pathlib import Path
from typing import Any

from .interop.formats import endings, format_of
from .saving import load_model
from .saving.container import contents
from .saving.errors import ModelFileError, named_errors, wrapped_errors
from .saving.files import FileBytes, opened
from .saving.weights import weight_names

__all__ = ["convert", "info"]

_OWN = "fastnn file"


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
        If the ending is of no format, or `source` has no model that can be read.
    FileExistsError
        If `target` exists and `overwrite` is False.
    """
    if not target.name.lower().endswith(tuple(endings())):
        raise ValueError(f"{target}: expected a name that ends in {', '.join(endings())}")
    model = load_model(source)
    write = model.save_weights if target.name.lower().endswith(".weights.h5") else model.save
    write(target, overwrite=overwrite)


def info(file: Path) -> dict[str, Any]:
    """Return what is in a file of a model, without making the model.

    Parameters
    ----------
    file : Path

    Returns
    -------
    dict
        Format, size, checksum, and what there is of the model: its class, name, inputs, layers, weights and
        metadata; "problem" where it is damaged.

    Raises
    ------
    OSError
        If there is no such file, or it may not be read.
    ModelFileError
        If it is a folder or a device.
    """
    with named_errors(file), opened(file) as content:
        format = format_of(file, content)
        data = content.read_rest()
    found: dict[str, Any] = {
        "format": _OWN if format is None else format.title,
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    try:
        with wrapped_errors(file):
            described = _description(data) if format is None else format.description(data)
            optimizer, graph = described["optimizer"], dict(described.get("graph", {}))
            return (
                found
                | _of_model(described["model"])
                | _of_weights(described["weights"], not graph and described["model"] is None)
                | {"optimizer": None if optimizer is None else optimizer["class_name"]}
                | {"metadata": described["metadata"].get("")}
                | graph
            )
    except ModelFileError as error:
        return found | {"problem": str(error)}


def _description(data: bytes) -> dict[str, Any]:
    """Return what a file of fastnn says of a model; see `fastnn.interop.formats.Format.description`."""
    document, tensors = contents(FileBytes(BytesIO(data), len(data)))
    names = list(tensors) if document is None else [path for path, _ in weight_names(document, tensors)]
    document = document or {}
    return {
        "model": document.get("model"),
        "weights": {name: tensors[name] for name in names},
        "optimizer": (document.get("compile") or {}).get("optimizer"),
        "metadata": document.get("metadata", {}),
    }


def _of_weights(weights: dict[str, Any], alone: bool) -> dict[str, Any]:
    """Return how many numbers weights are and how many bytes, and of a file of weights alone what each is."""
    sizes = {name: math.prod(weight.shape) for name, weight in weights.items()}
    tensors = [
        f"{name} {tuple(weight.shape)} {weight.dtype.name}, {sizes[name] * weight.dtype.itemsize} bytes"
        for name, weight in weights.items()
    ]
    made = {
        "weights": sum(sizes.values()),
        "bytes_of_weights": sum(sizes[name] * weight.dtype.itemsize for name, weight in weights.items()),
    }
    return made | ({"tensors": tensors} if alone else {})


def _of_model(config: dict[str, Any] | None) -> dict[str, Any]:
    """Return class and name of a model, its inputs and its layers, as its configuration says."""
    if config is None:
        return {}
    arguments = config["config"]
    layers = arguments.get("layers", []) if isinstance(arguments, dict) else []
    starts = [layer["config"] for layer in layers if layer["class_name"] == "InputLayer"]
    shapes = [_batch_shape(start) for start in starts] or [arguments.get("build_input_shape")]
    return {
        "model": _named(config),
        "inputs": [str(tuple(shape)) for shape in shapes if isinstance(shape, list)],
        "layers": [_named(layer) for layer in layers],
    }


def _batch_shape(start: dict[str, Any]) -> Any:
    if "shape" in start:
        return [start["batch_size"], *start["shape"]]
    return start.get("batch_shape", start.get("batch_input_shape"))


def _named(config: dict[str, Any]) -> str:
    name = config["config"].get("name") if isinstance(config["config"], dict) else None
    kind: str = config["class_name"]
    return kind + ("" if name is None else f" {name!r}")
