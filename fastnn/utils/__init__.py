"""Helpers around a model: class vectors, sequences, data sets, pictures, files, progress, seeds."""

import importlib
from typing import TYPE_CHECKING, Any

from ..custom_objects import CustomObjectScope, get_custom_objects, register_keras_serializable
from ..data.dataset import PyDataset, pack_x_y_sample_weight, unpack_x_y_sample_weight
from .numerical import normalize, to_categorical
from .random import set_random_seed
from .sequences import pad_sequences, timeseries_dataset_from_array

if TYPE_CHECKING:
    from .directories import image_dataset_from_directory, text_dataset_from_directory
    from .files import get_file
    from .images import array_to_img, img_to_array, load_img, save_img
    from .model_plot import plot_model
    from .progbar import Progbar
    from .split import split_dataset

Sequence = PyDataset

custom_object_scope = CustomObjectScope

__all__ = [
    "CustomObjectScope",
    "Progbar",
    "PyDataset",
    "Sequence",
    "array_to_img",
    "custom_object_scope",
    "get_custom_objects",
    "get_file",
    "image_dataset_from_directory",
    "img_to_array",
    "load_img",
    "normalize",
    "pack_x_y_sample_weight",
    "pad_sequences",
    "plot_model",
    "register_keras_serializable",
    "save_img",
    "set_random_seed",
    "split_dataset",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
    "to_categorical",
    "unpack_x_y_sample_weight",
]

# What a program that only predicts does without.
_LATER = {
    "Progbar": "progbar",
    "array_to_img": "images",
    "get_file": "files",
    "image_dataset_from_directory": "directories",
    "img_to_array": "images",
    "load_img": "images",
    "plot_model": "model_plot",
    "save_img": "images",
    "split_dataset": "split",
    "text_dataset_from_directory": "directories",
}


def __getattr__(name: str) -> Any:
    """Import on first use."""
    if name in _LATER:
        value = globals()[name] = getattr(importlib.import_module(f".{_LATER[name]}", __name__), name)
        return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
