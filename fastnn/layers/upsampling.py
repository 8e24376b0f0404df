"""`UpSampling1D` and `UpSampling2D`: each position several times."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base.layer import registry
from .base.shapes import dimension
from .base.spatial import Spatial
from .base.window import one_of, whole_numbers
from .resizing import INTERPOLATIONS

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


@registry.add
class UpSampling1D(Spatial):
    """Each position of a sequence several times.

    Parameters
    ----------
    size : int, default 2
        How many times.
    **kwargs
        See `Layer`. Rows are (length, channels).

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> fastnn.layers.UpSampling1D(3)(np.array([[[1.0], [2.0]]]))[..., 0]
    array([[1., 1., 1., 2., 2., 2.]], dtype=float32)
    """

    _rank = 1

    def __init__(self, size: int = 2, **kwargs: Any) -> None:
        super().__init__("channels_last", **kwargs)
        self.size = dimension(size, "size")

    def _emit_last(self, plan: Plan, x: Value) -> Value:
        """Append the resampling, along the height since that is over neighbours."""
        from ..kernels.ops import resample

        _, length, channels = x.shape
        x = plan.reshaped(x, (length, 1, channels))
        return resample.emit(plan, x, length * self.size, 1, "nearest")

    def _output_last(self, sample_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Multiply the length."""
        return (sample_shape[0] * self.size, sample_shape[1])

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        config = super().get_config() | {"size": self.size}
        del config["data_format"]
        return config


@registry.add
class UpSampling2D(Spatial):
    """Each row and column of an image several times, or as many numbers between them.

    Parameters
    ----------
    size : int or (int, int), default (2, 2)
        How many times, or rows and columns.
    data_format : {"channels_last", "channels_first"}, optional
        Rows are (height, width, channels) or (channels, height, width); `config.image_data_format()` by
        default.
    interpolation : str, default "nearest"
        "nearest" repeats; "bilinear", "bicubic", "lanczos3" and "lanczos5" are those of `Resizing`.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> fastnn.layers.UpSampling2D((1, 2))(np.array([[[[1.0], [2.0]]]]))[0, ..., 0]
    array([[1., 1., 2., 2.]], dtype=float32)
    """

    def __init__(
        self,
        size: int | tuple[int, int] = (2, 2),
        data_format: str | None = None,
        interpolation: str = "nearest",
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format, **kwargs)
        self.size = whole_numbers(size, "size", 2)
        self.interpolation = one_of(interpolation, "interpolation", *INTERPOLATIONS)

    def _emit_last(self, plan: Plan, x: Value) -> Value:
        """Append the resampling."""
        from ..kernels.ops import resample

        height, width, _ = self._output_last(x.shape)
        return resample.emit(plan, x, height, width, self.interpolation)

    def _output_last(self, sample_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Multiply height and width."""
        height, width, channels = sample_shape
        return (height * self.size[0], width * self.size[1], channels)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"size": list(self.size), "interpolation": self.interpolation}
