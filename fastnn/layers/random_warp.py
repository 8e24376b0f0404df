"""`RandomFlip`, `RandomTranslation`, `RandomRotation`, `RandomZoom`: images moved at random, in training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ..checks import real_number
from .augmentation import Augmentation, Factor, Range, as_given, factor_range
from .base.layer import registry
from .base.spatial import one_of

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value

STILL: Range = (0.0, 0.0)
SAME: Range = (1.0, 1.0)


@registry.add
class RandomFlip(Augmentation):
    """Flip every other image, on the average, in training only.

    Parameters
    ----------
    mode : {"horizontal_and_vertical", "horizontal", "vertical"}
        What is exchanged: left and right, top and bottom, or both at once, which is half a turn.
    seed : int, optional
        By default the next one of `fastnn.utils.set_random_seed`.
    data_format : {"channels_last", "channels_first"}, optional
        Where the channels are in a row; `config.image_data_format()` by default.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> x = np.array([1.0, 2.0, 3.0]).reshape(1, 1, 3, 1)
    >>> layer = fastnn.layers.RandomFlip("horizontal", seed=1)
    >>> images = layer(np.repeat(x, 100, axis=0), training=True)
    >>> np.unique(images[:, 0, :, 0], axis=0)
    array([[1., 2., 3.],
           [3., 2., 1.]], dtype=float32)
    """

    def __init__(
        self,
        mode: str = "horizontal_and_vertical",
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, data_format, **kwargs)
        self.mode = one_of(mode, "mode", "horizontal_and_vertical", "horizontal", "vertical")

    def _emit_last(self, plan: Plan, x: Value) -> Value:
        """Append the flip."""
        from ..kernels.ops import warp

        return warp.emit_flip(plan, x, "horizontal" in self.mode, "vertical" in self.mode, self._stream)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"mode": self.mode}


class Warp(Augmentation):
    """Base of maps that leave pixels between pixels: they say what is drawn.

    Parameters
    ----------
    fill_mode : {"reflect", "constant", "wrap", "nearest"}
        What lies beyond the edges: the image mirrored, `fill_value`, the image again, or its edge.
    interpolation : {"bilinear", "nearest"}
        How a pixel is made of those around the place that it comes from.
    seed : int, optional
        By default the next one of `fastnn.utils.set_random_seed`.
    fill_value : float, default 0.0
        With "constant".
    data_format : {"channels_last", "channels_first"}, optional
        Where the channels are in a row; `config.image_data_format()` by default.
    **kwargs
        See `Layer`.
    """

    def __init__(
        self,
        fill_mode: str = "reflect",
        interpolation: str = "bilinear",
        seed: int | None = None,
        fill_value: float = 0.0,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(seed, data_format, **kwargs)
        self.fill_mode = one_of(fill_mode, "fill_mode", "reflect", "constant", "wrap", "nearest")
        self.interpolation = one_of(interpolation, "interpolation", "bilinear", "nearest")
        self.fill_value = real_number(fill_value, "fill_value")

    def _ranges(self) -> tuple[tuple[Range, Range | None], tuple[Range, Range], Range]:
        """Return the ranges of zoom, shift and turn, as `warp.emit_affine` takes them."""
        raise NotImplementedError

    def _emit_last(self, plan: Plan, x: Value) -> Value:
        """Append the map."""
        from ..kernels.ops import warp

        zoom, shift, turn = self._ranges()
        return warp.emit_affine(
            plan, x, zoom, shift, turn, self.fill_mode, self.interpolation, self.fill_value, self._stream
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {
            "fill_mode": self.fill_mode,
            "interpolation": self.interpolation,
            "fill_value": self.fill_value,
        }


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
        self._height = factor_range(height_factor, "height_factor")
        self._width = factor_range(width_factor, "width_factor")
        self.height_factor, self.width_factor = height_factor, width_factor

    def _ranges(self) -> tuple[tuple[Range, Range | None], tuple[Range, Range], Range]:
        """Return the ranges of zoom, shift and turn."""
        return (SAME, SAME), (self._height, self._width), STILL

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {
            "height_factor": as_given(self.height_factor),
            "width_factor": as_given(self.width_factor),
        }


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
        By default the next one of `fastnn.utils.set_random_seed`.
    fill_value : float, default 0.0
        With "constant".
    data_format : {"channels_last", "channels_first"}, optional
        Where the channels are in a row; `config.image_data_format()` by default.
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
        self._height = self._zoom(height_factor, "height_factor")
        self._width = None if width_factor is None else self._zoom(width_factor, "width_factor")
        self.height_factor, self.width_factor = height_factor, width_factor

    @staticmethod
    def _zoom(factor: Factor, name: str) -> Range:
        low, high = factor_range(factor, name, above=True)
        return 1 + low, 1 + high

    def _ranges(self) -> tuple[tuple[Range, Range | None], tuple[Range, Range], Range]:
        """Return the ranges of zoom, shift and turn."""
        return (self._height, self._width), (STILL, STILL), STILL

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {
            "height_factor": as_given(self.height_factor),
            "width_factor": None if self.width_factor is None else as_given(self.width_factor),
        }
