# Written by tools/public_api.py from the table in __init__.py.

from . import (
    image,
    sequence,
    text,
)
from ..utils.directories import (
    image_dataset_from_directory,
    text_dataset_from_directory,
)
from ..utils.sequences import timeseries_dataset_from_array

__all__ = [
    "image",
    "image_dataset_from_directory",
    "sequence",
    "text",
    "text_dataset_from_directory",
    "timeseries_dataset_from_array",
]
