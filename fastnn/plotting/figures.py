"""What the plots share: new figures, which a notebook shows once, colors of classes, arrays as images."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..extras import extra

if TYPE_CHECKING:
    from matplotlib.figure import Figure

__all__ = ["as_images", "class_color", "new_figure"]


def new_figure(width: float, height: float) -> Figure:
    """Return an empty figure of a size in inches, known to `pyplot`, that a notebook shows once.

    Raises
    ------
    ImportError
        If matplotlib is not installed; it says how to install it.
    """
    with extra("plot", "plots need matplotlib", "matplotlib"):
        from matplotlib import pyplot
    from .shown_once import ShownOnce

    return pyplot.figure(figsize=(width, height), layout="constrained", FigureClass=ShownOnce)


def class_color(number: int) -> tuple[float, float, float]:
    """Return the color of a class, from 0 to 1 each, which is the same in all plots; 20 are different."""
    from matplotlib import colormaps

    shades = colormaps["tab20"]  # dark and pale by turns; the dark ones come first
    red, green, blue, _ = shades(2 * number % 20 + number // 10 % 2)
    return red, green, blue


def as_images(images: ArrayLike, image_shape: tuple[int, int] | None = None) -> NDArray[Any]:
    """Return images as (samples, height, width, channels) with 1 or 3 channels.

    Parameters
    ----------
    images : array_like
        (samples, height, width), with or without channels, or flattened (samples, pixels).
    image_shape : tuple of two int, optional
        Height and width of flattened images; a square by default.

    Raises
    ------
    ValueError
        If they are of another shape, or there are none.
    """
    array = np.asarray(images)
    if array.ndim == 2:
        side = math.isqrt(array.shape[1])
        height, width = image_shape or (side, side)
        if height * width != array.shape[1]:
            raise ValueError(
                f"image_shape: expected height times width to be {array.shape[1]}, got {image_shape}"
            )
        array = array.reshape(len(array), height, width)
    if array.ndim == 3:
        array = array[..., np.newaxis]
    if array.ndim != 4 or array.shape[-1] not in (1, 3) or not array.size:
        raise ValueError(
            f"images: expected (samples, height, width), with 1 or 3 channels, or (samples, pixels), "
            f"got {np.shape(images)}"
        )
    return array
