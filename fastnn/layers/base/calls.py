"""Calls of layers on arrays, on tensors of the tape and on symbolic tensors."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import repeat
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from ...autograd import Tensor
from ...conversion import as_numbers
from ...data.validation import has_shape, is_structure
from ...graph.graph import Node, leaves, mapped, rebuilt, tensors_in
from . import custom_layer
from .masks import _masks, as_mask, checked_mask, masks_of

if TYPE_CHECKING:
    from ...models import Model
    from .layer import Layer


def bind_arguments(layer: Layer, args: tuple[Any, ...], kwargs: dict[str, Any]) -> tuple[Any, dict[str, Any]]:
    """Return what a layer is called on, and the other arguments by name.

    Raises
    ------
    TypeError
        If there is nothing to be called on, or there are more arguments than the layer takes.
    """
    kind = type(layer).__name__
    written = custom_layer.is_written(layer)
    names = custom_layer.call_parameters(layer)[1:] if written else layer._call_arguments
    options = dict(kwargs)
    if args:
        x, *more = args
    else:
        own_name = custom_layer.call_parameters(layer)[0] if written else "inputs"
        first = next((name for name in (own_name, "x") if name in options), None)
        if first is None:
            raise TypeError(f"{kind}: missing what to call the layer on")
        x, more = options.pop(first), []
    if len(more) == 1 and isinstance(more[0], (bool, np.bool_)):
        names = ("training",)
    if len(more) > len(names):
        raise TypeError(
            f"{kind}: expected at most {1 + len(names)} arguments by position, got {1 + len(more)}; several "
            "inputs are one list"
        )
    for name, value in zip(names, more, strict=False):
        if name in options:
            raise TypeError(f"{kind}: got multiple values for argument {name!r}")
        options[name] = value
    training = options.get("training")
    if not isinstance(training, (bool, int, np.bool_, type(None))):
        raise TypeError(
            f"training: expected True, False or None, got {training!r:.80}; {kind} takes several inputs as "
            "one list"
        )
    if options.get("mask", 0) is None:
        del options["mask"]
    return x, options


class Standalone(NamedTuple):
    """A model of one layer alone.

    Attributes
    ----------
    model : Model
    form : list
        The structure of what the layer is called on and of its options, with None for each array.
    shapes : tuple, list of tuple or None
        Shape of a sample, or of one of each input if the layer is called on a list of arrays, without
        options; None for calls of other forms.
    """

    model: Model
    form: Any
    shapes: Any

    @classmethod
    def of(cls, model: Model, form: Any) -> Standalone:
        """Make the entry of a model for calls of a form."""
        shapes = model._sample_shapes
        if form == [None, {}]:
            return cls(model, form, shapes[0])
        return cls(model, form, shapes if form == [[None] * len(shapes), {}] else None)


# Models that a layer keeps, for the shapes that it was called on last.
_KEPT = 8


def call_again(layer: Layer, x: Any) -> Any:
    """Return the output for arrays of a form and of shapes that the layer has been called on, or None."""
    listed = type(x) is list or (type(x) is tuple and not custom_layer.is_written(layer))
    if listed and x and type(x[0]) in (list, tuple, int, float):  # rows of numbers: one array
        try:
            x = np.asarray(x)
        except ValueError:  # rows of different lengths
            return None
    shapes: Any
    if type(x) is np.ndarray:
        shapes = x.shape[1:]
    elif listed:
        shapes = []
        for part in x:
            if type(part) is not np.ndarray:
                return None
            shapes.append(part.shape[1:])
    else:
        return None
    for alone in layer._standalone:
        if alone.shapes == shapes:
            if (_masks and masks_of(x) is not None) or (type(shapes) is tuple and layer._lacks_batch(x)):
                return None
            return alone.model._predict_by_last_plan(x)
    return None


def call_layer(layer: Layer, x: Any, options: dict[str, Any]) -> Any:
    """Return the output of a layer for arrays or tensors; see `Layer.__call__`."""
    written = custom_layer.is_written(layer)
    if isinstance(x, tuple) and not written:
        x = list(x)
    if tensors_in([x, options]):
        if options.get("training", 0) is None:
            del options["training"]
        node = Node(layer, x, options)
        layer._nodes.append(node)
        return node.result
    if isinstance(x, dict):
        x = _as_arrays(x)
    elif not is_structure(x):
        x = x if isinstance(x, Tensor) else as_numbers(x, "x")
        if layer._lacks_batch(x):
            return _call(layer, x[None], options)[0]
    return _call(layer, x, options)


def _call(layer: Layer, x: Any, options: dict[str, Any]) -> Any:
    """Return the output of a layer for samples."""
    if "mask" in options:
        options["mask"] = layer._given_mask(options["mask"], x)
    elif (mask := masks_of(x)) is not None:
        options["mask"] = mask
    training = options.pop("training", None)
    if any(isinstance(leaf, Tensor) for leaf in leaves([x, options])):
        return _call_on_tape(layer, x, training, options)
    model, given = _standalone(layer, x, options)
    if training is None and model._acts_by_default:
        return model._apply(given, None)
    return model._sample(given) if training else model._predict(given)


def given_mask(mask: Any, x: Any) -> Any:
    """Return masks that a call gets as arrays of bool, or raise a `ValueError` if they do not fit."""
    if is_structure(x):
        parts = list(x.values()) if isinstance(x, dict) else list(x)
        masks = list(mask.values()) if isinstance(mask, dict) else mask
        if not isinstance(masks, (list, tuple)) or len(masks) != len(parts):
            raise ValueError(f"mask: expected a list of {len(parts)}, one for each input, got {mask!r:.80}")
        return [None if m is None else given_mask(m, part) for m, part in zip(masks, parts, strict=True)]
    return as_mask(mask) if isinstance(x, dict) else checked_mask(mask, x)


def _call_on_tape(layer: Layer, x: Any, training: bool | None, options: dict[str, Any]) -> Any:
    """Call a layer on tensors: run its `call` if it has one, else record one node of the tape."""
    from ...models.calls import call_on_tensors

    training = custom_layer.is_training() if training is None else bool(training)
    acting = None if training is None and layer._acts_by_default else bool(training)
    if custom_layer.is_written(layer):
        return custom_layer.run_built(layer, x, training, options)
    model, given = _standalone(layer, x, options)
    return call_on_tensors(model, given, acting)


def _standalone(layer: Layer, x: Any, options: dict[str, Any]) -> tuple[Model, Any]:
    """Return a model of this layer alone and its inputs: x, and the arrays among the options."""
    from ...models import Model
    from ..input_layer import Input

    several = is_structure(x)
    given = list(leaves(x)) if several else [x]
    kinds = (np.ndarray, Tensor)
    arrays = [leaf for leaf in leaves(options) if isinstance(leaf, kinds)]
    sample_shapes = [np.shape(array)[1:] for array in (*given, *arrays)]
    form = [_with_leaves(x, repeat(None)) if several else None, mapped(lambda _: None, options, kinds)]
    inputs = [*given, *arrays] if several or arrays else x
    for alone in layer._standalone:
        if alone.model._sample_shapes == sample_shapes and alone.form == form:
            return alone.model, inputs
    starts = [Input(shape, dtype=layer._dtype) for shape in sample_shapes]
    rest = iter(starts[len(given) :])
    called = mapped(lambda _: next(rest), options, kinds)
    start = iter(starts)
    made = Node(layer, _with_leaves(x, start) if several else starts[0], called).result
    model = Model(starts, made, name=layer.name)
    layer._standalone = [Standalone.of(model, form), *layer._standalone[: _KEPT - 1]]
    model._run_counts = layer._run_counts  # random masks go on from those before
    layer._run_counts = model._counted_runs()
    return model, inputs


def _with_leaves(structure: Any, parts: Iterator[Any]) -> Any:
    """Return a structure of lists, tuples and dicts with other leaves."""
    if isinstance(structure, dict):
        return {key: _with_leaves(part, parts) for key, part in structure.items()}
    if isinstance(structure, (list, tuple)):
        return rebuilt(structure, [_with_leaves(part, parts) for part in structure])
    return next(parts)


def _as_arrays(x: Any) -> Any:
    """Return a structure with arrays in the place of lists of numbers in dicts."""
    if isinstance(x, dict):
        return {key: _as_arrays(part) for key, part in x.items()}
    if is_structure(x):
        return rebuilt(x, [_as_arrays(part) for part in x])
    return x if has_shape(x) else as_numbers(x, "x")
