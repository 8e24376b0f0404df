"""Steps of a layer in a plan: what is common to all layers around the steps of their own."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from ... import regularizers
from ...checks import is_overridden
from . import custom_layer
from .shapes import with_batch, without_batch

if TYPE_CHECKING:
    from ...kernels.core.plan import Plan
    from .layer import Layer


@contextmanager
def acting(plan: Plan, training: bool | None) -> Iterator[None]:
    """Decide whether random layers act in what is appended to a plan; None leaves it as it is."""
    before = plan.stochastic
    if training is not None:
        plan.stochastic = training
    try:
        yield
    finally:
        plan.stochastic = before


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
        Further arguments of the call: "mask", which replaces the mask of x, and those of `Layer._emit`.
    """
    given = options.pop("mask", None)
    if given is not None:
        x = plan.reshaped(x, x.shape)
        x.mask = given
    input_shape = with_batch([value.shape for value in x] if isinstance(x, list) else x.shape)
    layer._build_once(input_shape)
    mask = layer._emit_mask(plan, x)
    with acting(plan, training):
        if custom_layer.is_written(layer):
            y = custom_layer.emit(layer, plan, x, options)
        else:
            y = layer._emit(plan, x, **options)  # a layer without options refuses them
    if is_overridden(layer, "compute_output_shape"):
        _check_output_shape(layer, input_shape, y)
    if layer.activity_regularizer is not None and "loss" in plan.totals:
        y = _with_activity_penalty(layer, plan, y)
    if isinstance(y, list):
        for value, own in zip(y, mask if isinstance(mask, list) else [mask] * len(y), strict=True):
            value.mask = own
    else:
        y.mask = mask
    return y


def _check_output_shape(layer: Layer, input_shape: Any, y: Any) -> None:
    """Raise a `ValueError` if the output has another shape than a user's `compute_output_shape` returns."""
    declared = layer._declared_output_shape(input_shape)
    computed = with_batch([value.shape for value in y] if isinstance(y, list) else y.shape)
    if without_batch(declared) != without_batch(computed):
        raise ValueError(
            f"compute_output_shape: expected {computed} for inputs of shape {input_shape}, as "
            f"{type(layer).__name__} computes, got {declared}"
        )


def _with_activity_penalty(layer: Layer, plan: Plan, y: Any) -> Any:
    """Append the penalty on the output and return the output for its readers."""
    made = [
        regularizers.emit_activity(plan, value, layer.activity_regularizer)
        for value in (y if isinstance(y, list) else [y])
    ]
    return made if isinstance(y, list) else made[0]
