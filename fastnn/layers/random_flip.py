"""`RandomFlip`: images mirrored at random, in training."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base.augmentation import Augmentation
from .base.layer import registry
from .base.window import one_of

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


@registry.add
class RandomFlip(Augmentation):
    """Flip every other image, on the average, in training only.

    Parameters
    ----------
    mode : {"horizontal_and_vertical", "horizontal", "vertical"}
        What is exchanged: left and right, top and bottom, or both at once, which is half a turn.
    seed : int, optional
        By default drawn from the seed of `fastnn.utils.set_random_seed`.
    data_format : {"channels_last", "channels_first"}, optional
        Position of the channels in a sample; `config.image_data_format()` by default.
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
