"""`Resizing`: images of another height and width."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..checks import real_number
from .base.layer import registry
from .base.shapes import dimension
from .base.spatial import Spatial
from .base.window import one_of

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value

INTERPOLATIONS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")

Box = tuple[int, int, int, int]


def largest_window(shape: tuple[int, ...], height: int, width: int) -> Box:
    """Return top, left, height and width of the largest part of images with the proportions of the output."""
    h = max(1, min(shape[0], int(shape[1] * height / width)))
    w = max(1, min(shape[1], int(shape[0] * width / height)))
    return (shape[0] - h) // 2, (shape[1] - w) // 2, h, w


def smallest_window(shape: tuple[int, ...], height: int, width: int) -> Box:
    """Return the same of the smallest window around images, as far beyond one side as beyond the other."""
    top = max(0, int(shape[1] * height / width) - shape[0]) // 2
    left = 0 if top else max(0, int(shape[0] * width / height) - shape[1]) // 2
    return -top, -left, shape[0] + 2 * top, shape[1] + 2 * left


def resized_shape(shape: tuple[int, ...], height: int, width: int) -> tuple[int, ...]:
    """Return the sample shape of images (height, width, channels) in another size.

    Raises
    ------
    ValueError
        If they have no pixels to make others of.
    """
    if 0 in shape[:2]:
        raise ValueError(f"input: expected images of one pixel or more, got {shape[0]} x {shape[1]}")
    return height, width, shape[-1]


@registry.add
class Resizing(Spatial):
    """Images of another height and width.

    Parameters
    ----------
    height, width : int
        Height and width of the output.
    interpolation : str, default "bilinear"
        "nearest", "bilinear", "bicubic" (Keys 1981), "lanczos3" or "lanczos5".
    crop_to_aspect_ratio : bool, default False
        Whether images keep their proportions: the largest part that has those of the output is resized.
    pad_to_aspect_ratio : bool, default False
        Whether images keep their proportions, with `fill_value` beside them, or above and below.
    fill_mode : {"constant"}, default "constant"
        What is beside them.
    fill_value : float, default 0.0
        The value there.
    antialias : bool, default False
        Whether each number of a smaller image is a sum over all that lies around its position, and not
        only over the next ones.
    data_format : {"channels_last", "channels_first"}, optional
        Rows are (height, width, channels) or (channels, height, width); `config.image_data_format()` by
        default.
    **kwargs
        See `Layer`.

    Notes
    -----
    Numbers are floats before and after: nothing is rounded. Positions are the centres of pixels, and beyond
    an edge nothing counts. "nearest" is the same with `antialias`; a position on the border of two pixels
    belongs to the one behind it, where Keras takes the one before it for some sizes, by rounding.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> fastnn.layers.Resizing(1, 4)(np.array([[[[0.0], [1.0]]]]))[0, ..., 0]
    array([[0.  , 0.25, 0.75, 1.  ]], dtype=float32)
    """

    def __init__(
        self,
        height: int,
        width: int,
        interpolation: str = "bilinear",
        crop_to_aspect_ratio: bool = False,
        pad_to_aspect_ratio: bool = False,
        fill_mode: str = "constant",
        fill_value: float = 0.0,
        antialias: bool = False,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format, **kwargs)
        self.height, self.width = dimension(height, "height"), dimension(width, "width")
        self.interpolation = one_of(interpolation, "interpolation", *INTERPOLATIONS)
        self.crop_to_aspect_ratio = bool(crop_to_aspect_ratio)
        self.pad_to_aspect_ratio = bool(pad_to_aspect_ratio)
        if self.crop_to_aspect_ratio and self.pad_to_aspect_ratio:
            raise ValueError(
                "pad_to_aspect_ratio: expected False where crop_to_aspect_ratio is True, got True"
            )
        self.fill_mode = one_of(fill_mode, "fill_mode", "constant")
        self.fill_value = real_number(fill_value, "fill_value")
        self.antialias = bool(antialias)

    def _lacks_batch(self, x: Any) -> bool:
        """Whether an array is one image."""
        return np.ndim(x) == self._rank + 1

    def _emit_last(self, plan: Plan, x: Value) -> Value:
        """Append the copy of a window if one is asked for, and the resampling."""
        from ..kernels.ops import resample, strided_copy

        if self.crop_to_aspect_ratio:
            x = strided_copy.emit_window(plan, x, *largest_window(x.shape, self.height, self.width))
        elif self.pad_to_aspect_ratio:
            window = smallest_window(x.shape, self.height, self.width)
            x = strided_copy.emit_window(plan, x, *window, self.fill_value)
        return resample.emit(plan, x, self.height, self.width, self.interpolation, self.antialias)

    def _output_last(self, sample_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Replace height and width."""
        return resized_shape(sample_shape, self.height, self.width)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {
            "height": self.height,
            "width": self.width,
            "interpolation": self.interpolation,
            "crop_to_aspect_ratio": self.crop_to_aspect_ratio,
            "pad_to_aspect_ratio": self.pad_to_aspect_ratio,
            "fill_mode": self.fill_mode,
            "fill_value": self.fill_value,
            "antialias": self.antialias,
        }
