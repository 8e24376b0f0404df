"""Plots of trainings and of learned weights, with matplotlib (extra ``plot``).

Each function returns a new figure: a notebook shows it, `figure.savefig("x.png")` writes it to a file.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .checks import whole_number

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from .layers import Layer

__all__ = ["confusion_matrix", "plot_confusion_matrix", "plot_filters", "plot_history"]

PANEL = 4.0, 3.0  # inches


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches, or raise an error that says how to install matplotlib."""
    try:
        from matplotlib import pyplot
    except ImportError as error:
        raise ImportError(
            "pictures need matplotlib: install the checkout with its extra plot ('.[plot]')"
        ) from error
    figure: Figure = pyplot.figure(figsize=(width, height), layout="constrained")
    return figure


def plot_history(history: Any, metrics: Sequence[str] | None = None, title: str | None = None) -> Figure:
    """Plot loss and metrics over the epochs, training and validation in one panel.

    Parameters
    ----------
    history : History or dict of list
        The object that `fit` returned, or its `history`.
    metrics : sequence of str, optional
        Names of the metrics, without "val_"; all by default.
    title : str, optional

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If there is nothing to plot, or `metrics` contains unknown names.

    Examples
    --------
    >>> figure = plot_history({"loss": [0.9, 0.5, 0.3], "val_loss": [0.8, 0.6, 0.5]})
    >>> [line.get_label() for line in figure.axes[0].lines]
    ['training', 'validation']
    """
    record: Mapping[str, Sequence[float]] = getattr(history, "history", history)
    names = [name for name in record if not name.startswith("val_")] if metrics is None else list(metrics)
    unknown = [name for name in names if name not in record]
    if unknown or not names:
        raise ValueError(f"metrics: expected some of {list(record)}, got {metrics!r}")
    epochs = getattr(history, "epoch", None) or range(len(record[names[0]]))
    columns = min(3, len(names))
    lines = -(-len(names) // columns)
    figure = new_figure(PANEL[0] * columns, PANEL[1] * lines)
    for i, name in enumerate(names):
        axes = figure.add_subplot(lines, columns, i + 1)
        curves = {"training": record[name], "validation": record.get(f"val_{name}")}
        for label, values in curves.items():
            if values is not None:
                at = [epoch + 1 for epoch in epochs][-len(values) :]
                axes.plot(at, values, label=label, marker="." if len(values) < 20 else None)
        axes.set(xlabel="epoch", ylabel=name.replace("_", " "))
        axes.locator_params(axis="x", integer=True)
        axes.grid(alpha=0.3)
        if curves["validation"] is not None:
            axes.legend()
    figure.suptitle(title or "")
    return figure


def confusion_matrix(y_true: ArrayLike, y_pred: ArrayLike, classes: int | None = None) -> NDArray[np.int64]:
    """Count the samples of each true class by predicted class.

    Parameters
    ----------
    y_true, y_pred : array_like
        Class numbers (rows,); or (rows, classes) one-hot labels and predicted probabilities or logits, whose
        largest entry counts; or (rows, 1) probabilities of class 1.
    classes : int, optional
        Number of classes; by default enough for the numbers that occur.

    Returns
    -------
    ndarray of int64, shape (classes, classes)
        Rows are true classes, columns predicted classes.

    Raises
    ------
    ValueError
        If lengths differ or a class is out of range.

    Examples
    --------
    >>> confusion_matrix([0, 1, 1, 2], [0, 1, 2, 2])
    array([[1, 0, 0],
           [0, 1, 1],
           [0, 0, 1]])
    """
    true, predicted = _class_numbers(y_true, "y_true"), _class_numbers(y_pred, "y_pred")
    if len(true) != len(predicted):
        raise ValueError(f"y_true, y_pred: expected equal lengths, got {len(true)} and {len(predicted)}")
    widths = [np.shape(y)[1] for y in (y_true, y_pred) if np.ndim(y) == 2]
    found = max([*widths, int(true.max(initial=-1)) + 1, int(predicted.max(initial=-1)) + 1])
    count = found if classes is None else whole_number(classes, "classes", 1)
    for name, numbers in (("y_true", true), ("y_pred", predicted)):
        wrong = numbers[(numbers < 0) | (numbers >= count)]
        if wrong.size:
            raise ValueError(f"{name}: expected class numbers from 0 to {count - 1}, got {wrong[0]}")
    counts = np.bincount(true * count + predicted, minlength=count * count)
    matrix: NDArray[np.int64] = counts.reshape(count, count).astype(np.int64)
    return matrix


def _class_numbers(y: ArrayLike, name: str) -> NDArray[np.int64]:
    array = np.asarray(y)
    if array.ndim == 2 and array.shape[1] > 1:
        array = array.argmax(axis=1)
    elif array.ndim == 2:
        array = array[:, 0]
    if array.ndim != 1 or array.dtype.kind not in "fiub":
        raise ValueError(
            f"{name}: expected class numbers or (rows, classes), got {array.dtype} {array.shape}"
        )
    numbers: NDArray[np.int64] = np.rint(array).astype(np.int64)
    return numbers


def plot_confusion_matrix(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    class_names: Sequence[str] | None = None,
    normalize: bool = False,
    title: str | None = None,
) -> Figure:
    """Plot a confusion matrix: the samples of each true class by predicted class.

    Parameters
    ----------
    y_true, y_pred : array_like
        See `confusion_matrix`.
    class_names : sequence of str, optional
        Names of the classes; their numbers by default.
    normalize : bool, default False
        Whether to show fractions of each true class rather than counts.
    title : str, optional

    Returns
    -------
    matplotlib.figure.Figure

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If the arguments are inconsistent.

    Examples
    --------
    >>> figure = plot_confusion_matrix([0, 1, 1], [0, 1, 0], ["cat", "dog"])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['1', '0', '1', '1']
    """
    counts = confusion_matrix(y_true, y_pred, None if class_names is None else len(class_names))
    names = list(class_names) if class_names is not None else [str(i) for i in range(len(counts))]
    shares = counts / np.maximum(1, counts.sum(axis=1, keepdims=True))
    side = 2.5 + 0.45 * len(names)
    figure = new_figure(side, side)
    axes = figure.add_subplot()
    axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    for (row, column), share in np.ndenumerate(shares):
        text = f"{share:.2f}" if normalize else str(counts[row, column])
        axes.text(column, row, text, ha="center", va="center", color="white" if share > 0.5 else "black")
    ticks = range(len(names))
    upright = max(map(len, names), default=0) > 3
    axes.set_xticks(ticks, names, rotation=90 if upright else 0)
    axes.set_yticks(ticks, names)
    axes.set(xlabel="predicted", ylabel="true", title=title or "")
    return figure


def plot_filters(
    layer: Layer, image_shape: tuple[int, int] | None = None, columns: int = 8, limit: int = 64
) -> Figure:
    """Plot the kernels of a first layer as images.

    Parameters
    ----------
    layer : Layer
        A layer with a kernel (height, width, channels, filters), such as `Conv2D`; or (inputs, units), such
        as `Dense` on flattened images.
    image_shape : tuple of two int, optional
        Height and width of the inputs of a `Dense` layer; a square by default.
    columns : int, default 8
        Number of images in a row.
    limit : int, default 64
        Largest number of images.

    Returns
    -------
    matplotlib.figure.Figure
        Three channels are shown in color, others as their mean; zero is gray.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If the layer has no such kernel.

    Examples
    --------
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((8, 8, 1)), fastnn.layers.Conv2D(6, 3)])
    >>> len(plot_filters(model.layers[0]).axes)
    6
    """
    pictures = _pictures(layer, image_shape)[: whole_number(limit, "limit", 1)]
    across = min(whole_number(columns, "columns", 1), len(pictures))
    down = -(-len(pictures) // across)
    figure = new_figure(across, down + 0.4)
    for i, picture in enumerate(pictures):
        axes: Axes = figure.add_subplot(down, across, i + 1)
        largest = float(np.abs(picture).max()) or 1.0
        axes.imshow(np.clip(picture / (2 * largest) + 0.5, 0, 1), cmap="gray", vmin=0, vmax=1)
        axes.set_axis_off()
    figure.suptitle(layer.name)
    return figure


def _pictures(layer: Layer, image_shape: tuple[int, int] | None) -> list[NDArray[np.floating]]:
    """Return an image (height, width) or (height, width, 3) for each unit."""
    kernels = [v.numpy() for v in layer.weights if v.name.endswith("kernel")]
    kernel = kernels[0] if kernels else np.zeros(())
    if kernel.ndim == 2:
        side = math.isqrt(len(kernel))
        height, width = image_shape or (side, side)
        if height * width != len(kernel):
            raise ValueError(
                f"image_shape: expected height times width to be {len(kernel)}, got {image_shape}"
            )
        return [column.reshape(height, width) for column in kernel.T]
    if kernel.ndim != 4:
        raise ValueError(
            f"layer: expected one with a kernel (height, width, channels, filters) or (inputs, units), got "
            f"{layer!r} with {[v.shape for v in layer.weights]}"
        )
    units = np.moveaxis(kernel, -1, 0)
    return [unit if unit.shape[-1] == 3 else unit.mean(axis=-1) for unit in units]
