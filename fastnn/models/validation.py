"""Inputs of models as arrays of their plans, and the shapes of the outputs that they give."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..data.adapters import SampleShapes
from ..data.validation import InputSpec, validate_inputs
from ..layers.base.shapes import shape_leaves, without_batch
from ..training.plan_cache import keep_recent

if TYPE_CHECKING:
    from .model import Model


def validated_inputs(model: Model, x: Any, name: str) -> list[NDArray[np.floating]]:
    """Convert inputs to arrays for the plans of a model that is built.

    Parameters
    ----------
    model : Model
    x : array_like, or structure of them
    name : str
        What errors call it.

    Raises
    ------
    ValueError
        If they are no numbers, or not of shapes that the layers take.
    """
    specs = [
        InputSpec(input_name, shape, model._accepted_shape(i))
        for i, (input_name, shape) in enumerate(zip(model.input_names, model._sample_shapes, strict=True))
    ]
    arrays = validate_inputs(model._split_inputs(x), specs, model.dtype, name)
    output_sample_shapes(model, tuple(array.shape[1:] for array in arrays))
    if model._graph is not None:
        for tensor, array, spec in zip(model._graph.inputs, arrays, specs, strict=True):
            here = name if len(specs) == 1 else f"{name}[{spec.name!r}]"
            for node in model._graph.nodes:
                if node.x is tensor:
                    node.layer._check_input(array, here)
    return arrays


def output_sample_shapes(model: Model, sample_shapes: SampleShapes) -> list[tuple[int, ...]]:
    """Return the sample shapes of the outputs, for inputs perhaps of other lengths than those built for.

    Raises
    ------
    ValueError
        If a layer does not take such inputs.
    """
    outputs = model._output_shapes_of.get(sample_shapes)
    if outputs is None:
        try:
            made = model._declared_output_shape(*model._call_shapes(sample_shapes))
        except ValueError as error:
            expected = [", ".join(["rows", *map(str, shape)]) for shape in model._sample_shapes]
            got = sample_shapes[0] if len(sample_shapes) == 1 else list(sample_shapes)
            raise ValueError(
                f"x: expected shape ({'), ('.join(expected)}), got rows of shape {got}: {error}"
            ) from None
        outputs = shape_leaves(without_batch(made))
        keep_recent(model._output_shapes_of, sample_shapes, outputs)
    return outputs
