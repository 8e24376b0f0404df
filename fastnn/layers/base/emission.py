"""Steps of a layer in a plan: what is common to all layers around the steps of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any, NamedTuple

from ... import regularizers
from ...checks import is_overridden
from ...graph.graph import leaves, mapped
from ...kernels.core.steps import Value
from ...naming import inside
from . import custom_layer
from .masks import warn_of_lost_mask, with_masks
from .shapes import shape_leaves, without_batch

if TYPE_CHECKING:
    from ...kernels.core.plan import Plan
    from .layer import Layer


@contextmanager
def acting(plan: Plan, training: bool | None) -> Iterator[None]:
    """Decide whether random layers act in what is appended to a plan; None leaves it as it is."""
    before = plan.stochastic, plan.acts_by_default
    if training is not None:
        plan.stochastic, plan.acts_by_default = training, False
    try:
        yield
    finally:
        plan.stochastic, plan.acts_by_default = before


@contextmanager
def named_steps(plan: Plan, layer: Layer) -> Iterator[None]:
    """Note the layer in the steps that are appended in this block."""
    before, plan.layer = plan.layer, layer.name
    try:
        yield
    finally:
        plan.layer = before


class LayerSteps(NamedTuple):
    """A layer that has appended steps to a plan.

    Attributes
    ----------
    layer : Layer
    inputs, outputs : list of Value
    """

    layer: Layer
    inputs: list[Value]
    outputs: list[Value]


_recorded: ContextVar[list[LayerSteps] | None] = ContextVar("recorded", default=None)


@contextmanager
def recorded_layers() -> Iterator[list[LayerSteps]]:
    """Record the layers that append steps in this block, those inside of others before these."""
    made: list[LayerSteps] = []
    token = _recorded.set(made)
    try:
        yield made
    finally:
        _recorded.reset(token)


def append_steps(layer: Layer, plan: Plan, x: Any, training: bool | None, options: dict[str, Any]) -> Any:
    """Append the steps of a layer to a plan and return its output with its mask.

    Parameters
    ----------
    layer : Layer
    plan : Plan
    x : Value or list of Value
    training : bool, optional
        Whether random layers act here; by default where they do in the rest of the plan.
    options : dict
        Further arguments of the call: "mask", which replaces the mask of x, or a list that replaces those of
        several inputs where it is not None; and those of `Layer._emit`.
    """
    x = with_masks(plan, x, options.pop("mask", None))
    input_shape = tensor_shapes(x)
    others = value_specs(options)
    layer._build_once(input_shape, others)
    masked = any(value.mask is not None for value in leaves(x))
    written = custom_layer.is_written(layer)
    masks = [] if written else _as_list(layer._mask_of_output(plan, x))
    with acting(plan, training), inside(layer.name), named_steps(plan, layer):
        if written:
            y = custom_layer.emit(layer, plan, x, options)
            masks = [value.mask for value in leaves(y)]
        else:
            y = layer._emit(plan, x, **options)  # a layer without options refuses them
    if is_overridden(layer, "compute_output_shape"):
        _check_output_shape(layer, input_shape, others, y)
    if layer.activity_regularizer is not None and "loss" in plan.totals:
        y = mapped(lambda value: _with_activity_penalty(layer, plan, value), y, Value)
    outputs = list(leaves(y))
    made = _recorded.get()
    if made is not None:
        made.append(LayerSteps(layer, list(leaves(x)), outputs))
    for value, mask in zip(outputs, masks * len(outputs) if len(masks) == 1 else masks, strict=False):
        value.mask = mask
    if masked and not layer.supports_masking and all(value.mask is None for value in outputs):
        warn_of_lost_mask(layer)
    return y


def tensor_shapes(x: Any) -> Any:
    """Return the shapes of values, None for the batch."""
    return mapped(lambda value: (None, *value.shape), x, Value)


def value_specs(options: dict[str, Any]) -> dict[str, Any]:
    """Return the arguments of a call with what stands for its values."""
    specs: dict[str, Any] = mapped(
        lambda value: custom_layer.TensorSpec((None, *value.shape)), options, Value
    )
    return specs


def _as_list(masks: Any) -> list[Any]:
    return masks if isinstance(masks, list) else [masks]


def _check_output_shape(layer: Layer, input_shape: Any, options: dict[str, Any], y: Any) -> None:
    """Raise a `ValueError` if the output has another shape than a user's `compute_output_shape` returns."""
    declared = layer._declared_output_shape(input_shape, options)
    computed = tensor_shapes(y)
    if shape_leaves(without_batch(declared)) != shape_leaves(without_batch(computed)):
        raise ValueError(
            f"compute_output_shape: expected {computed} for inputs of shape {input_shape}, as "
            f"{type(layer).__name__} computes, got {declared}"
        )


def _with_activity_penalty(layer: Layer, plan: Plan, y: Value) -> Value:
    """Append the penalty on an output and return the output for its readers."""
    return regularizers.emit_activity(plan, y, layer.activity_regularizer)
