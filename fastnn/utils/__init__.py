"""Helpers around a model: class vectors, normalisation, sequences, seeds."""

from .numerical import normalize, to_categorical
from .random import set_random_seed
from .sequences import pad_sequences, timeseries_dataset_from_array

__all__ = [
    "normalize",
    "pad_sequences",
    "set_random_seed",
    "timeseries_dataset_from_array",
    "to_categorical",
]
