"""`RandomZoom`: images zoomed at random, in training."""

from __future__ import annotations

from typing import Any

from .base.augmentation import Factor, Range, as_given, factor_range
from .base.layer import registry
from .base.warp import STILL, Warp


@registry.add
class RandomZoom(Warp):
    """Zoom each image about its centre by random factors, in training only.

    Parameters
    ----------
    height_factor : float or (float, float)
        Range of the zoom, above -1 and up to 1: with f, 1 + f pixels become one, so that positive is zooming
        out. One number f stands for (-f, f).
    width_factor : float or (float, float), optional
        The same for the width; None: as much as the height.
    fill_mode, interpolation, seed, fill_value, data_format, **kwargs
        See `RandomRotation`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> x = np.array([1.0, 2.0, 3.0, 4.0]).reshape(1, 1, 4, 1)
    >>> layer = fastnn.layers.RandomZoom(0.0, (1.0, 1.0), fill_mode="constant")
    >>> layer(x, training=True).ravel()
    array([0. , 1.5, 3.5, 0. ], dtype=float32)
    """

    def __init__(
        self,
        height_factor: Factor,
        width_factor: Factor | None = None,
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

    @staticmethod
    def _zoom(factor: Factor, name: str) -> Range:
        low, high = factor_range(factor, name, above=True)
        return 1 + low, 1 + high

    def _ranges(self) -> tuple[tuple[Range, Range | None], tuple[Range, Range], Range]:
        """Return the ranges of zoom, shift and turn."""
        width = None if self.width_factor is None else self._zoom(self.width_factor, "width_factor")
        return (self._zoom(self.height_factor, "height_factor"), width), (STILL, STILL), STILL

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {
            "height_factor": as_given(self.height_factor),
            "width_factor": None if self.width_factor is None else as_given(self.width_factor),
        }
