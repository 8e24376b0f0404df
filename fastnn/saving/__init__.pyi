# Written by tools/public_api.py from the table in __init__.py.

from ..custom_objects import (
    CustomObjectScope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from .cloning import clone_model
from .configurations import (
    model_from_json,
    to_json,
)
from .errors import ModelFileError
from .models import (
    load_model,
    save_model,
)
from .objects import (
    deserialize_keras_object,
    serialize_keras_object,
)
from .weights import (
    LoadReport,
    load_weights,
    save_weights,
)

__all__ = [
    "CustomObjectScope",
    "LoadReport",
    "ModelFileError",
    "clone_model",
    "deserialize_keras_object",
    "get_custom_objects",
    "get_registered_name",
    "get_registered_object",
    "load_model",
    "load_weights",
    "model_from_json",
    "register_keras_serializable",
    "save_model",
    "save_weights",
    "serialize_keras_object",
    "to_json",
]
