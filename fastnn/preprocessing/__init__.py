"""Functions of `fastnn.utils` under the names of `keras.preprocessing`.

>>> import fastnn
>>> fastnn.preprocessing.sequence.pad_sequences([[1], [2, 3]]).tolist()
[[0, 1], [2, 3]]
"""

from .._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".": "image sequence text",
        "..utils.directories": "image_dataset_from_directory text_dataset_from_directory",
        "..utils.sequences": "timeseries_dataset_from_array",
    },
)
