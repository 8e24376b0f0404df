"""`SpatialDropout1D`, `SpatialDropout2D`: in training, a random share of the channels is set to zero."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from .base.layer import registry
from .base.shapes import Shape
from .base.window import format_of
from .dropout import Dropout

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


class SpatialDropout(Dropout):
    """Base of both: every position of a channel shares the channel's draw."""

    _positions: ClassVar[tuple[str, ...]]
    _data_format = "channels_last"

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(rate, seed=seed, **kwargs)

    def _check_input_shape(self, input_shape: Shape) -> None:
        """Check the number of dimensions."""
        if len(input_shape) != len(self._positions) + 2:
            order = [*self._positions, "channels"]
            if self._data_format == "channels_first":
                order = ["channels", *self._positions]
            raise ValueError(
                f"input: {type(self).__name__} expects rows of ({', '.join(order)}), "
                f"got rows of shape {input_shape[1:]}"
            )

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append the mask in training; outside it the layer is nothing."""
        from ..kernels.ops import dropout

        if not plan.stochastic or not self.rate:
            return x
        axis = 0 if self._data_format == "channels_first" else len(self._positions)
        return dropout.emit_channels(plan, x, self.rate, self._stream, axis)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        config = super().get_config()
        del config["noise_shape"]
        return config


@registry.add
class SpatialDropout1D(SpatialDropout):
    """Zero a share `rate` of the channels of a sequence and scale the others by 1 / (1 - rate).

    In training only (Tompson et al. 2015). Neighbours are alike, so dropping some of them hides little.

    Parameters
    ----------
    rate : float
        From 0 up to but not including 1.
    seed : int, optional
        By default drawn from the seed of `fastnn.utils.set_random_seed`.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> layer = fastnn.layers.SpatialDropout1D(0.5, seed=1)
    >>> y = layer(np.ones((1, 5, 8)), training=True)
    >>> bool((y == y[:, :1]).all()), sorted(set(y.ravel().tolist()))
    (True, [0.0, 2.0])
    """

    _positions = ("steps",)


@registry.add
class SpatialDropout2D(SpatialDropout):
    """Zero a share `rate` of the channels of an image and scale the others by 1 / (1 - rate).

    In training only (Tompson et al. 2015). Neighbours are alike, so dropping some of them hides little.

    Parameters
    ----------
    rate : float
        From 0 up to but not including 1.
    data_format : {"channels_last", "channels_first"}, optional
        Position of the channels in a sample; `config.image_data_format()` by default.
    seed : int, optional
        By default drawn from the seed of `fastnn.utils.set_random_seed`.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> layer = fastnn.layers.SpatialDropout2D(0.5, seed=1)
    >>> y = layer(np.ones((1, 5, 5, 8)), training=True)
    >>> bool((y == y[:, :1, :1]).all()), sorted(set(y.ravel().tolist()))
    (True, [0.0, 2.0])
    """

    _positions = ("height", "width")

    def __init__(
        self, rate: float, data_format: str | None = None, seed: int | None = None, **kwargs: Any
    ) -> None:
        super().__init__(rate, seed=seed, **kwargs)
        self.data_format = self._data_format = format_of(data_format)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"data_format": self.data_format}
