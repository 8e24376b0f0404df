"""What files of Keras of both kinds have in common: making the model, and setting its weights."""

from __future__ import annotations

from typing import Any

from ...kernels.core.weight_access import replace_values
from ...saving.configurations import model_from_config
from ...saving.errors import ModelFileError
from ...saving.weights import LoadReport
from ...variables import values_follow
from .config import fastnn_config
from .hdf5 import Contents
from .weights import Place, by_lists, by_paths, compared

__all__ = ["built_model", "described_weights", "fit_contents", "set_all"]

# Beginnings of paths of what is no weight of a model.
_TRAINING = ("optimizer/", "optimizer_weights/", "metrics/")


def built_model(config: dict[str, Any], contents: Contents) -> Any:
    """Return the model of a configuration of Keras.

    Raises
    ------
    ValueError
        If its weights are more than the file has numbers.
    """
    with values_follow(sum(dataset.size for dataset in contents.datasets.values())):
        return model_from_config(fastnn_config(config))


def set_all(places: list[Place], contents: Contents) -> None:
    """Set the weights of a model.

    Raises
    ------
    ModelFileError
        If they are not those of the file; then none has changed.
    """
    report = compared(places, contents, _TRAINING)
    if report.differs:
        raise ModelFileError(f"its weights are not those of its model: {report}")
    _assign(places, contents)


def described_weights(contents: Contents) -> dict[str, Any]:
    """Return the weights in a file by path, with a shape and a dtype each."""
    return {
        path: dataset
        for path, dataset in contents.datasets.items()
        if not path.startswith(_TRAINING) and "seed_generator/" not in path
    }


def fit_contents(model: Any, contents: Contents, by_name: bool, set_some: bool) -> LoadReport:
    """Set the weights of a model from an HDF5 file of either layout, if all fit, or those that do.

    Parameters
    ----------
    model : Model
        Built.
    contents : Contents
    by_name : bool
        Whether to match layers by name; only files that list them have names.
    set_some : bool
        Whether to set the weights that fit where others do not.
    """
    above = "model_weights" if "model_weights" in contents.groups else ""
    if contents.names(above, "layer_names") is not None:
        places = by_lists(model, contents, above, by_name)
    elif by_name:
        raise ValueError("by_name: this file has its weights by the classes of layers, not by name")
    else:
        places = by_paths(model)
    report = compared(places, contents, _TRAINING)
    if not report.differs or set_some:
        fitting = set(report.loaded)
        _assign([place for place in places if place.name in fitting], contents)
    return report


def _assign(places: list[Place], contents: Contents) -> None:
    replace_values([place.variable for place in places], [contents.read(place.path) for place in places])
