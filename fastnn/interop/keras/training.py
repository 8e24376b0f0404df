"""What Keras' files say of training: the arguments of `compile`, and the state of the optimizer."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import losses, metrics, optimizers
from ...saving.configurations import compile_config
from ...warning import warn
from .config import Translation, raise_problems
from .writing import keras_object

__all__ = ["compile_model", "keras_compile_config", "optimizer_arrays", "set_optimizer_arrays"]

# Slots that Keras makes weight by weight, rather than one after the other.
_PAIRS = (
    ("momentum", "velocity"),
    ("momentum", "norm"),
    ("accumulated_grad", "accumulated_delta_var"),
    ("accumulator", "linear"),
)

# Slots that it makes before those of the rule.
_FIRST = ("average", "gradient_accumulator")


def compile_model(model: Any, config: dict[str, Any]) -> None:
    """Compile a model with the arguments that a file of Keras lists.

    Raises
    ------
    ModelFileError
        If something has no counterpart; the error lists all of that.
    """
    translation = Translation()
    described = config.get("optimizer", config.get("optimizer_config"))
    if isinstance(described, dict) and str(described.get("class_name")).startswith("Custom>"):
        plain = str(described["class_name"]).removeprefix("Custom>")  # as tf.keras names its own
        described = described | {"class_name": plain, "registered_name": None}
    optimizer = translation.value(described, "optimizer", "optimizer")
    arguments = {
        name: _structure(config.get(name), translation, name)
        for name in ("loss", "loss_weights", "metrics", "weighted_metrics")
    }
    raise_problems(translation)
    for name, registry in (
        ("loss", losses.registry), ("metrics", metrics.registry), ("weighted_metrics", metrics.registry),
    ):  # fmt: skip
        arguments[name] = _made(arguments[name], registry)
    model.compile(optimizers.get(optimizer), **arguments)


def _structure(value: Any, translation: Translation, where: str) -> Any:
    """Return losses or metrics in their structure, translated."""
    if isinstance(value, list):
        return [_structure(entry, translation, where) for entry in value]
    if not isinstance(value, dict):
        return value
    if "class_name" not in value:
        return {
            name: _structure(entry, translation, f"{where}[{name!r:.80}]") for name, entry in value.items()
        }
    config = value.get("config")
    if value["class_name"] in ("MeanMetricWrapper", "LossFunctionWrapper") and isinstance(config, dict):
        fn = config.get("fn")  # a plain function, of which tf.keras has made an object
        return fn if isinstance(fn, str) else translation.value(fn, where)
    described = value if value.get("module") else value | {"module": _module(where)}
    return translation.value(described, where)


def _module(where: str) -> str:
    return "keras.losses" if where.startswith("loss") else "keras.metrics"


def _made(value: Any, registry: Any) -> Any:
    if isinstance(value, list):
        return [_made(entry, registry) for entry in value]
    if isinstance(value, dict) and "class_name" in value:
        return registry.deserialize(value)
    return (
        {name: _made(entry, registry) for name, entry in value.items()} if isinstance(value, dict) else value
    )


def keras_compile_config(model: Any) -> dict[str, Any] | None:
    """Return the arguments of `compile` as Keras writes them; None if the model has not been compiled."""
    config = compile_config(model)
    if config is None:
        return None
    made = {name: _written(value) for name, value in config.items()}
    made["optimizer"] = keras_object(config["optimizer"], "keras.optimizers", "optimizer")
    return made | {"run_eagerly": False, "steps_per_execution": 1, "jit_compile": False}


def _written(value: Any) -> Any:
    """Return losses or metrics in their structure, as Keras describes them."""
    if isinstance(value, list):
        return [_written(entry) for entry in value]
    if not isinstance(value, dict):
        return value
    if "class_name" in value:
        module = "keras.losses" if value.get("kind") == "loss" else "keras.metrics"
        return keras_object(value, module, value["class_name"])
    return {name: _written(entry) for name, entry in value.items()}


def _slot_order(optimizer: Any) -> list[str]:
    """Return the keys of the slots in `get_state` in the order of Keras' variables."""
    slots, count = list(optimizer._update.slots), len(optimizer.trainable_variables)
    order = [f"{name}/{i}" for name in _FIRST if name in slots for i in range(count)]
    rest = [name for name in slots if name not in _FIRST]
    pair = next((pair for pair in _PAIRS if set(pair) <= set(rest)), None)
    if pair is not None and type(optimizer).__name__ != "RMSprop":
        order += [f"{name}/{i}" for i in range(count) for name in pair]
        rest = [name for name in rest if name not in pair]
    return order + [f"{name}/{i}" for name in rest for i in range(count)]


def optimizer_arrays(optimizer: Any) -> list[NDArray[Any]]:
    """Return the state of an optimizer in the order of Keras' variables."""
    state = optimizer.get_state()
    arrays = [np.asarray(state["iterations"], np.int64)]
    if "learning_rate" in state:
        arrays.append(np.asarray(state["learning_rate"], np.float32))
    arrays += [state[key] for key in _slot_order(optimizer)]
    if type(optimizer).__name__ == "Nadam":
        steps = np.arange(1, min(int(state["iterations"]), 10_000) + 1)
        factors = optimizer.beta_1 * (1.0 - 0.5 * np.power(0.96, steps))
        arrays.append(np.asarray(np.prod(factors), np.float32))
    return arrays


def set_optimizer_arrays(model: Any, arrays: list[NDArray[Any]]) -> None:
    """Set the state of a model's optimizer from Keras' variables; warn if they are those of another."""
    optimizer = model.optimizer
    if not arrays or (len(arrays) <= 2 and arrays[0].shape == () and int(arrays[0]) == 0):
        return  # it has not been used
    optimizer.build(model.trainable_variables)
    has_rate = len(arrays) > 1 and arrays[1].shape == ()  # tf.keras leaves it to the configuration
    keys = ["iterations"] + (["learning_rate"] if has_rate else []) + _slot_order(optimizer)
    if type(optimizer).__name__ == "Nadam" and len(arrays) == len(keys) + 1:
        arrays = [array for i, array in enumerate(arrays) if i <= has_rate or array.shape != ()]
    if not optimizer._update.slots:
        arrays = arrays[: len(keys)]  # tf.keras keeps momenta that nothing uses
    state = optimizer.get_state()
    fits = len(arrays) == len(keys) and all(
        array.shape == state[key].shape for key, array in zip(keys, arrays, strict=True)
    )
    if not fits:
        warn(
            f"{model.name}: the state of the optimizer is that of another one, and has not been set: "
            f"{len(keys)} arrays were expected, got {len(arrays)}"
        )
        return
    optimizer.set_state(state | dict(zip(keys, arrays, strict=True)))
