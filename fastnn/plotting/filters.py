"""`plot_filters`: the kernels of a layer as images."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..checks import whole_number
from .figures import as_images, new_figure

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from ..layers import Layer

__all__ = ["plot_filters"]


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
        One channel, or the mean of several, is shown from red, negative, over white to blue, positive; three
        channels are shown in color, and zero is gray. Each image has its own scale and a frame.

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
        if picture.ndim == 3:
            axes.imshow(np.clip(picture / (2 * largest) + 0.5, 0, 1))
        else:
            axes.imshow(picture, cmap="RdBu", vmin=-largest, vmax=largest)
        axes.set(xticks=[], yticks=[])
    figure.suptitle(layer.name)
    return figure


def _pictures(layer: Layer, image_shape: tuple[int, int] | None) -> list[NDArray[np.floating]]:
    """Return an image (height, width) or (height, width, 3) for each unit."""
    kernels = [v.numpy() for v in layer.weights if v.name.endswith("kernel")]
    kernel = kernels[0] if kernels else np.zeros(())
    if kernel.ndim == 2:
        return [*as_images(kernel.T, image_shape)[..., 0]]
    if kernel.ndim != 4:
        raise ValueError(
            f"layer: expected one with a kernel (height, width, channels, filters) or (inputs, units), got "
            f"{layer!r} with {[v.shape for v in layer.weights]}"
        )
    units = np.moveaxis(kernel, -1, 0)
    return [unit if unit.shape[-1] == 3 else unit.mean(axis=-1) for unit in units]
