# Written by tools/public_api.py from the table in __init__.py.

from ..custom_objects import (
    CustomObjectScope as CustomObjectScope,
    get_custom_objects as get_custom_objects,
    get_registered_name as get_registered_name,
    get_registered_object as get_registered_object,
    register_keras_serializable as register_keras_serializable,
)
from .container import ModelFileError as ModelFileError
from .models import (
    LoadReport as LoadReport,
    clone_model as clone_model,
    load_model as load_model,
    load_weights as load_weights,
    model_from_json as model_from_json,
    save_model as save_model,
    save_weights as save_weights,
    to_json as to_json,
)
from .objects import (
    deserialize_keras_object as deserialize_keras_object,
    serialize_keras_object as serialize_keras_object,
)
