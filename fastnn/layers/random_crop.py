"""`RandomCrop`: in training, a part of each image at a random place; otherwise its middle, resized."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from ..utils.random import seed_of
from .base.layer import registry
from .base.shapes import dimension
from .base.spatial import Spatial
from .resizing import resized_shape

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


@registry.add
class RandomCrop(Spatial):
    """Crop images to a size, in training at a random place that the images of a batch share.

    Outside of training, and where an image is not larger than the crop in both dimensions, the largest part
    from the middle that has the shape of the crop is resized to it by bilinear interpolation.

    Parameters
    ----------
    height, width : int
        What the crop has.
    seed : int, optional
        By default drawn from the seed of `fastnn.utils.set_random_seed`.
    data_format : {"channels_last", "channels_first"}, optional
        Position of the channels in a sample; `config.image_data_format()` by default.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> x = np.arange(16.0).reshape(1, 4, 4, 1)
    >>> layer = fastnn.layers.RandomCrop(2, 2, seed=3)
    >>> layer(x, training=False)[0, :, :, 0]
    array([[ 2.5,  4.5],
           [10.5, 12.5]], dtype=float32)
    >>> y = layer(x, training=True)[0, :, :, 0]
    >>> y - y[0, 0]
    array([[0., 1.],
           [4., 5.]], dtype=float32)
    """

    def __init__(
        self,
        height: int,
        width: int,
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.height = dimension(height, "height")
        self.width = dimension(width, "width")
        self.seed = seed
        self._stream = seed_of(seed)

    _acts_by_default = True

    def _lacks_batch(self, x: Any) -> bool:
        """Whether an array is one image."""
        return np.ndim(x) == self._rank + 1

    def _emit_last(self, plan: Plan, x: Value) -> Value:
        """Append the crop."""
        from ..kernels.ops import warp

        height, width = x.shape[:2]
        if (plan.stochastic or plan.acts_by_default) and height > self.height and width > self.width:
            return warp.emit_crop(plan, x, self.height, self.width, self._stream)
        rows = max(1, min(height, width * self.height // self.width))
        columns = max(1, min(width, height * self.width // self.height))
        window = (height - rows) // 2, (width - columns) // 2, rows, columns
        return warp.emit_window(plan, x, window, self.height, self.width)

    def _output_last(self, sample_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return the shape of a row of the output."""
        return resized_shape(sample_shape, self.height, self.width)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"height": self.height, "width": self.width, "seed": self.seed}
