"""Building of models: from shapes or data to weights, once, and checked for all others.

A model of a graph is built with it. One that is written as `call` is built by a call on trial samples.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from ..checks import is_overridden
from ..layers.base import custom_layer
from ..layers.base.shapes import (
    as_shapes,
    check_sample_shape,
    is_shape,
    map_shapes,
    shape_leaves,
    varies,
    with_batch,
    without_batch,
)
from ..making import making
from ..naming import inside
from .inputs import InputStructure, other_inputs, sample_shapes_of, spread
from .outputs import OutputStructure

if TYPE_CHECKING:
    from .model import Model


def checked_shapes(input_shape: Any) -> Any:
    """Return the shape of an input, or a structure of shapes, with None for the batch."""
    try:
        shapes = as_shapes(input_shape)
    except TypeError:
        shapes = check_sample_shape(input_shape)
    return map_shapes(lambda shape: (None, *check_sample_shape(shape[1:])), shapes)


def as_specs(shapes: Any) -> Any:
    """Return what stands for tensors of these shapes, in the same structure."""
    return map_shapes(custom_layer.TensorSpec, shapes)


def first_argument(model: Model) -> str:
    """Return the name of the first argument of `call`."""
    return custom_layer.call_parameters(model)[0] if custom_layer.is_written(model) else "inputs"


def build_once(model: Model, input_shape: Any, options: dict[str, Any]) -> None:
    """Build a model for an input of this shape; where it is built, check that the shape fits.

    Parameters
    ----------
    model : Model
    input_shape : tuple, or structure of tuples
        Batch dimension first.
    options : dict
        The other arguments of the call that it is built for.

    Raises
    ------
    ValueError
        If the model cannot be built for the shape, or does not take it.
    """
    if not model.built:
        with making():
            if not model.built:  # not by another thread in the meantime
                return _build_first(model, input_shape, options)
    shapes = [input_shape, *map(custom_layer.tensor_shapes, other_inputs(options).values())]
    if not any(map(varies, shapes)):
        structure = InputStructure.of_shapes(input_shape, options, first_argument(model))
        if model._graph is None and structure.whole != model._require_inputs().whole:
            model._declared_output_shape(input_shape, options)  # called otherwise than when it was built
        else:
            model._output_sample_shapes(tuple(shape_leaves(without_batch(shapes))))


def _build_first(model: Model, input_shape: Any, options: dict[str, Any]) -> None:
    """Build for an input of this shape, and the other arguments of the call that it is built for."""
    if not is_overridden(model, "build"):
        model._build(input_shape, options)
    elif other_inputs(options):
        custom_layer.with_shapes(model.build, model, input_shape, options)
    else:
        model.build(input_shape)


def build_written(model: Model, input_shape: Any, options: dict[str, Any]) -> None:
    """Make the weights of a model that is written as `call`, for inputs of these shapes."""
    if not custom_layer.is_written(model):
        raise TypeError(
            f"{type(model).__name__} defines no call(x): a model needs that, or inputs and outputs"
        )
    for layer in model._sublayers:
        layer.dtype = model.dtype
    for variable in model._variables:
        variable._convert_to(model.dtype)
    shapes = [input_shape, *map(custom_layer.tensor_shapes, other_inputs(options).values())]
    structure: Any = None
    if not any(map(varies, shapes)):
        with inside(model.name):
            custom_layer.try_call(model, input_shape, options)
        made = custom_layer.computed_output_shape(model, input_shape, options)
        if not is_shape(made) and not isinstance(made, list):
            structure = as_specs(made)
    model._input_structure = InputStructure.of_shapes(input_shape, options, first_argument(model))
    model._outputs = OutputStructure(structure)
    model._set_built(shape_leaves(without_batch(shapes)))


def build_for_data(model: Model, x: Any, others: Mapping[str, Any] | None = None) -> None:
    """Build a model for data, if it has not been built.

    Parameters
    ----------
    model : Model
    x : array_like, or structure of them
        The first argument of `call`, or all inputs.
    others : dict, optional
        Further arguments of `call`, by their names.
    """
    if model.built:
        return
    x, options = (x, others) if others else spread(model, x)
    shapes = with_batch(sample_shapes_of(x))
    if not custom_layer.is_written(model):
        parts = shape_leaves(shapes)
        shapes = parts[0] if len(parts) == 1 else parts
    build_once(model, shapes, as_specs(with_batch(sample_shapes_of(options))))
