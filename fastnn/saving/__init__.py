"""Models and weights in files: one safe format, without anything to switch off.

`save_model` and `load_model` keep a model with all that its training depends on, `save_weights` and
`load_weights` the weights alone. A file is a safetensors container (`fastnn.saving.container` says how),
which other tools read too; it holds numbers and a configuration, which names classes of fastnn or those that
the program passes or registers, and nothing else.
"""

from .._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "..custom_objects": (
            "CustomObjectScope get_custom_objects get_registered_name get_registered_object "
            "register_keras_serializable"
        ),
        ".container": "ModelFileError",
        ".models": (
            "LoadReport clone_model load_model load_weights model_from_json save_model save_weights to_json"
        ),
        ".objects": "deserialize_keras_object serialize_keras_object",
    },
)
