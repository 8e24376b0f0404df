"""Clones of models: equal layers with new weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from ..checks import refuse
from ..custom_objects import CustomObjectScope
from .names import named_layers
from .trainability import frozen_parts, set_frozen_parts

__all__ = ["clone_model"]


def clone_model(
    model: Any, input_tensors: None = None, clone_function: Callable[[Any], Any] | None = None
) -> Any:
    """Return a model of the same configuration, with layers and weights of its own.

    Parameters
    ----------
    model : Model
    input_tensors
        Accepted for compatibility with Keras, as None only: call the clone on other tensors instead.
    clone_function : callable, optional
        From a layer of the model to that of the clone; by default ``layer.from_config(layer.get_config())``,
        trainable where the layer is.

    Notes
    -----
    The clone has not been compiled. `copy.deepcopy` makes a copy with weights and the state of training.

    Examples
    --------
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((4,)), fastnn.layers.Dense(2)])
    >>> clone_model(model).layers[0] is model.layers[0]
    False
    """
    refuse(input_tensors=input_tensors)
    with CustomObjectScope(_own_classes(model)):
        clone = _clone(model, clone_function or _layer_from_config)
    if clone_function is None:
        set_frozen_parts(clone, frozen_parts(model))
    return clone


def _own_classes(model: Any) -> dict[str, type]:
    """Return the program's own classes of layers in a model, by the names that configurations call them."""
    classes = {type(named.layer) for named in named_layers(model)}
    names = Counter(cls.__name__ for cls in classes)
    return {
        cls.__name__: cls
        for cls in classes
        if names[cls.__name__] == 1 and not cls.__module__.startswith("fastnn.")
    }


def _clone(model: Any, clone_function: Callable[[Any], Any]) -> Any:
    from ..layers.base import custom_layer

    config = model.get_config()
    if custom_layer.is_written(model):
        return type(model).from_config(config)
    return type(model)._of_layers(config, [clone_function(layer) for layer in model._sublayers])


def _layer_from_config(layer: Any) -> Any:
    from ..models import Model

    if isinstance(layer, Model):
        return _clone(layer, _layer_from_config)
    return type(layer).from_config(layer.get_config())
