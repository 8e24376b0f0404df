# Written by tools/public_api.py from the table in __init__.py.

from ..custom_objects import (
    CustomObjectScope as CustomObjectScope,
    CustomObjectScope as custom_object_scope,
    get_custom_objects as get_custom_objects,
    register_keras_serializable as register_keras_serializable,
)
from ..data.dataset import (
    PyDataset as PyDataset,
    PyDataset as Sequence,
    pack_x_y_sample_weight as pack_x_y_sample_weight,
    unpack_x_y_sample_weight as unpack_x_y_sample_weight,
)
from .directories import (
    image_dataset_from_directory as image_dataset_from_directory,
    text_dataset_from_directory as text_dataset_from_directory,
)
from .files import get_file as get_file
from .images import (
    array_to_img as array_to_img,
    img_to_array as img_to_array,
    load_img as load_img,
    save_img as save_img,
)
from .model_plot import plot_model as plot_model
from .numerical import (
    normalize as normalize,
    to_categorical as to_categorical,
)
from .progbar import Progbar as Progbar
from .random import set_random_seed as set_random_seed
from .sequences import (
    pad_sequences as pad_sequences,
    timeseries_dataset_from_array as timeseries_dataset_from_array,
)
from .split import split_dataset as split_dataset
