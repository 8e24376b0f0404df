"""Helpers around a model: class vectors, normalisation, sequences, seeds."""

from .numerical import normalize, to_categorical
from .plot_model import plot_model
from .random import set_random_seed
from .sequences import pad_sequences, timeseries_dataset_from_array

__all__ = [
    "normalize",
    "pad_sequences",
    "plot_model",
    "set_random_seed",
    "timeseries_dataset_from_array",
    "to_categorical",
]
