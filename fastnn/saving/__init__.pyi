# Written by tools/public_api.py from the table in __init__.py.

from ..custom_objects import (
    CustomObjectScope,
    get_custom_objects,
    get_registered_name,
    get_registered_object,
    register_keras_serializable,
)
from .container import ModelFileError
from .models import (
    LoadReport,
    clone_model,
    load_model,
    load_weights,
    model_from_json,
    save_model,
    save_weights,
    to_json,
)
from .objects import (
    deserialize_keras_object,
    serialize_keras_object,
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
