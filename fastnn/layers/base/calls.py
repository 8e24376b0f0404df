"""Calls of layers on arrays, on tensors of the tape and on symbolic tensors."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ...autograd import Tensor
from ...data.validation import is_several
from ...graph.graph import Node, leaves, mapped, tensors_in
from . import custom_layer

if TYPE_CHECKING:
    from ...models import Model
    from .layer import Layer


def call_layer(layer: Layer, x: Any, training: bool | None, options: dict[str, Any]) -> Any:
    """Return the output of a layer for arrays or tensors; see `Layer.__call__`."""
    if not isinstance(training, (bool, int, np.bool_, type(None))):
        raise TypeError(
            f"training: expected True, False or None, got {training!r:.80}; "
            f"{type(layer).__name__} takes several inputs as one list"
        )
    if any(isinstance(leaf, Tensor) for leaf in leaves([x, options])):
        return _call_on_tape(layer, x, training, options)
    if tensors_in([x, options]):
        if training is not None:
            options["training"] = bool(training)
        node = Node(layer, x, options)
        layer._nodes.append(node)
        return node.result
    model, given = _standalone(layer, x, options)
    return model._sample(given) if training else model(given)


def _call_on_tape(layer: Layer, x: Any, training: bool | None, options: dict[str, Any]) -> Any:
    """Call a layer on tensors: run its `call` if it has one, else record one node of the tape."""
    training = custom_layer.is_training() if training is None else bool(training)
    if custom_layer.is_written(layer):
        return custom_layer.run_built(layer, x, training, options)
    model, given = _standalone(layer, x, options)
    return model._call_on_tape(given, training)


def _standalone(layer: Layer, x: Any, options: dict[str, Any]) -> tuple[Model, Any]:
    """Return a model of this layer alone and its inputs: x, and the arrays among the options."""
    from ...models import Model
    from ..input_layer import Input

    several = is_several(x)
    given = list(x) if several else [x]
    arrays = [leaf for leaf in leaves(options) if isinstance(leaf, np.ndarray)]
    sample_shapes = [np.shape(array)[1:] for array in (*given, *arrays)]
    form = mapped(lambda _: None, options, np.ndarray)
    model = layer._standalone
    if model is None or model._sample_shapes != sample_shapes or layer._standalone_form != form:
        inputs = [Input(shape, dtype=layer.dtype) for shape in sample_shapes]
        rest = iter(inputs[len(given) :])
        called = mapped(lambda _: next(rest), options, np.ndarray)
        made = Node(layer, inputs[: len(given)] if several else inputs[0], called).result
        model = Model(inputs, made, name=layer.name)
        layer._standalone, layer._standalone_form = model, form
        model._run_counts = layer._run_counts  # random masks go on from those before
        layer._run_counts = model._counted_runs()
    return model, [*given, *arrays] if arrays else x
