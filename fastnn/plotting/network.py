"""`plot_network`: the neurons and weights of a small network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import whole_number
from ..layers import Dense
from .figures import new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..graph.graph import Graph
    from ..layers import Layer
    from ..models import Model

__all__ = ["plot_network"]

ACROSS, RADIUS = 3.0, 0.34  # from one column to the next, and of a neuron; neurons of a column are 1 apart
POSITIVE, NEGATIVE = "#2166ac", "#b2182b"
WRITTEN = 30  # weights of a layer whose numbers are readable


@dataclass
class Column:
    """A layer in the plot.

    Attributes
    ----------
    title : str
    shown : ndarray of int
        The numbers of the units that are drawn; in a long column, -1 stands for those left out.
    values : ndarray or None
        What to write into the units.
    """

    title: str
    shown: NDArray[np.int64]
    values: NDArray[Any] | None

    def heights(self) -> NDArray[Any]:
        """Return the vertical positions of what is drawn."""
        return (len(self.shown) - 1) / 2 - np.arange(len(self.shown))


def plot_network(
    model: Model, x: ArrayLike | None = None, max_units: int = 12, title: str | None = None
) -> Figure:
    """Plot the neurons and weights of a small network of dense layers.

    Parameters
    ----------
    model : Model
        A built chain of layers on vectors, such as a `Sequential`. `Dense` layers are drawn; others, such as
        `Dropout`, which have no units of their own, are not.
    x : array_like of shape (inputs,), optional
        A sample whose values are written into the neurons, as they leave each layer.
    max_units : int, default 12
        Largest number of neurons in a column; of more, the first and the last ones are shown.
    title : str, optional
        Above the plot.

    Returns
    -------
    matplotlib.figure.Figure
        Positive weights are blue, negative ones red, and larger ones wider. Numbers of the weights are
        written where there are few.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If the model has not been built, has no dense layers, or is no chain of layers on vectors; or if `x`
        is not one sample.

    Examples
    --------
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(3), fastnn.layers.Dense(1)])
    >>> figure = plot_network(model, [0.5, -1.0])
    >>> len(figure.axes[0].patches), [len(lines.get_segments()) for lines in figure.axes[0].collections]
    (6, [6, 3])
    """
    most = whole_number(max_units, "max_units", 3)
    columns, kernels = _columns(model, x, most)
    tallest = max(len(column.shown) for column in columns)
    figure = new_figure(1.9 * len(columns) + 0.6, 0.62 * tallest + 1.1)
    axes = figure.add_subplot()
    axes.set_aspect("equal")
    axes.set_axis_off()
    largest = max(float(np.abs(kernel).max(initial=0)) for kernel in kernels) or 1.0
    for i, kernel in enumerate(kernels):
        _draw_weights(axes, i * ACROSS, columns[i], columns[i + 1], kernel, largest)
    for i, column in enumerate(columns):
        _draw_column(axes, i * ACROSS, column, (tallest - 1) / 2)
    axes.set_xlim(-1, (len(columns) - 1) * ACROSS + 1)
    axes.set_ylim(-tallest / 2 - 0.2, tallest / 2 + 0.9)
    axes.set_title(title or "")
    return figure


def _columns(model: Model, x: ArrayLike | None, most: int) -> tuple[list[Column], list[NDArray[Any]]]:
    """Return the columns of neurons and the kernels between them."""
    if model._graph is None:
        raise ValueError(f"model: {model.name!r} has no layers to draw yet; build it on data first")
    layers = _chain(model._graph)
    if layers is None:
        raise ValueError(f"model: expected a chain of layers, got {model.name!r} with branches")
    if not any(isinstance(layer, Dense) for layer, _ in layers):
        raise ValueError(f"model: expected Dense layers, got {[type(layer).__name__ for layer, _ in layers]}")
    before = model._graph.inputs[0].shape
    for layer, shape in layers:
        if len(shape) != 2 or (not isinstance(layer, Dense) and shape != before):
            raise ValueError(
                f"model: expected Dense layers on vectors, got {layer.name!r} from {before} to {shape}"
            )
        before = shape
    width = int(model._graph.inputs[0].shape[-1] or 0)
    values = None if x is None else np.asarray(x, float)
    if values is not None and values.shape not in ((width,), (1, width)):
        raise ValueError(f"x: expected one sample of {width} values, got {values.shape}")
    values = None if values is None else values.reshape(1, width)
    columns = [Column("input", _shown(width, most), values)]
    kernels = []
    for layer, _ in layers:
        values = None if values is None else np.asarray(layer(values))
        if isinstance(layer, Dense):
            units = layer.units
            title = f"{layer.name}\n{layer.activation.name}"
            columns.append(Column(title, _shown(units, most), values))
            kernels.append(np.asarray(layer.kernel))
        else:
            columns[-1].values = values  # an activation, a normalization: the same neurons
    return columns, kernels


def _chain(graph: Graph) -> list[tuple[Layer, tuple[int | None, ...]]] | None:
    """Return the layers, those of nested models too, with the shapes of their outputs; None at a branch."""
    if len(graph.inputs) != 1:
        return None
    tensor, chain = graph.inputs[0], []
    for node in graph.nodes:
        if len(node.parents) != 1 or len(node.outputs) != 1 or node.parents[0] is not tensor:
            return None
        tensor = node.outputs[0]
        inner = getattr(node.layer, "_graph", None)
        parts = [(node.layer, tuple(tensor.shape))] if inner is None else _chain(inner)
        if parts is None:
            return None
        chain += parts
    return chain


def _shown(units: int, most: int) -> NDArray[np.int64]:
    if units <= most:
        return np.arange(units)
    head = most // 2
    return np.array([*range(head), -1, *range(units - (most - head - 1), units)])


def _draw_weights(
    axes: Axes, left: float, before: Column, after: Column, kernel: NDArray[Any], largest: float
) -> None:
    from matplotlib.collections import LineCollection

    ends = [
        (i, j, y, z)
        for i, y in zip(before.shown, before.heights(), strict=True)
        for j, z in zip(after.shown, after.heights(), strict=True)
        if i >= 0 and j >= 0
    ]
    weights = np.array([kernel[i, j] for i, j, _, _ in ends])
    share = np.abs(weights) / largest
    colors = [POSITIVE if weight > 0 else NEGATIVE for weight in weights]
    lines = LineCollection(
        [[(left, y), (left + ACROSS, z)] for _, _, y, z in ends],
        colors=colors, linewidths=0.3 + 2.7 * share, alpha=list(0.25 + 0.7 * share), zorder=1,
    )  # fmt: skip
    axes.add_collection(lines)
    if len(ends) > WRITTEN:
        return
    sources = before.heights()
    for n, (_, _, y, z) in enumerate(ends):
        # Each neuron writes at a distance of its own, so that numbers at crossings are side by side.
        at = 0.27 + 0.5 * float(np.mean(sources > y)) * len(sources) / max(1, len(sources) - 1)
        axes.text(
            left + at * ACROSS, y + at * (z - y), _short(weights[n]), color=colors[n], fontsize=6,
            ha="center", va="center", zorder=2,
            bbox={"facecolor": "white", "edgecolor": "none", "pad": 0.3, "alpha": 0.8},
        )  # fmt: skip


def _draw_column(axes: Axes, center: float, column: Column, top: float) -> None:
    from matplotlib.patches import Circle

    for number, height in zip(column.shown, column.heights(), strict=True):
        if number < 0:
            axes.text(center, height, "\u22ee", ha="center", va="center", fontsize=14)
            continue
        axes.add_patch(Circle((center, height), RADIUS, facecolor="#fdf3e1", edgecolor="#444444", zorder=3))
        if column.values is not None:
            axes.text(
                center,
                height,
                _short(column.values[0, number]),
                ha="center",
                va="center",
                fontsize=7,
                zorder=4,
            )
    axes.text(center, top + 0.55, column.title, ha="center", va="bottom", fontsize=8)


def _short(value: float) -> str:
    """Return a number in four or five characters where that is possible."""
    return f"{value:.2f}" if abs(value) < 10 else f"{value:.3g}"
