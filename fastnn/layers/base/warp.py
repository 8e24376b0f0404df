"""Base of the layers that resample images along a random affine map."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from ...checks import real_number
from .augmentation import Augmentation, Range
from .window import one_of

if TYPE_CHECKING:
    from ...kernels.core.plan import Plan
    from ...kernels.core.steps import Value

STILL: Range = (0.0, 0.0)

SAME: Range = (1.0, 1.0)


class Warp(Augmentation):
    """Base of maps that leave pixels between pixels: they say what is drawn.

    Parameters
    ----------
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
        from ...kernels.ops import warp

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
