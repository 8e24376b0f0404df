"""Masks between calls of layers: those of arrays and tensors, and those of values of a plan.

A mask is False for the steps of a sample that are left out. The output of a call keeps its mask for the next
call, as in Keras. An array has no attributes, so the masks of arrays and tensors are in a table by object, in
which an entry lives as long as its object; what is computed from an array has no mask.
"""

from __future__ import annotations

import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...activations import linear
from ...conversion import as_numbers
from ...data.validation import is_several
from ...graph.graph import leaves
from ...kernels.core.plan import Plan
from ...warning import warn_once

if TYPE_CHECKING:
    from ...kernels.core.steps import Value
    from .layer import Layer

Mask = NDArray[np.bool_]

_inside_call: ContextVar[bool] = ContextVar("inside_call", default=False)
_masks: dict[int, tuple[weakref.ref[Any], Mask]] = {}


def set_mask(value: Any, mask: Any) -> None:
    """Give an array or a tensor a mask.

    Examples
    --------
    >>> x = np.zeros((1, 2, 3))
    >>> set_mask(x, [[True, False]])
    >>> mask_of(x)
    array([[ True, False]])
    >>> mask_of(x + 1) is None
    True
    """
    key = id(value)
    _masks[key] = weakref.ref(value, lambda _: _masks.pop(key, None)), as_mask(mask)


def mask_of(value: Any) -> Mask | None:
    """Return the mask of an array or a tensor, None if it has none."""
    found = _masks.get(id(value))
    return found[1] if found is not None and found[0]() is value else None


def masks_of(structure: Any) -> Any:
    """Return the masks of arrays and tensors: one, or a list or dict of them, of which some may be None.

    None if none has a mask.
    """
    if not _masks or all(mask_of(leaf) is None for leaf in leaves(structure)):
        return None
    return _masks_in(structure)


def _masks_in(structure: Any) -> Any:
    if isinstance(structure, (list, tuple)):
        return [_masks_in(part) for part in structure]
    if isinstance(structure, dict):
        return {key: _masks_in(part) for key, part in structure.items()}
    return mask_of(structure)


def as_mask(mask: Any) -> Mask:
    """Return a mask as an array of bool: whatever is not 0 counts."""
    kept: Mask = as_numbers(mask, "mask") != 0
    return kept


def checked_mask(mask: Any, x: Any) -> Mask:
    """Return a mask of the steps of x, or raise a `ValueError` if it does not have its first dimensions."""
    steps, shape = as_mask(mask), np.shape(x)
    if steps.shape != shape[: steps.ndim]:
        raise ValueError(f"mask: expected shape {shape[: max(1, min(steps.ndim, 2))]}, got {steps.shape}")
    return steps


def computed_mask(layer: Layer, inputs: Any, previous_mask: Any) -> Any:
    """Return what a layer of the library makes of the masks of its inputs; see `Layer.compute_mask`."""
    from .layer import Layer

    if type(layer)._emit_mask is Layer._emit_mask:
        return previous_mask
    several = is_several(inputs)
    dtype = layer.compute_dtype
    arrays = [np.asarray(part, dtype, "C") for part in (inputs if several else [inputs])]
    masks = list(previous_mask or [None] * len(arrays)) if several else [previous_mask]
    given = [np.asarray(as_mask(mask), dtype) for mask in masks if mask is not None]
    plan = Plan(dtype, [array.shape[1:] for array in (*arrays, *given)])
    rest = iter(plan.inputs[len(arrays) :])
    values = [
        with_masks(plan, x, None if mask is None else next(rest))
        for x, mask in zip(plan.inputs, masks, strict=False)
    ]
    found = layer._emit_mask(plan, values if several else values[0])
    outputs = found if isinstance(found, list) else [found]
    kept = [mask for mask in outputs if mask is not None]
    plan.finish([linear.emit(plan, mask) for mask in kept], max(1, len(arrays[0])))
    made = plan.predict([*arrays, *given]) if kept else []
    results = iter(made if isinstance(made, list) else [made])
    masks = [None if mask is None else as_mask(next(results)) for mask in outputs]
    return masks if isinstance(found, list) else masks[0]


# ---- in plans ---------------------------------------------------------------------------------------------


def with_masks(plan: Plan, x: Any, masks: Any) -> Any:
    """Return values with other masks; None leaves the mask of a value as it is.

    Raises
    ------
    ValueError
        If there are not as many masks as values.
    """
    if masks is None:
        return x
    if isinstance(x, list):
        if not isinstance(masks, (list, tuple)) or len(masks) != len(x):
            raise ValueError(f"mask: expected a list of {len(x)}, as there are inputs, got {masks!r:.80}")
        return [with_masks(plan, value, mask) for value, mask in zip(x, masks, strict=True)]
    y = plan.reshaped(x, x.shape)
    y.mask = masks
    return y


@contextmanager
def inside_call() -> Iterator[None]:
    """Say that what is appended to a plan here is a traced `call`, whose author knows what operators do."""
    token = _inside_call.set(True)
    try:
        yield
    finally:
        _inside_call.reset(token)


def warn_of_lost_mask(layer: Layer) -> None:
    """Warn, once for each layer, that the layers behind this one see no mask."""
    if layer._is_operator and _inside_call.get():
        return
    warn_once(
        layer,
        f"mask: layer {layer.name!r} ({type(layer).__name__}) gets an input with a mask and does not pass it "
        "on, so the layers after it count all steps",
    )


def output_masks(outputs: list[Value]) -> tuple[tuple[int, ...], list[Value]]:
    """Return which outputs of a plan have masks, and these masks."""
    found = {i: y.mask for i, y in enumerate(outputs) if y.mask is not None}
    return tuple(found), list(found.values())


def keep_output_masks(results: list[Any], places: tuple[int, ...]) -> list[Any]:
    """Return the outputs among the results of a run; those at these places get the masks behind them."""
    count = len(results) - len(places)
    for i, mask in zip(places, results[count:], strict=True):
        set_mask(results[i], np.asarray(mask))
    return results[:count]
