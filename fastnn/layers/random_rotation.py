"""`RandomRotation`: images rotated at random, in training."""

from __future__ import annotations

from typing import Any

from .base.augmentation import Factor, Range, factor_range
from .base.layer import registry
from .base.warp import SAME, STILL, Warp


@registry.add
class RandomRotation(Warp):
    """Turn each image about its centre by a random angle, in training only.

    Parameters
    ----------
    factor : float or (float, float)
        Range of the angle, counted in full turns, from -1 to 1; positive is counter-clockwise. One number f
        stands for (-f, f).
    fill_mode : {"reflect", "constant", "wrap", "nearest"}
        What lies beyond the edges: the image mirrored, `fill_value`, the image again, or its edge.
    interpolation : {"bilinear", "nearest"}
        How a pixel is made of those around the place that it comes from.
    seed : int, optional
        By default drawn from the seed of `fastnn.utils.set_random_seed`.
    fill_value : float, default 0.0
        With "constant".
    data_format : {"channels_last", "channels_first"}, optional
        Position of the channels in a sample; `config.image_data_format()` by default.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> x = np.array([[1.0, 2.0], [3.0, 4.0]]).reshape(1, 2, 2, 1)
    >>> layer = fastnn.layers.RandomRotation((0.25, 0.25), interpolation="nearest")
    >>> layer(x, training=True)[0, :, :, 0]
    array([[2., 4.],
           [1., 3.]], dtype=float32)
    """

    def __init__(
        self,
        factor: Factor,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        self.factor = factor_range(factor, "factor")

    def _ranges(self) -> tuple[tuple[Range, Range | None], tuple[Range, Range], Range]:
        """Return the ranges of zoom, shift and turn."""
        return (SAME, SAME), (STILL, STILL), self.factor

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"factor": list(self.factor)}
