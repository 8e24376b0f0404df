"""`Cropping1D` and `Cropping2D`: sequences and images without their borders."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base.layer import registry
from .base.spatial import Spatial
from .base.window import whole_numbers
from .padding import Sides, sides_of

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


class _Cropping(Spatial):
    cropping: Any  # (before, after), or that for each of two dimensions

    @property
    def _sides(self) -> Sides:
        """How many before and after, in each dimension."""
        return (self.cropping,) if self._rank == 1 else self.cropping

    def _emit_last(self, plan: Plan, x: Value) -> Value:
        """Append the copy of what is left."""
        from ..kernels.ops import strided_copy

        sides = ((0, 0), *self._sides)[-2:]
        height, width = (n - sum(side) for n, side in zip(x.shape, sides, strict=False))
        return strided_copy.emit_window(plan, x, sides[0][0], sides[1][0], height, width)

    def _output_last(self, sample_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Take both sides off each dimension."""
        left = tuple(n - sum(side) for n, side in zip(sample_shape, self._sides, strict=False))
        if min(left) < 1:
            raise ValueError(
                f"cropping: {self._sides} leaves nothing of the positions {sample_shape[:-1]} of a row"
            )
        return (*left, sample_shape[-1])


@registry.add
class Cropping1D(_Cropping):
    """Crop sequences at both ends.

    Parameters
    ----------
    cropping : int or (int, int), default (1, 1)
        How many to take off at both ends, or at the beginning and at the end.
    **kwargs
        See `Layer`. Rows are (length, channels).

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> fastnn.layers.Cropping1D((1, 2))(np.arange(6.0).reshape(1, 6, 1))[..., 0]
    array([[1., 2., 3.]], dtype=float32)
    """

    _rank = 1

    def __init__(self, cropping: int | tuple[int, int] = (1, 1), **kwargs: Any) -> None:
        super().__init__("channels_last", **kwargs)
        self.cropping = whole_numbers(cropping, "cropping", 2, 0)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        config = super().get_config() | {"cropping": list(self.cropping)}
        del config["data_format"]
        return config


@registry.add
class Cropping2D(_Cropping):
    """Crop images at all sides.

    Parameters
    ----------
    cropping : int, (int, int) or ((int, int), (int, int)), default ((0, 0), (0, 0))
        How many to take off at every side; above and below, and to the left and right; or
        ((top, bottom), (left, right)).
    data_format : {"channels_last", "channels_first"}, optional
        Rows are (height, width, channels) or (channels, height, width); `config.image_data_format()` by
        default.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> fastnn.layers.Cropping2D(((1, 0), (0, 2)))(np.arange(9.0).reshape(1, 3, 3, 1))[0, ..., 0]
    array([[3.],
           [6.]], dtype=float32)
    """

    def __init__(
        self,
        cropping: int | tuple[int, int] | tuple[tuple[int, int], tuple[int, int]] = ((0, 0), (0, 0)),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format, **kwargs)
        self.cropping = sides_of(cropping, "cropping")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"cropping": [list(side) for side in self.cropping]}
