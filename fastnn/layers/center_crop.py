"""`CenterCrop`: the middle of images."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from .base.layer import registry
from .base.shapes import dimension
from .base.spatial import Spatial
from .resizing import largest_window, resized_shape

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


@registry.add
class CenterCrop(Spatial):
    """Crop the middle of images; of smaller images, resize the largest part of that aspect ratio.

    Parameters
    ----------
    height, width : int
        Height and width of the output. Where an odd number is taken off, the larger half is at the bottom
        and right.
    data_format : {"channels_last", "channels_first"}, optional
        Rows are (height, width, channels) or (channels, height, width); `config.image_data_format()` by
        default.
    **kwargs
        See `Layer`.

    Notes
    -----
    An image is resized as by `Resizing(height, width, crop_to_aspect_ratio=True)`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> x = np.arange(16.0).reshape(1, 4, 4, 1)
    >>> fastnn.layers.CenterCrop(2, 2)(x)[0, ..., 0]
    array([[ 5.,  6.],
           [ 9., 10.]], dtype=float32)
    """

    def __init__(self, height: int, width: int, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(data_format, **kwargs)
        self.height, self.width = dimension(height, "height"), dimension(width, "width")

    def _lacks_batch(self, x: Any) -> bool:
        """Whether an array is one image."""
        return np.ndim(x) == self._rank + 1

    def _emit_last(self, plan: Plan, x: Value) -> Value:
        """Append the copy of the middle, or of the largest part and its resampling."""
        from ..kernels.ops import resample, strided_copy

        top, left = x.shape[0] - self.height, x.shape[1] - self.width
        if top >= 0 and left >= 0:
            return strided_copy.emit_window(plan, x, top // 2, left // 2, self.height, self.width)
        x = strided_copy.emit_window(plan, x, *largest_window(x.shape, self.height, self.width))
        return resample.emit(plan, x, self.height, self.width)

    def _output_last(self, sample_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Replace height and width."""
        return resized_shape(sample_shape, self.height, self.width)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"height": self.height, "width": self.width}
