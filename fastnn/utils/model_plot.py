"""`plot_model`: diagrams of models, with matplotlib (extra ``plot``)."""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import TYPE_CHECKING

from .diagram import Box, Diagram, draw

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from ..graph.graph import Graph, SymbolicTensor
    from ..layers import Layer
    from ..models import Model

__all__ = ["plot_model"]

COLORS = {"input": "#e8f0fb", "learns": "#fdf3e1", "frozen": "#eeeeee", "plain": "#ffffff"}

Text = Callable[["Layer", "list[SymbolicTensor]"], str]


def plot_model(
    model: Model,
    to_file: str | os.PathLike[str] | None = "model.png",
    show_shapes: bool = False,
    show_dtype: bool = False,
    show_layer_names: bool = False,
    rankdir: str = "TB",
    expand_nested: bool = False,
    dpi: int = 200,
    show_layer_activations: bool = False,
    show_trainable: bool = False,
    splines: str = "ortho",
) -> Figure:
    r"""Draw the layers of a model, each below its inputs, with arrows that lead around others.

    Parameters
    ----------
    model : Model
        A built model.
    to_file : path, default "model.png"
        The file to write, in the format of its suffix; None to write nothing.
    show_shapes : bool, default False
        Whether boxes show the shapes of the outputs.
    show_dtype : bool, default False
        Whether they show the layers' dtypes.
    show_layer_names : bool, default False
        Whether they show the layers' names.
    rankdir : {"TB", "LR"}, default "TB"
        From top to bottom, or from left to right.
    expand_nested : bool, default False
        Whether models inside are drawn as their layers, in a frame with the model's name.
    dpi : int, default 200
        Dots per inch of the file.
    show_layer_activations : bool, default False
        Whether boxes show activations.
    show_trainable : bool, default False
        Whether they show which layers learn.
    splines
        Accepted for Keras' sake: lines are straight, and lead around boxes.

    Returns
    -------
    matplotlib.figure.Figure
        What IPython shows, or None.

    Raises
    ------
    ImportError
        If matplotlib is not there.
    ValueError
        If the model has not been built.

    Examples
    --------
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((4,)), fastnn.layers.Dense(2)])
    >>> figure = plot_model(model, to_file=None, show_shapes=True)
    >>> [text.get_text() for text in figure.axes[0].texts if text.get_text()]
    ['InputLayer\n(None, 4)', 'Dense\n(None, 2)']
    """
    if rankdir not in ("TB", "LR"):
        raise ValueError(f"rankdir: expected 'TB' or 'LR', got {rankdir!r}")
    if model._graph is None:
        raise ValueError(f"model: {model.name!r} has no graph to draw; build it on data first")

    def text(layer: Layer, tensors: list[SymbolicTensor]) -> str:
        kind = type(layer).__name__
        lines = [f"{layer.name} ({kind})" if show_layer_names else kind]
        activation = getattr(layer, "activation", None)
        if show_layer_activations and activation is not None:
            lines.append(f"activation: {activation.name}")
        if show_shapes:
            lines.append(", ".join(str(tensor.shape) for tensor in tensors))
        if show_dtype:
            lines.append(layer.compute_dtype)
        if show_trainable and layer.weights:
            lines.append("learns" if layer.trainable_weights else "frozen")
        return "\n".join(lines)

    inputs = [Box(text(tensor.node.layer, [tensor]), COLORS["input"]) for tensor in model._graph.inputs]
    figure = draw(Diagram(_boxes(model._graph, inputs, text, expand_nested)[0]), rankdir == "TB")
    if to_file is not None:
        figure.savefig(to_file, dpi=dpi)
    return figure


def _boxes(
    graph: Graph, inputs: list[Box], text: Text, nested: bool
) -> tuple[list[Box], list[tuple[Box, int]]]:
    """Return boxes of the inputs and of each call of a layer, and what the outputs come from."""
    boxes = [*inputs]
    made = {tensor: (box, 0) for tensor, box in zip(graph.inputs, inputs, strict=True)}
    for node in graph.nodes:
        layer, sources = node.layer, [made[tensor] for tensor in node.parents]
        inner = getattr(layer, "_graph", None)
        if nested and inner is not None:
            entries = [Box("") for _ in inner.inputs]
            inside, ends = _boxes(inner, entries, text, nested)
            exits = [Box("", sources=[end]) for end in ends]
            box = Box(
                f"{layer.name} ({type(layer).__name__})",
                sources=sources,
                inside=Diagram([*inside, *exits], entries, exits),
            )
            made.update((tensor, (box, i)) for i, tensor in enumerate(node.outputs))
        else:
            kind = "learns" if layer.trainable_weights else "frozen" if layer.weights else "plain"
            box = Box(text(layer, node.outputs), COLORS[kind], [*dict.fromkeys(sources)])
            made.update((tensor, (box, 0)) for tensor in node.outputs)
        boxes.append(box)
    return boxes, [made[tensor] for tensor in graph.outputs]
