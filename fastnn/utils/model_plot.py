"""`plot_model`: diagrams of models, with matplotlib (extra ``plot``)."""

from __future__ import annotations

import os
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..graph.graph import Graph, SymbolicTensor
    from ..layers import Layer
    from ..models import Model

__all__ = ["plot_model"]

ROOM = 0.35  # inches between boxes
LETTER, LINE = 0.085, 0.19  # inches of text
KINDS = {"input": "#e8f0fb", "learns": "#fdf3e1", "frozen": "#eeeeee", "plain": "#ffffff"}


@dataclass
class Box:
    """A layer in the diagram.

    Attributes
    ----------
    text : str
    kind : str
        A key of `KINDS`.
    level : int
        Distance from the inputs.
    parents : list of Box
    x : float
        Position of its center in inches, after the layout.
    """

    text: str
    kind: str
    level: int
    parents: list[Box]
    x: float = 0.0

    @property
    def width(self) -> float:
        """Width in inches."""
        return LETTER * max(map(len, self.text.split("\n"))) + 0.3

    @property
    def height(self) -> float:
        """Height in inches."""
        return LINE * (self.text.count("\n") + 1) + 0.18


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
    r"""Draw the layers of a model, each below its inputs.

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
        Whether models inside are drawn as their layers.
    dpi : int, default 200
        Dots per inch of the file.
    show_layer_activations : bool, default False
        Whether boxes show activations.
    show_trainable : bool, default False
        Whether they show which layers learn.
    splines
        Accepted for Keras' sake: lines are straight.

    Returns
    -------
    matplotlib.figure.Figure

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

    boxes: list[Box] = []
    starts = []
    for tensor in model._graph.inputs:
        start = Box(text(tensor.node.layer, [tensor]), "input", 0, [])
        boxes.append(start)
        starts.append(start)
    _add(boxes, model._graph, starts, text, expand_nested)
    return _draw(boxes, rankdir, to_file, dpi)


def _add(boxes: list[Box], graph: Graph, starts: list[Box], text: Any, nested: bool) -> list[Box]:
    """Append a box for each call of a layer; return those of the outputs."""
    made: dict[SymbolicTensor, Box] = dict(zip(graph.inputs, starts, strict=True))
    for node in graph.nodes:
        parents = _unique([made[tensor] for tensor in node.parents])
        inner = getattr(node.layer, "_graph", None)
        if nested and inner is not None:
            ends = _add(boxes, inner, [made[tensor] for tensor in node.parents], text, nested)
            made.update(zip(node.outputs, ends, strict=True))
            continue
        layer = node.layer
        kind = "learns" if layer.trainable_weights else "frozen" if layer.weights else "plain"
        box = Box(text(layer, node.outputs), kind, 1 + max(parent.level for parent in parents), parents)
        boxes.append(box)
        made.update((tensor, box) for tensor in node.outputs)
    return [made[tensor] for tensor in graph.outputs]


def _unique(boxes: list[Box]) -> list[Box]:
    return [box for i, box in enumerate(boxes) if not any(box is other for other in boxes[:i])]


def _draw(boxes: list[Box], rankdir: str, to_file: Any, dpi: int) -> Figure:
    """Lay the boxes out level by level, each centered below its parents if there is room, and draw them."""
    from ..plotting.figures import new_figure

    levels: list[list[Box]] = [[] for _ in range(1 + max(box.level for box in boxes))]
    for box in boxes:
        levels[box.level].append(box)
    across = _width if rankdir == "TB" else _height
    along = _height if rankdir == "TB" else _width
    for level in levels:
        _place(level, across)
    left = min(box.x - across(box) / 2 for box in boxes) - ROOM
    right = max(box.x + across(box) / 2 for box in boxes) + ROOM
    depths = [max(map(along, level)) for level in levels]
    total = sum(depths) + ROOM * (len(depths) + 1)
    size = (right - left, total) if rankdir == "TB" else (total, right - left)
    figure = new_figure(*size)
    figure.set_layout_engine("none")
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set(xlim=(0, size[0]), ylim=(size[1], 0))
    at: dict[int, tuple[float, float]] = {}
    middle = 0.0
    for level, depth in zip(levels, depths, strict=True):
        middle += ROOM + depth / 2
        for box in level:
            at[id(box)] = (box.x - left, middle) if rankdir == "TB" else (middle, box.x - left)
        middle += depth / 2
    for box in boxes:
        for parent in box.parents:
            _arrow(axes, at[id(parent)], parent, at[id(box)], box, rankdir)
    for box in boxes:
        axes.text(
            *at[id(box)], box.text, ha="center", va="center", fontsize=9, zorder=2,
            bbox={"boxstyle": "round,pad=0.4", "facecolor": KINDS[box.kind], "edgecolor": "#666666"},
        )  # fmt: skip
    if to_file is not None:
        figure.savefig(to_file, dpi=dpi)
    return figure


def _width(box: Box) -> float:
    return box.width


def _height(box: Box) -> float:
    return box.height


def _place(level: list[Box], across: Any) -> None:
    """Position the boxes of a level close to their parents, in the parents' order, without overlap."""
    for box in level:
        box.x = sum(parent.x for parent in box.parents) / max(1, len(box.parents))
    level.sort(key=lambda box: box.x)
    for before, box in pairwise(level):
        box.x = max(box.x, before.x + (across(before) + across(box)) / 2 + ROOM)
    wanted = [sum(p.x for p in box.parents) / len(box.parents) - box.x for box in level if box.parents]
    shift = sum(wanted) / len(wanted) if wanted else -sum(box.x for box in level) / len(level)
    for box in level:
        box.x += shift


def _arrow(
    axes: Axes, start: tuple[float, float], parent: Box, end: tuple[float, float], box: Box, rankdir: str
) -> None:
    down = rankdir == "TB"
    tail = (start[0], start[1] + parent.height / 2) if down else (start[0] + parent.width / 2, start[1])
    head = (end[0], end[1] - box.height / 2) if down else (end[0] - box.width / 2, end[1])
    bend = 0.0 if box.level - parent.level == 1 else 0.25  # past the boxes between
    style = {"arrowstyle": "->", "color": "#666666", "connectionstyle": f"arc3,rad={bend}"}
    axes.annotate("", head, tail, arrowprops=style | {"shrinkA": 0, "shrinkB": 4}, zorder=1)
