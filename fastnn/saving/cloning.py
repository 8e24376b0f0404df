"""Clones of models: equal layers with new weights."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

from ..configurable import is_of_program
from ..custom_objects import CustomObjectScope
from .metadata import get_metadata, set_metadata
from .names import named_layers
from .trainability import frozen_parts, set_frozen_parts

__all__ = ["clone_model"]


def clone_model(
    model: Any,
    input_tensors: Any = None,
    clone_function: Callable[[Any], Any] | None = None,
    call_function: Callable[..., Any] | None = None,
    recursive: bool = False,
) -> Any:
    """Return a model of the same configuration, with layers and weights of its own.

    Parameters
    ----------
    model : Model
        Stays as it is.
    input_tensors : SymbolicTensor, or list or dict of them, optional
        What the clone starts from: results of `Input`, or others, of which it takes shape, dtype and name.
    clone_function : callable, optional
        From a layer of the model to that of the clone; by default ``layer.from_config(layer.get_config())``,
        trainable where the layer is.
    call_function : callable, optional
        ``call_function(layer, *args, **kwargs)`` calls a layer of the clone and returns the result; by
        default ``layer(*args, **kwargs)``.
    recursive : bool, default False
        Whether models inside are cloned layer by layer too, instead of by one call of `clone_function`.

    Raises
    ------
    ValueError
        If a model that is defined by its `call` is to be cloned by other than its configuration, a
        `Sequential` by `call_function`, or the inputs are not as many as the model's.

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
    if not hasattr(model, "_sublayers"):
        raise TypeError(f"model: expected a model, got {model!r:.80}")
    asked = (clone_function, input_tensors, call_function)
    with CustomObjectScope(_own_classes(model)):
        config = model.get_config()
        if "layers" in config:
            clone_layer = _recursively(_from_config, None)
            if clone_function is not None:
                clone_layer = (
                    _recursively(clone_function, call_function) if recursive else _once(clone_function)
                )
            clone = _clone(model, config, clone_layer, input_tensors, call_function)
        elif any(x is not None for x in asked):
            raise ValueError(
                "clone_function, input_tensors, call_function: expected None for a model that its class "
                f"defines, {model!r}; only graphs of layers are cloned by layers"
            )
        else:
            clone = _from_config(model)
    if clone_function is None:
        set_frozen_parts(clone, frozen_parts(model))
        set_metadata(clone, get_metadata(model))
    return clone


def _own_classes(model: Any) -> dict[str, type]:
    """Return the program's own classes of layers in a model, by the names that configurations call them."""
    classes = {type(named.layer) for named in named_layers(model)}
    names = Counter(cls.__name__ for cls in classes)
    return {cls.__name__: cls for cls in classes if names[cls.__name__] == 1 and is_of_program(cls)}


def _clone(
    model: Any,
    config: dict[str, Any],
    clone_layer: Callable[[Any], Any],
    input_tensors: Any = None,
    call_function: Callable[..., Any] | None = None,
) -> Any:
    from ..layers import InputLayer, Layer
    from ..models import Sequential

    if isinstance(model, Sequential) and call_function is not None:
        raise ValueError(
            "call_function: expected None for a Sequential, whose layers are called one after the other, "
            f"got {call_function!r:.200}"
        )
    inputs = None if input_tensors is None else _inputs_like(input_tensors, model)
    made = [
        (_from_config if isinstance(layer, InputLayer) else clone_layer)(layer) for layer in model._sublayers
    ]
    return type(model)._of_layers(config, made, inputs, call_function or Layer.__call__)


def _inputs_like(input_tensors: Any, model: Any) -> list[Any]:
    """Return the results of `Input` in a structure, and new ones in the places of other tensors."""
    from ..graph.graph import tensors_in
    from ..layers import InputLayer

    tensors, count = tensors_in(input_tensors), len(model._sample_shapes)
    if len(tensors) != count:
        raise ValueError(f"input_tensors: expected {count} symbolic tensors, got {input_tensors!r:.200}")
    return [
        tensor
        if isinstance(tensor.node.layer, InputLayer)
        else InputLayer(tensor.sample_shape, dtype=tensor.dtype, name=tensor.name).output
        for tensor in tensors
    ]


def _from_config(layer: Any) -> Any:
    from ..models import Model

    clone = type(layer).from_config(layer.get_config())
    if isinstance(layer, Model) and layer.built and not clone.built:
        clone.build_from_config(layer.get_build_config())
    return clone


def _once(clone_layer: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a function that clones a layer once, in however many models inside it is."""
    clones: dict[int, Any] = {}

    def clone_once(layer: Any) -> Any:
        if id(layer) not in clones:
            clones[id(layer)] = clone_layer(layer)
        return clones[id(layer)]

    return clone_once


def _recursively(
    clone_function: Callable[[Any], Any], call_function: Callable[..., Any] | None
) -> Callable[[Any], Any]:
    """Return a function that clones the layers of models inside by `clone_function`."""
    from ..models import Model, Sequential

    def clone_layer(layer: Any) -> Any:
        config = layer.get_config() if isinstance(layer, Model) else {}
        if "layers" not in config:  # of a model: its constructor or `call`, of the program, makes them
            return clone_function(layer)
        inner_call = None if isinstance(layer, Sequential) else call_function
        return _clone(layer, config, once, None, inner_call)

    once = _once(clone_layer)
    return once
