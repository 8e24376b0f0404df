"""`ZeroPadding1D` and `ZeroPadding2D`: zeros around sequences and images."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .base.layer import registry
from .base.spatial import Spatial
from .base.window import whole_numbers

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value

Sides = tuple[tuple[int, ...], ...]


def sides_of(value: Any, name: str) -> Sides:
    """Return ((top, bottom), (left, right)), given as such, as one number for each pair or one for all."""
    pair = value if isinstance(value, Sequence) and not isinstance(value, str) else (value, value)
    if len(pair) != 2:
        raise ValueError(f"{name}: expected an integer or 2 of them or 2 pairs of them, got {value!r}")
    return tuple(whole_numbers(side, name, 2, 0) for side in pair)


class _Padding(Spatial):
    padding: Any  # (before, after), or that for each of two dimensions

    @property
    def _sides(self) -> Sides:
        """How many before and after, in each dimension."""
        return (self.padding,) if self._rank == 1 else self.padding

    def _emit_last(self, plan: Plan, x: Value) -> Value:
        """Append the copy into zeros."""
        from ..kernels.ops import strided_copy

        sides = ((0, 0), *self._sides)[-2:]
        height, width = (n + sum(side) for n, side in zip(x.shape, sides, strict=False))
        return strided_copy.emit_window(plan, x, -sides[0][0], -sides[1][0], height, width)

    def _output_last(self, sample_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Add both sides to each dimension."""
        positions = zip(sample_shape, self._sides, strict=False)
        return (*(n + sum(side) for n, side in positions), sample_shape[-1])


@registry.add
class ZeroPadding1D(_Padding):
    """Zeros before and after a sequence.

    Parameters
    ----------
    padding : int or (int, int), default 1
        How many on both ends, or before and after.
    data_format : {"channels_last", "channels_first"}, optional
        Rows are (length, channels) or (channels, length); `config.image_data_format()` by default.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> fastnn.layers.ZeroPadding1D((0, 2))(np.ones((1, 3, 1)))[..., 0]
    array([[1., 1., 1., 0., 0.]], dtype=float32)
    """

    _rank = 1

    def __init__(
        self, padding: int | tuple[int, int] = 1, data_format: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(data_format, **kwargs)
        self.padding = whole_numbers(padding, "padding", 2, 0)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"padding": list(self.padding)}


@registry.add
class ZeroPadding2D(_Padding):
    """Zeros around an image.

    Parameters
    ----------
    padding : int, (int, int) or ((int, int), (int, int)), default (1, 1)
        How many on every side; above and below, and to the left and right; or
        ((top, bottom), (left, right)).
    data_format : {"channels_last", "channels_first"}, optional
        Rows are (height, width, channels) or (channels, height, width); `config.image_data_format()` by
        default.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> fastnn.layers.ZeroPadding2D(((1, 0), (2, 0)))(np.ones((1, 2, 2, 1)))[0, ..., 0]
    array([[0., 0., 0., 0.],
           [0., 0., 1., 1.],
           [0., 0., 1., 1.]], dtype=float32)
    """

    def __init__(
        self,
        padding: int | tuple[int, int] | tuple[tuple[int, int], tuple[int, int]] = (1, 1),
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format, **kwargs)
        self.padding = sides_of(padding, "padding")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"padding": [list(side) for side in self.padding]}
