"""``.h5`` files: full models of Keras 3 and tf.keras 2, and weights alone."""

from __future__ import annotations

import json
from typing import Any

from ...saving.container import parse
from ...saving.errors import ModelFileError
from ...saving.metadata import get_metadata, set_metadata
from ...saving.weights import LoadReport
from .archive import KERAS_VERSION
from .hdf5 import Contents, opened_hdf5, written_hdf5
from .loading import built_model, described_weights, fit_contents, set_all
from .training import compile_model, keras_compile_config, optimizer_arrays, set_optimizer_arrays
from .weights import by_lists, layer_groups, weight_datasets
from .writing import keras_model, operations_in

__all__ = ["description", "fit_weights", "model", "packed_model", "packed_weights"]

_METADATA = "fastnn_metadata"  # an attribute that Keras does not read


def model(data: bytes, compile: bool) -> Any:
    """Return the model of a file; see `fastnn.interop.formats.Format`."""
    with opened_hdf5(data) as contents:
        config = _document(contents, "model_config")
        if config is None:
            raise ModelFileError("it holds weights and no model; make the model and use load_weights")
        made = built_model(config, contents)
        set_all(by_lists(made, contents, "model_weights"), contents)
        training = _document(contents, "training_config")
        if compile and training is not None:
            compile_model(made, training)
            if "optimizer_weights" in contents.groups:
                names = contents.names("optimizer_weights", "weight_names") or []
                paths = [f"optimizer_weights/{name}" for name in names]
                set_optimizer_arrays(made, [contents.read(path) for path in paths])
        set_metadata(made, _document(contents, _METADATA) or {})
    return made


def description(data: bytes) -> dict[str, Any]:
    """Return what a file says of a model; see `fastnn.interop.formats.Format`."""
    with opened_hdf5(data) as contents:
        training = _document(contents, "training_config") or {}
        return {
            "weights": described_weights(contents),
            "model": _document(contents, "model_config"),
            "optimizer": training.get("optimizer_config"),
            "metadata": _document(contents, _METADATA) or {},
        }


def _document(contents: Contents, name: str) -> dict[str, Any] | None:
    """Return an attribute of the file that is JSON, or None if there is none."""
    text = contents.text("", name)
    return None if text is None else parse(text.encode("utf-8", "surrogatepass"))


def fit_weights(model: Any, data: bytes, by_name: bool, set_some: bool) -> LoadReport:
    """Set the weights of a model from a file; see `fastnn.interop.formats.Format`."""
    with opened_hdf5(data) as contents:
        return fit_contents(model, contents, by_name, set_some)


def packed_model(model: Any, include_optimizer: bool) -> bytearray:
    """Return the bytes of a file with a model, in the layout of full models."""
    described = keras_model(model)
    if operators := operations_in(described):
        raise TypeError(
            f"layers {', '.join(operators):.200}: Keras reads operators of tensors from .keras files only"
        )
    config = {entry: value for entry, value in described.items() if entry in ("class_name", "config")}
    versions = {"keras_version": KERAS_VERSION, "backend": "tensorflow"}
    attributes: dict[str, dict[str, Any]] = {
        "": versions | {"model_config": json.dumps(config)},
        "model_weights": versions | {"layer_names": []},
        "model_weights/top_level_model_weights": {"weight_names": []},
    }
    datasets = {}
    for layer, variables in layer_groups(model):
        names = [f"{layer}/{i}/{variable.name}" for i, variable in enumerate(variables)]
        attributes["model_weights"]["layer_names"].append(layer)
        attributes[f"model_weights/{layer}"] = {"weight_names": names}
        for name, variable in zip(names, variables, strict=True):
            datasets[f"model_weights/{layer}/{name}"] = variable.value
    if metadata := get_metadata(model):
        attributes[""][_METADATA] = json.dumps(metadata)
    training = keras_compile_config(model) if include_optimizer else None
    if training is not None:
        training["optimizer_config"] = training.pop("optimizer")
        attributes[""]["training_config"] = json.dumps(training)
        arrays = optimizer_arrays(model.optimizer) if model.optimizer.built else []
        names = [f"{model.optimizer.name}/{i}" for i in range(len(arrays))]
        attributes["optimizer_weights"] = {"weight_names": names}
        datasets |= {f"optimizer_weights/{name}": array for name, array in zip(names, arrays, strict=True)}
    return bytearray(written_hdf5(datasets, attributes))


def packed_weights(model: Any) -> bytearray:
    """Return the bytes of a file with the weights of a model, in the layout of Keras 3."""
    return bytearray(written_hdf5(*weight_datasets(model)))
