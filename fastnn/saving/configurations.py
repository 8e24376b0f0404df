"""Configurations of models: what `from_config` and `compile` need, as plain values."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..custom_objects import CustomObjectScope
from ..losses.loss import FunctionLoss
from ..training.compile_spec import FixedMetric, map_structure
from .container import parse
from .errors import wrapped_errors
from .objects import deserialized, serialized
from .trainability import frozen_parts, set_frozen_parts

if TYPE_CHECKING:
    from ..registry import Registry

__all__ = [
    "check_size",
    "compile_config",
    "compile_from_config",
    "model_config",
    "model_from_config",
    "model_from_json",
    "to_json",
]

# Calls of layers in a model that is read: a few bytes of nested models could make any number of them.
_MAX_CALLS = 20_000

# The arguments of `compile` beside the optimizer.
_COMPILE_ARGUMENTS = ("loss", "loss_weights", "metrics", "weighted_metrics")


def model_config(model: Any) -> dict[str, Any]:
    """Return the configuration from which `model_from_config` makes an equal model with new weights."""
    from ..layers.base.layer import registry

    config: dict[str, Any] = registry.serialize(model)
    return config


def model_from_config(config: Any) -> Any:
    """Return a model of a configuration.

    Raises
    ------
    ValueError
        If it is that of something else, or of too large a graph.
    """
    from ..layers.base.layer import registry
    from ..models import Model

    check_size(config)
    model = registry.deserialize(config)
    if not isinstance(model, Model):
        raise ValueError(f"expected the configuration of a model, got that of {model!r:.80}")
    return model


def check_size(config: Any) -> None:
    """Raise a `ValueError` for the configuration of too large a graph."""
    calls = _count_calls(config)
    if calls > _MAX_CALLS:
        raise ValueError(f"expected a model of at most {_MAX_CALLS} calls of layers, got {calls}")


def _count_calls(config: Any) -> int:
    """Return the number of calls of layers in a configuration; each call of an inner model counts anew."""
    if isinstance(config, list):
        return sum(map(_count_calls, config))
    if not isinstance(config, dict):
        return 0
    if "nodes" not in config:
        return ("class_name" in config) + sum(map(_count_calls, config.values()))
    of_layer = {described["config"]["name"]: _count_calls(described) for described in config["layers"]}
    return sum(of_layer[node["layer"]] for node in config["nodes"])


def compile_config(model: Any) -> dict[str, Any] | None:
    """Return the arguments of `compile` as plain values; None if the model has not been compiled."""
    from .. import optimizers

    spec = model._compile_spec
    if spec is None:
        return None
    arguments = {name: getattr(spec, name) for name in _COMPILE_ARGUMENTS}
    arguments = {name: map_structure(_as_given, value) for name, value in arguments.items()}
    described = {name: serialized(value, _tables()) for name, value in arguments.items()}
    optimizer = optimizers.serialize(spec.optimizer)
    config, outdated = optimizer["config"], spec.optimizer._outdated_arguments
    optimizer["config"] = config | {name: value for name, value in outdated.items() if name in config}
    return {"optimizer": optimizer} | described


def _as_given(entry: Any) -> Any:
    """Return what `compile` takes for a loss or metric of a spec."""
    if isinstance(entry, FixedMetric):
        return entry.fixed
    return entry.fn if isinstance(entry, FunctionLoss) else entry


def compile_from_config(model: Any, config: dict[str, Any]) -> None:
    """Compile a model with the arguments that `compile_config` returned."""
    from .. import optimizers

    optimizer = optimizers.deserialize(config["optimizer"])
    model.compile(optimizer, **{name: deserialized(config[name], _tables()) for name in _COMPILE_ARGUMENTS})


def _tables() -> dict[str, Registry[Any]]:
    from .. import losses, metrics

    return {"loss": losses.registry, "metric": metrics.registry}


def to_json(model: Any, **kwargs: Any) -> str:
    """Return the configuration of a model as JSON, without its weights.

    Parameters
    ----------
    model : Model
        Its weights are left out.
    **kwargs
        See `json.dumps`.

    Examples
    --------
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(2)])
    >>> text = model.to_json(indent=2)
    >>> fastnn.models.model_from_json(text).count_params()
    8
    """
    return json.dumps(model_config(model) | {"frozen": frozen_parts(model)}, **kwargs)


def model_from_json(json_string: str, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return a model of the configuration that `to_json` returned, here or in Keras; its weights are new.

    Parameters
    ----------
    json_string : str
        What `to_json` returned, here or in Keras.
    custom_objects : dict, optional
        The program's own classes and functions that the model uses, by name.

    Raises
    ------
    ModelFileError
        If it is no such configuration, or names an unknown class.

    Examples
    --------
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((4,)), fastnn.layers.Dense(2)])
    >>> model_from_json(to_json(model)).output_shape
    (None, 2)
    """
    if not isinstance(json_string, str):
        raise TypeError(f"json_string: expected a string, got {json_string!r:.80}")
    from ..interop.keras.config import fastnn_config, is_keras_config

    with CustomObjectScope(custom_objects), wrapped_errors("json_string"):
        config = parse(json_string.encode("utf-8", "surrogatepass"))
        if is_keras_config(config):
            return model_from_config(fastnn_config(config))
        model = model_from_config(config)
        if "frozen" in config:
            set_frozen_parts(model, config["frozen"])
        return model
