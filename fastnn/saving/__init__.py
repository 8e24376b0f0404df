"""Models and weights in files: one safe format, without an unsafe mode.

`save_model` and `load_model` keep a model with the state of its training, `save_weights` and `load_weights`
the weights alone. A file is a safetensors container (see `fastnn.saving.container`), which other tools read
too; it holds numbers and a configuration, which names classes of fastnn or those that the program passes or
registers, and nothing else. Pickles, of another kind and for other uses, are in `fastnn.pickling`.
"""

from .._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        "..custom_objects": (
            "CustomObjectScope get_custom_objects get_registered_name get_registered_object "
            "register_keras_serializable"
        ),
        ".cloning": "clone_model",
        ".configurations": "model_from_json to_json",
        ".errors": "ModelFileError",
        ".models": "load_model save_model",
        ".objects": "deserialize_keras_object serialize_keras_object",
        ".weights": "LoadReport load_weights save_weights",
    },
)
