# Written by tools/public_api.py from the table in __init__.py.

from ..backend import clear_session
from ..custom_objects import (
    CustomObjectScope,
    CustomObjectScope as custom_object_scope,
    get_custom_objects,
    register_keras_serializable,
)
from ..data.dataset import (
    PyDataset,
    PyDataset as Sequence,
    pack_x_y_sample_weight,
    unpack_x_y_sample_weight,
)
from ..data.npy_dataset import (
    NpyDataset,
    write_shards,
)
from ..data.parquet_dataset import ParquetDataset
from .directories import (
    image_dataset_from_directory,
    text_dataset_from_directory,
)
from .files import get_file
from .images import (
    array_to_img,
    img_to_array,
    load_img,
    save_img,
)
from .model_plot import plot_model
from .numerical import (
    normalize,
    to_categorical,
)
from .progbar import Progbar
from .random import set_random_seed
from .sequences import (
    pad_sequences,
    timeseries_dataset_from_array,
)
from .split import split_dataset

__all__ = [
    "CustomObjectScope",
    "NpyDataset",
    "ParquetDataset",
    "Progbar",
    "PyDataset",
    "Sequence",
    "array_to_img",
    "clear_session",
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
    "write_shards",
]
