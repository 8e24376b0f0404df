"""Keras' configurations of models as those of fastnn.

A `Translation` goes through the whole configuration before anything is made of it: each class is one of a
closed table, or one that the program passes or registers, and each argument one that the class here has. What
has no counterpart is collected with the place where it stands.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable
from typing import Any

from ...absent import instead_of
from ...custom_objects import get_registered_object
from ...layers.base.sharing import shared_id
from ...saving.errors import ModelFileError
from ...saving.objects import all_registries
from .graph import graph_config
from .operations import is_operation, operation_layer

__all__ = ["Translation", "fastnn_config", "is_keras_config", "raise_problems"]

_MODELS = {"Sequential": "Sequential", "Functional": "Model", "Model": "Model"}

# From the last part of a module of Keras to the kinds of objects in it.
_KINDS = {
    "layers": ("layer", "cell"),
    "initializers": ("initializer",),
    "regularizers": ("regularizer",),
    "constraints": ("constraint",),
    "optimizers": ("optimizer",),
    "schedules": ("schedule",),
    "losses": ("loss",),
    "metrics": ("metric",),
}

# The same by the end of an argument's name, for files that do not say modules.
_KINDS_BY_ARGUMENT = {
    "initializer": ("initializer",),
    "regularizer": ("regularizer",),
    "constraint": ("constraint",),
    "learning_rate": ("schedule",),
}

# Arguments that only Keras has, and the values that change nothing here; None stands for any.
_NEUTRAL: dict[str, tuple[Any, ...] | None] = {
    "quantization_config": (None,),
    "lora_rank": (None,),
    "lora_alpha": None,
    "renorm": (False,),
    "renorm_clipping": None,
    "renorm_momentum": None,
    "fused": None,
    "virtual_batch_size": (None,),
    "adjustment": (None,),
    "rms_scaling": (False,),
    "sparse": (False, None),
    "ragged": (False, None),
    "optional": (False,),
    "autocast": None,
    "implementation": None,
    "time_major": (False,),
    "input_length": None,
    "groups": (1,),
    "jit_compile": None,
    "is_legacy_optimizer": None,
    "decay": (0.0, None),
    "fn": None,
}

_DTYPES = ("float32", "float64")

_FOREIGN = "it is written in a backend or as code, which files of models do not bring along here"


class Translation:
    """One pass through a configuration of Keras.

    Attributes
    ----------
    problems : list of str
        What has no counterpart, each with its place.
    """

    def __init__(self) -> None:
        self.problems: list[str] = []

    def refuse(self, where: str, reason: str) -> None:
        """Note what has no counterpart."""
        self.problems.append(f"{where}: {reason}")

    def layer(self, described: Any, where: str = "") -> dict[str, Any]:
        """Return the configuration of a layer or model."""
        if not isinstance(described, dict) or not isinstance(described.get("class_name"), str):
            raise ModelFileError(
                f"{where or 'model'}: expected the description of a layer, got {described!r:.80}"
            )
        name, config = described["class_name"], described.get("config", {})
        if name in _MODELS and _is_builtin(described):
            return self._model(name, config, where) | shared_id(described)
        if not isinstance(config, dict):
            raise ModelFileError(f"{where}: expected a dictionary of arguments, got {config!r:.80}")
        made = self._object(described, ("layer", "cell"), f"{where}layer {config.get('name', name)!r}")
        return made | shared_id(described)

    def _model(self, name: str, config: Any, where: str) -> dict[str, Any]:
        if isinstance(config, list):  # of the first versions
            config = {"layers": config}
        layers = config.get("layers")
        if not isinstance(layers, list):
            raise ModelFileError(f"{where or 'model'}: expected a list of layers, got {layers!r:.80}")
        self._dtype(config.get("dtype"), f"{where}model {config.get('name', name)!r}")
        if _MODELS[name] == "Sequential":
            return {"class_name": "Sequential", "config": self._sequential(config, layers, where)}
        made, calls = [], []
        for layer in layers:
            if is_operation(layer):
                translated, layer = operation_layer(layer, _inside(config, where), self)
            else:
                translated = self.layer(layer, _inside(config, where))
            made.append(translated)
            calls.append(layer)
        if self.problems:
            return {"class_name": "Model", "config": {}}
        graph = graph_config(config, made, calls, self)
        name = config.get("name") or "model"
        made_config = {"name": name, "trainable": config.get("trainable", True)}
        return {"class_name": "Model", "config": made_config | graph}

    def _sequential(self, config: dict[str, Any], layers: list[Any], where: str) -> dict[str, Any]:
        made = [self.layer(layer, _inside(config, where)) for layer in layers]
        shape = config.get("build_input_shape")
        first = layers[0].get("config", {}) if layers else {}
        if made and made[0]["class_name"] != "InputLayer" and "batch_input_shape" in first:
            shape = first["batch_input_shape"]
        return {
            "name": config.get("name") or "sequential",
            "trainable": config.get("trainable", True),
            "layers": made,
            "build_input_shape": shape,
        }

    def _object(self, described: dict[str, Any], kinds: Iterable[str], where: str) -> dict[str, Any]:
        """Return the configuration of an object of one of these kinds."""
        name, config = described["class_name"], described.get("config", {})
        registered = described.get("registered_name") or name
        custom = get_registered_object(registered) or get_registered_object(name)
        if custom is not None:
            name = registered if get_registered_object(registered) is not None else name
            return {"class_name": name, "config": self._arguments(config, where, None)}
        found = next((found for kind in kinds if (found := _class(kind, name)) is not None), None)
        if found is None or name == "Lambda" or not _is_builtin(described):
            self.refuse(where, _unknown(name, described))
            return {"class_name": name, "config": {}}
        if name == "InputLayer":
            return {"class_name": name, "config": self._input(config, where)}
        return {
            "class_name": name,
            "config": self._arguments(config, f"{where} ({name})", _parameters(found)),
        }

    def _input(self, config: dict[str, Any], where: str) -> dict[str, Any]:
        config = dict(config)
        shape = config.pop("batch_shape", None) or config.pop("batch_input_shape", None)
        if isinstance(shape, list) and shape:
            config |= {"batch_size": shape[0], "shape": shape[1:]}
        dtype = config.pop("dtype", None)
        made = self._arguments(config, where, {"shape", "batch_size", "name"})
        if not isinstance(dtype, str) or not dtype.lstrip("u").startswith(("int", "bool")):
            dtype = self._dtype(dtype, where)
        return made | {"dtype": dtype}

    def _arguments(self, config: Any, where: str, known: set[str] | None) -> dict[str, Any]:
        """Return the arguments of a class; `known` are those that it takes, None for any."""
        if not isinstance(config, dict):
            raise ModelFileError(f"{where}: expected a dictionary of arguments, got {config!r:.80}")
        made = {}
        for name, value in config.items():
            if name == "batch_input_shape":
                continue
            if name == "axis" and isinstance(value, list) and len(value) == 1:
                value = value[0]  # as tf.keras writes it
            if name == "dtype":
                made[name] = self._dtype(value, where)
            elif known is None or name in known:
                made[name] = self.value(value, f"{where}: {name}", name)
            elif name not in _NEUTRAL or not (_NEUTRAL[name] is None or value in (_NEUTRAL[name] or ())):
                self.refuse(where, f"{name}={value!r:.80} has no counterpart")
        return made

    def _dtype(self, value: Any, where: str) -> str | None:
        if isinstance(value, dict):
            config = value.get("config", {})
            name = config.get("name") if isinstance(config, dict) else None
            if value.get("class_name") not in ("DTypePolicy", "Policy"):
                name = value.get("class_name")
            value = name
        if value is not None and value not in _DTYPES:
            self.refuse(
                where, f"the dtype {value!r:.80} has no counterpart; models compute in {' or '.join(_DTYPES)}"
            )
            return None
        return None if value is None else str(value)

    def value(self, value: Any, where: str, argument: str = "") -> Any:
        """Return an argument, in which objects may be described."""
        if isinstance(value, list):
            return [self.value(entry, f"{where}[{i}]", argument) for i, entry in enumerate(value)]
        if not isinstance(value, dict):
            return value
        if "class_name" not in value:
            return {key: self.value(entry, f"{where}[{key!r:.80}]", key) for key, entry in value.items()}
        name, held = value["class_name"], value.get("config")
        if name == "__tuple__":
            return self.value(value.get("items"), where, argument)
        if name == "__numpy__" and isinstance(held, dict):
            return held.get("value")
        if name == "DTypePolicy":
            return self._dtype(value, where)
        if name == "function":
            return self._function(value, where)
        if argument in ("layer", "backward_layer", "cell", "cells"):
            return self.layer(value, f"{where}: ")
        kinds = _kinds(value, argument)
        return self._object(value, kinds, where)

    def _function(self, described: dict[str, Any], where: str) -> Any:
        """Return a function by its name; those of Keras are named by a string alone."""
        name = described.get("config")
        for spelling in (described.get("registered_name"), name):
            if isinstance(spelling, str) and get_registered_object(spelling) is not None:
                return spelling
        if _is_builtin(described) and isinstance(name, str):
            return name
        self.refuse(where, _unknown(str(name), described))
        return None


def fastnn_config(described: Any) -> dict[str, Any]:
    """Return the configuration of fastnn of a model that Keras describes.

    Raises
    ------
    ModelFileError
        If something has no counterpart; the error lists all of that.
    """
    translation = Translation()
    made = translation.layer(described)
    raise_problems(translation)
    return made


def is_keras_config(config: dict[str, Any]) -> bool:
    """Return whether a configuration of a model is one that Keras has written."""
    return "module" in config or "keras_version" in config or config.get("class_name") == "Functional"


def raise_problems(translation: Translation) -> None:
    """Raise a `ModelFileError` if something has no counterpart."""
    if translation.problems:
        raise ModelFileError("; ".join(dict.fromkeys(translation.problems)))


def _inside(config: dict[str, Any], where: str) -> str:
    return f"{where}model {config.get('name')!r}, " if where else f"model {config.get('name')!r}, "


def _is_builtin(described: dict[str, Any]) -> bool:
    """Return whether a description is that of a class or function that Keras documents."""
    module = described.get("module")
    registered = described.get("registered_name") or ""
    if ">" in str(registered):
        return False
    if module is None or module == "builtins":
        return True
    parts = str(module).split(".")
    return parts[0] in ("keras", "tf_keras") and "ops" not in parts and "legacy" not in parts


def _class(kind: str, name: str) -> type | None:
    registry = all_registries()[kind]
    found = registry._find(name)
    return found if found is not None and found.__name__ == name else None


def _kinds(described: dict[str, Any], argument: str) -> Iterable[str]:
    parts = str(described.get("module") or "").split(".")
    found = [kind for part in reversed(parts) for kind in _KINDS.get(part, ())]
    if not found:
        found = [
            kind for end, kinds in _KINDS_BY_ARGUMENT.items() if argument.endswith(end) for kind in kinds
        ]
    return found or all_registries().keys()


def _parameters(cls: Any) -> set[str]:
    """Return the names of the arguments of a class of fastnn."""
    return {
        parameter.name
        for base in cls.__mro__
        if "__init__" in vars(base) and base is not object
        for parameter in inspect.signature(vars(base)["__init__"]).parameters.values()
        if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    }


def _unknown(name: str, described: dict[str, Any]) -> str:
    if name in ("Lambda", "__lambda__", "TFOpLambda", "SlicingOpLambda") or "ops" in str(
        described.get("module")
    ).split("."):
        reason = f"{name}: {_FOREIGN}; write it as a layer of your own, or leave it out and do it in NumPy"
    elif hint := instead_of(name):
        return f"{name} has no counterpart: {hint}"
    else:
        reason = f"{name!r:.80} is no class or function of fastnn"
    return f"{reason}. A class or function of your own is passed as custom_objects={{{name!r:.80}: ...}}"
