"""Sequences as arrays: see `fastnn.utils`."""

from ..utils.sequences import pad_sequences, timeseries_dataset_from_array

__all__ = ["pad_sequences", "timeseries_dataset_from_array"]
