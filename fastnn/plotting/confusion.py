"""Confusion matrices, as arrays and as pictures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import whole_number
from .figures import new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["class_numbers", "confusion_matrix", "plot_confusion_matrix"]

LARGEST = 12.0  # inches
WRITTEN = 30  # classes for which numbers fit into the cells
DARKEST = 0.6  # the color of all samples, on the way from white to dark, on which black is readable


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
    true, predicted = class_numbers(y_true, "y_true"), class_numbers(y_pred, "y_pred")
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


def class_numbers(y: ArrayLike, name: str) -> NDArray[np.int64]:
    """Return class numbers (rows,) of class numbers, one-hot rows, probabilities or logits."""
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
    """Plot a confusion matrix, the samples of each true class by predicted class, and the accuracy.

    Parameters
    ----------
    y_true, y_pred : array_like
        See `confusion_matrix`.
    class_names : sequence of str, optional
        Names of the classes; their numbers by default.
    normalize : bool, default False
        Whether to show fractions of each true class rather than counts.
    title : str, optional
        Above the plot.

    Returns
    -------
    matplotlib.figure.Figure
        Colors are shares of the true class. Numbers are written for up to 30 classes.

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
    side = min(2.5 + 0.45 * len(names), LARGEST)
    figure = new_figure(side, side)
    axes = figure.add_subplot()
    image = axes.imshow(shares, cmap="Blues", vmin=0, vmax=1)
    if len(names) <= WRITTEN:
        image.set_clim(0, 1 / DARKEST)  # so pale that all numbers are black
        for (row, column), share in np.ndenumerate(shares):
            text = f"{share:.2f}" if normalize else str(counts[row, column])
            axes.text(
                column, row, text, ha="center", va="center", color="black",
                fontsize=min(10, 32 / max(3, len(text))),
            )  # fmt: skip
    else:
        figure.colorbar(image, ax=axes, label="share of the true class", shrink=0.7)
    # Names of 8 points need a ninth of an inch: of more classes than fit, every 2nd, 5th, 10th ... is named.
    room = 0.11 * len(names) / (side - 2.0)
    every = next(step for step in (1, 2, 5, 10, 20, 50, 100, 1000, len(names)) if step >= room)
    ticks = range(0, len(names), every)
    shown = [names[tick] for tick in ticks]
    upright = max(map(len, shown), default=0) > 3
    axes.set_xticks(ticks, shown, rotation=90 if upright else 0, fontsize=8 if every > 1 else None)
    axes.set_yticks(ticks, shown, fontsize=8 if every > 1 else None)
    accuracy = f"accuracy {np.trace(counts) / max(1, counts.sum()):.1%}"
    axes.set(xlabel="predicted", ylabel="true", title=f"{title}\n{accuracy}" if title else accuracy)
    return figure
