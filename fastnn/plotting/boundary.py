"""`plot_decision_boundary`: the classes that a model predicts in a plane."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import whole_number
from .confusion import class_numbers
from .figures import class_color, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_decision_boundary"]

MARGIN = 0.1  # of the extent of the samples, at each side


def plot_decision_boundary(
    model: Any,
    x: ArrayLike,
    y: ArrayLike | None = None,
    class_names: Sequence[str] | None = None,
    threshold: float = 0.5,
    resolution: int = 200,
    title: str | None = None,
) -> Figure:
    """Plot samples of two features and the classes that a model predicts around them.

    Parameters
    ----------
    model : Model
        A classifier of samples of two features: with outputs (samples, classes), whose largest entry counts,
        or (samples, 1) or (samples,), which is class 1 above `threshold`. Any object with `predict` will do.
    x : array_like of shape (samples, 2)
        The samples, which also say what part of the plane is shown.
    y : array_like, optional
        Their class numbers or one-hot labels: the colors of the points.
    class_names : sequence of str, optional
        Names of the classes in the legend; their numbers by default.
    threshold : float, default 0.5
        For a single output; 0 for logits.
    resolution : int, default 200
        Positions on each axis at which the model predicts.
    title : str, optional
        Above the plot.

    Returns
    -------
    matplotlib.figure.Figure
        Areas are paler where a probability is closer to that of the second class, and white at a tie.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If `x` is not of two features, `y` of another length, or the outputs are not those of a classifier.

    Examples
    --------
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(3, activation="softmax")])
    >>> figure = plot_decision_boundary(model, [[0, 0], [1, 2], [3, 1]], [0, 1, 2])
    >>> [text.get_text() for text in figure.axes[0].get_legend().get_texts()]
    ['0', '1', '2']
    """
    points = np.asarray(x, float)
    if points.ndim != 2 or points.shape[1] != 2 or not len(points):
        raise ValueError(f"x: expected samples of two features, (samples, 2), got {points.shape}")
    labels = None if y is None else class_numbers(y, "y")
    if labels is not None and len(labels) != len(points):
        raise ValueError(f"x, y: expected equal lengths, got {len(points)} and {len(labels)}")
    lowest, highest = points.min(axis=0), points.max(axis=0)
    room = MARGIN * np.where(highest > lowest, highest - lowest, 1.0)
    size = whole_number(resolution, "resolution", 2)
    across, down = (
        np.linspace(low, high, size) for low, high in zip(lowest - room, highest + room, strict=True)
    )
    grid = np.stack(np.meshgrid(across, down), axis=-1).reshape(-1, 2)
    predicted, certainty = _classes(np.asarray(model.predict(grid, verbose=0)), len(grid), threshold)
    shown = max(predicted.max(), -1 if labels is None else labels.max()) + 1
    if class_names is not None and shown > len(class_names):
        raise ValueError(f"class_names: expected {shown} names, got {len(class_names)}")

    figure = new_figure(5, 4.2)
    axes = figure.add_subplot()
    colors = np.array([class_color(number) for number in range(shown)])
    strength = 0.1 + 0.4 * certainty[:, np.newaxis]
    areas = 1 - strength * (1 - colors[predicted])
    axes.imshow(
        areas.reshape(size, size, 3), origin="lower", aspect="auto", interpolation="nearest",
        extent=(*_edges(across), *_edges(down)),
    )  # fmt: skip
    for number in np.unique(predicted):
        if predicted.min() < predicted.max():
            inside = (predicted == number).reshape(size, size)
            axes.contour(across, down, inside, levels=[0.5], colors="black", linewidths=0.8)
    if labels is None:
        axes.scatter(points[:, 0], points[:, 1], s=18, color="white", edgecolor="black", linewidth=0.6)
    else:
        for number in np.unique(labels):
            name = str(number) if class_names is None else class_names[number]
            own = points[labels == number]
            axes.scatter(
                own[:, 0], own[:, 1], s=18, color=[class_color(number)], edgecolor="black",
                linewidth=0.6, label=name,
            )  # fmt: skip
        axes.legend(title="class", loc="upper left", bbox_to_anchor=(1.02, 1.0))
    axes.set(xlabel="feature 0", ylabel="feature 1", title=title or "")
    return figure


def _edges(centers: NDArray[np.float64]) -> tuple[float, float]:
    """Return where the first pixel begins and the last one ends."""
    half = float(centers[1] - centers[0]) / 2
    return float(centers[0]) - half, float(centers[-1]) + half


def _classes(
    outputs: NDArray[Any], samples: int, threshold: float
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Return the predicted classes, and how far each is ahead of the next one, from 0 to 1."""
    if outputs.shape in ((samples,), (samples, 1)):
        ahead = outputs.reshape(samples).astype(float) - threshold
        return (ahead > 0).astype(np.int64), np.abs(ahead) / max(float(np.abs(ahead).max()), 1e-12)
    if outputs.ndim != 2 or len(outputs) != samples:
        raise ValueError(
            f"model: expected predictions (samples, classes) or (samples, 1), got {outputs.shape} "
            f"for {samples} samples"
        )
    ranked = np.sort(outputs, axis=1).astype(float)
    ahead = ranked[:, -1] - ranked[:, -2]
    return outputs.argmax(axis=1), ahead / max(float(ahead.max()), 1e-12)
