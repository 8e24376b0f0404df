"""`RandomTranslation`: images shifted at random, in training."""

from __future__ import annotations

from typing import Any

from .base.augmentation import Factor, Range, as_given, factor_range
from .base.layer import registry
from .base.warp import SAME, STILL, Warp


@registry.add
class RandomTranslation(Warp):
    """Shift each image by a random way, in training only.

    Parameters
    ----------
    height_factor, width_factor : float or (float, float)
        Ranges of the way downwards and to the right, as shares of height and width, from -1 to 1. One
        number f stands for (-f, f).
    fill_mode, interpolation, seed, fill_value, data_format, **kwargs
        See `RandomRotation`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> x = np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 1, 4, 1)
    >>> layer = fastnn.layers.RandomTranslation(0.0, (0.25, 0.25), fill_mode="constant")
    >>> layer(x, training=True).ravel()
    array([0., 1., 2., 3.], dtype=float32)
    """

    def __init__(
        self,
        height_factor: Factor,
        width_factor: Factor,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(fill_mode, interpolation, seed, fill_value, data_format, **kwargs)
        self.height_factor, self.width_factor = height_factor, width_factor
        self._ranges()  # which validates them

    def _ranges(self) -> tuple[tuple[Range, Range | None], tuple[Range, Range], Range]:
        """Return the ranges of zoom, shift and turn."""
        height = factor_range(self.height_factor, "height_factor")
        return (SAME, SAME), (height, factor_range(self.width_factor, "width_factor")), STILL

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {
            "height_factor": as_given(self.height_factor),
            "width_factor": as_given(self.width_factor),
        }
