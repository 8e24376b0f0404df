"""``.keras`` files: models of Keras 3, and of tf.keras since 2.12."""

from __future__ import annotations

from typing import Any, NoReturn

from ...saving.metadata import get_metadata, set_metadata
from ...saving.weights import LoadReport
from .archive import packed, unpacked
from .hdf5 import opened_hdf5, written_hdf5
from .loading import built_model, described_weights, fit_contents, set_all
from .training import compile_model, keras_compile_config, set_optimizer_arrays
from .weights import by_paths, weight_datasets
from .writing import keras_model

__all__ = ["description", "fit_weights", "model", "packed_model", "packed_weights"]


def model(data: bytes, compile: bool) -> Any:
    """Return the model of a file; see `fastnn.interop.formats.Format`."""
    config, weights, metadata = unpacked(data)
    with opened_hdf5(weights) as contents:
        made = built_model(config, contents)
        set_all(by_paths(made), contents)
        if compile and config.get("compile_config"):
            compile_model(made, config["compile_config"])
            paths = [path for path in contents.datasets if path.startswith("optimizer/vars/")]
            paths.sort(key=lambda path: int(path.rpartition("/")[2]))
            set_optimizer_arrays(made, [contents.read(path) for path in paths])
    set_metadata(made, metadata)
    return made


def description(data: bytes) -> dict[str, Any]:
    """Return what a file says of a model; see `fastnn.interop.formats.Format`."""
    config, weights, metadata = unpacked(data)
    with opened_hdf5(weights) as contents:
        found = described_weights(contents)
    compiled = config.get("compile_config") or {}
    return {"weights": found, "model": config, "optimizer": compiled.get("optimizer"), "metadata": metadata}


def fit_weights(model: Any, data: bytes, by_name: bool, set_some: bool) -> LoadReport:
    """Set the weights of a model from a file; see `fastnn.interop.formats.Format`."""
    with opened_hdf5(unpacked(data).weights) as contents:
        return fit_contents(model, contents, by_name, set_some)


def packed_model(model: Any, include_optimizer: bool) -> bytearray:
    """Return the bytes of a file with a model."""
    compiled = keras_compile_config(model) if include_optimizer else None
    datasets, names = weight_datasets(model, include_optimizer)
    return packed(
        keras_model(model) | {"compile_config": compiled or {}},
        written_hdf5(datasets, names),
        get_metadata(model),
    )


def packed_weights(model: Any) -> NoReturn:
    """Raise a `ValueError`: files of weights have another ending."""
    raise ValueError(
        'filepath: a ".keras" file has a model in it, which save writes; expected ".weights.h5" for weights '
        "that Keras reads, or another ending"
    )
