"""Calls of models: on arrays, on tensors of the tape, and on symbolic tensors as part of a larger model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..autograd import Tensor, is_recording, no_grad
from ..graph.graph import leaves, mapped, tensors_in
from ..layers import Layer
from ..layers.base import custom_layer
from ..layers.base.calls import bind_arguments
from ..layers.base.masks import mask_of, masks_of, set_mask
from ..training.inference import call_on_tape
from ..training.reach import adds_losses
from .inputs import as_inputs, other_inputs, spread

if TYPE_CHECKING:
    from .model import Model


def call_model(model: Model, args: tuple[Any, ...], given: dict[str, Any]) -> Any:
    """Return the output of a model for anything that it may be called on; see `Model.__call__`."""
    x, options = bind_arguments(model, args, given)
    training = options.get("training")
    more = options.keys() - {"training"}
    if tensors_in([x, options]):
        x, others = spread(model, x) if not more else (x, {})
        return Layer.__call__(model, _order_symbolic(model, x) if not others else x, **options, **others)
    if more:
        options = as_inputs(options)
        parts = _own_inputs(model, x, options)
        if parts is None:
            return Layer.__call__(model, x, **options)
        x = parts
    elif masks_of(x) is not None or (model.built and not model._require_inputs().takes(x)):
        return Layer.__call__(model, x, **options)
    if any(isinstance(leaf, Tensor) for leaf in leaves(x)):
        if custom_layer.is_written(model):
            x, others = spread(model, x)
            return Layer.__call__(model, x, **options, **others)
        return call_on_tensors(model, x, _acting_by_default(model, training))
    if training:
        return call_on_tensors(model, x, True) if is_recording() else model._apply(x, True)
    return model._apply(x, None if training is None and model._acts_by_default else False)


def _acting_by_default(model: Model, training: bool | None) -> bool | None:
    """Return whether layers act in a call on tensors; None for those that do unless told otherwise."""
    training = custom_layer.is_training() if training is None else training
    return None if training is None and model._acts_by_default else bool(training)


def _own_inputs(model: Model, x: Any, options: dict[str, Any]) -> list[Any] | None:
    """Return the arrays that a call gets as inputs of the model's own plans, in their order.

    None if it gets anything else, or not the arguments that the model is built for.
    """
    others = {key: value for key, value in options.items() if key != "training"}
    given = list(leaves([x, others]))
    inputs_only = others.keys() == other_inputs(others).keys() and masks_of(given) is None
    if not inputs_only or model._graph is not None or any(isinstance(part, Tensor) for part in given):
        return None
    model._build_for(x, others)
    structure = model._require_inputs()
    fits = structure.others.keys() == others.keys()
    return structure.flat({structure.argument: x, **others}) if fits else None


def _order_symbolic(model: Model, x: Any) -> Any:
    """Return the tensors that the model is called on as layers inside get them."""
    if not model.built or (model._graph is None and not isinstance(x, dict)):
        return x
    return model._arranged(model._order_inputs(x))[0]


def call_on_tensors(model: Model, x: Any, training: bool | None) -> Any:
    """Return the output as tensors: one operation of the tape, forward and backward by a plan."""
    arrays, parts = model._validate_inputs(x), model._split_inputs(x)
    variables = [variable for variable in model.weights if variable.requires_grad]
    wanted = any(isinstance(part, Tensor) and part.requires_grad for part in parts)
    recorded = is_recording() and (wanted or variables)
    if not len(arrays[0]) or not (recorded or adds_losses(model)):
        with no_grad():
            made = model._apply(arrays, training)
        return mapped(_as_constant, made, np.ndarray)
    with custom_layer.collecting_anew(model):
        outputs = call_on_tape(model._plan_cache(), variables, parts, arrays, training)
    return model._pack_outputs(outputs if len(outputs) > 1 else outputs[0])


def _as_constant(y: NDArray[Any]) -> Tensor:
    """Return an array as a tensor without a gradient, with its mask."""
    tensor, mask = Tensor(y, requires_grad=False), mask_of(y)
    if mask is not None:
        set_mask(tensor, mask)
    return tensor
