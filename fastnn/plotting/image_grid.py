"""`plot_images`: a grid of images with labels and predictions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import whole_number
from .confusion import class_numbers
from .figures import as_images, new_figure

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["plot_images"]

RIGHT, WRONG = "black", "#c0392b"


def plot_images(
    images: ArrayLike,
    labels: ArrayLike | None = None,
    predictions: ArrayLike | None = None,
    class_names: Sequence[str] | None = None,
    image_shape: tuple[int, int] | None = None,
    columns: int = 8,
    limit: int = 32,
    title: str | None = None,
) -> Figure:
    """Plot a grid of images, each below its label or prediction.

    Parameters
    ----------
    images : array_like
        (samples, height, width), with a last axis of 1 or 3 channels, or flattened (samples, pixels). Gray is
        scaled from the lowest to the highest value of all images that are shown; colors are from 0 to 1, or
        to 255 where a value is above 1.
    labels, predictions : array_like, optional
        Class numbers (samples,), or one-hot labels and probabilities (samples, classes). With both, a wrong
        prediction is red and followed by the label.
    class_names : sequence of str, optional
        Names of the classes; their numbers by default.
    image_shape : tuple of two int, optional
        Height and width of flattened images; a square by default.
    columns : int, default 8
        Number of images in a row.
    limit : int, default 32
        Largest number of images.
    title : str, optional
        Above the plot.

    Returns
    -------
    matplotlib.figure.Figure
        With one axes for each image.

    Raises
    ------
    ImportError
        If matplotlib is not installed.
    ValueError
        If shapes or lengths do not fit, or a class has no name.

    Examples
    --------
    >>> import numpy as np
    >>> figure = plot_images(np.zeros((3, 8, 8)), [0, 1, 1], [0, 1, 0], ["cat", "dog"])
    >>> [axes.get_title() for axes in figure.axes]
    ['cat', 'dog', 'cat, not dog']
    """
    pictures = as_images(images, image_shape)
    captions = _captions(len(pictures), labels, predictions, class_names)
    pictures = pictures[: whole_number(limit, "limit", 1)]
    if pictures.shape[-1] == 3:
        pictures = np.clip(pictures / (255 if pictures.max() > 1 else 1), 0, 1)
    across = min(whole_number(columns, "columns", 1), len(pictures))
    down = -(-len(pictures) // across)
    longest = max(len(text) for text, _ in captions[: len(pictures)])
    width = max(1.0, 0.075 * longest + 0.1)
    figure = new_figure(width * across, (1.25 if longest else 1.0) * down + (0.35 if title else 0))
    for i, picture in enumerate(pictures):
        axes = figure.add_subplot(down, across, i + 1)
        if picture.shape[-1] == 3:
            axes.imshow(picture)
        else:
            axes.imshow(picture[..., 0], cmap="gray", vmin=pictures.min(), vmax=pictures.max())
        axes.set(xticks=[], yticks=[])
        text, color = captions[i]
        axes.set_title(text, fontsize=9, color=color)
    if title:
        figure.suptitle(title)
    return figure


def _captions(
    count: int, labels: Any, predictions: Any, names: Sequence[str] | None
) -> list[tuple[str, str]]:
    """Return the text and its color for each image."""
    numbers: list[NDArray[np.int64]] = []
    for name, values in (("labels", labels), ("predictions", predictions)):
        if values is not None:
            numbers.append(class_numbers(values, name))
            if len(numbers[-1]) != count:
                raise ValueError(f"{name}: expected {count}, one for each image, got {len(numbers[-1])}")
            outside = (numbers[-1] < 0) | (numbers[-1] >= (np.inf if names is None else len(names)))
            if outside.any():
                raise ValueError(f"{name}: class {numbers[-1][outside][0]} is not one of {names or 'them'}")

    def named(number: int) -> str:
        return str(number) if names is None else names[number]

    if len(numbers) < 2:
        return [(named(number), RIGHT) for number in numbers[0]] if numbers else [("", RIGHT)] * count
    return [
        (named(guess), RIGHT) if guess == true else (f"{named(guess)}, not {named(true)}", WRONG)
        for true, guess in zip(*numbers, strict=True)
    ]
