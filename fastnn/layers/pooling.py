"""`MaxPooling1D`, `MaxPooling2D`, `AveragePooling1D` and `AveragePooling2D`: one number for each window."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import TYPE_CHECKING, Any

from .base.layer import registry
from .base.spatial import LARGEST, Pair, Spatial, Window, as_pair, one_of, whole_numbers

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


class Pooling(Spatial):
    """Base of layers that reduce windows of each channel; see `MaxPooling2D`."""

    def __init__(
        self,
        pool_size: int | Sequence[int],
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(data_format, name=name, **kwargs)
        self.pool_size = whole_numbers(pool_size, "pool_size", self._rank)
        if prod(self.pool_size) > LARGEST:
            raise ValueError(f"pool_size: expected at most {LARGEST} positions, got {pool_size!r}")
        self.strides = self.pool_size if strides is None else whole_numbers(strides, "strides", self._rank)
        self.padding = one_of(padding, "padding", "valid", "same")

    @property
    def _window(self) -> Window:
        """What one result is computed from."""
        return Window(self.pool_size, self.strides, (1,) * self._rank, self.padding)

    def _geometry(self, x: Value) -> tuple[Pair, Pair, Pair, Pair]:
        """Return window, strides, places in front and size of the output, each as (height, width)."""
        strides, before, _, outputs = self._window.geometry(x.shape)
        return as_pair(self.pool_size), strides, before, outputs

    def _output_last(self, sample_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return (windows ..., channels)."""
        return (*self._window.outputs(sample_shape[:-1]), sample_shape[-1])

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {
            "pool_size": list(self.pool_size),
            "strides": list(self.strides),
            "padding": self.padding,
        }


class MaxPooling(Pooling):
    """Base of the layers that keep the maximum."""

    def __init__(
        self,
        pool_size: int | Sequence[int] = 2,
        strides: int | Sequence[int] | None = None,
        padding: str = "valid",
        data_format: str | None = None,
        name: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(pool_size, strides, padding, data_format, name, **kwargs)

    def _emit_last(self, plan: Plan, x: Value) -> Value:
        """Append the maximum over each window."""
        from ..kernels.ops import pooling

        return pooling.emit_max(plan, x, *self._geometry(x))


class AveragePooling(Pooling):
    """Base of the layers that take the mean."""

    def _emit_last(self, plan: Plan, x: Value) -> Value:
        """Append the mean over each window."""
        from ..kernels.ops import pooling

        return pooling.emit_average(plan, x, *self._geometry(x))


@registry.add
class MaxPooling1D(MaxPooling):
    """y[t, c] = the maximum of x[t strides + i, c] over the positions i of the window.

    Parameters
    ----------
    pool_size : int, default 2
        Number of positions of a window.
    strides : int, optional
        How far the window moves from one result to the next; `pool_size` by default.
    padding : {"valid", "same"}, default "valid"
        Where windows may be: inside only, or beyond both ends, so that there are ceil(length / strides)
        results; what lies beyond the ends is left out of the maximum.
    data_format : {"channels_last", "channels_first"}, optional
        Where the channels are in a row; `config.image_data_format()` by default.
    name : str, optional
        See `Layer`.
    **kwargs
        `trainable`, `dtype` and `input_shape` of `Layer`.

    Raises
    ------
    ValueError
        If the arguments are none of these, or no window fits into the input when the layer is built.

    Notes
    -----
    Input is (rows, length, channels), output (rows, results, channels). The gradient goes to the first of
    equal maxima; what is not a number is passed on.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> fastnn.layers.MaxPooling1D(2)(np.array([[[1.0], [3.0], [2.0], [0.0]]])).ravel()
    array([3., 2.], dtype=float32)
    """

    _rank = 1


@registry.add
class MaxPooling2D(MaxPooling):
    """y[p, q, c] = the maximum of x[p s + i, q s + j, c] over the positions i, j of the window.

    Parameters
    ----------
    pool_size : int or (int, int), default 2
        Height and width of a window.
    strides : int or (int, int), optional
        s, how far the window moves from one result to the next; `pool_size` by default.
    padding : {"valid", "same"}, default "valid"
        Where windows may be: inside only, or beyond all edges, so that there are ceil(height / strides) rows
        of results and ceil(width / strides) columns; what lies beyond the edges is left out of the maximum.
    data_format : {"channels_last", "channels_first"}, optional
        Where the channels are in a row; `config.image_data_format()` by default.
    name : str, optional
        See `Layer`.
    **kwargs
        `trainable`, `dtype` and `input_shape` of `Layer`.

    Raises
    ------
    ValueError
        If the arguments are none of these, or no window fits into the input when the layer is built.

    Notes
    -----
    Input is (rows, height, width, channels), output (rows, results down, results across, channels). The
    gradient goes to the first of equal maxima, row by row; what is not a number is passed on.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> fastnn.layers.MaxPooling2D(2)(np.arange(16.0).reshape(1, 4, 4, 1)).ravel()
    array([ 5.,  7., 13., 15.], dtype=float32)
    """


@registry.add
class AveragePooling1D(AveragePooling):
    """y[t, c] = the mean of x[t strides + i, c] over the positions i of the window.

    Parameters
    ----------
    pool_size : int
        Number of positions of a window.
    strides : int, optional
        How far the window moves from one result to the next; `pool_size` by default.
    padding : {"valid", "same"}, default "valid"
        Where windows may be: inside only, or beyond both ends, so that there are ceil(length / strides)
        results; the mean is over the positions that there are.
    data_format : {"channels_last", "channels_first"}, optional
        Where the channels are in a row; `config.image_data_format()` by default.
    name : str, optional
        See `Layer`.
    **kwargs
        `trainable`, `dtype` and `input_shape` of `Layer`.

    Raises
    ------
    ValueError
        If the arguments are none of these, or no window fits into the input when the layer is built.

    Notes
    -----
    Input is (rows, length, channels), output (rows, results, channels).

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> x = np.array([[[1.0], [3.0], [2.0]]])
    >>> fastnn.layers.AveragePooling1D(2, padding="same")(x).ravel()
    array([2., 2.], dtype=float32)
    """

    _rank = 1


@registry.add
class AveragePooling2D(AveragePooling):
    """y[p, q, c] = the mean of x[p s + i, q s + j, c] over the positions i, j of the window.

    Parameters
    ----------
    pool_size : int or (int, int)
        Height and width of a window.
    strides : int or (int, int), optional
        s, how far the window moves from one result to the next; `pool_size` by default.
    padding : {"valid", "same"}, default "valid"
        Where windows may be: inside only, or beyond all edges, so that there are ceil(height / strides) rows
        of results and ceil(width / strides) columns; the mean is over the pixels that there are.
    data_format : {"channels_last", "channels_first"}, optional
        Where the channels are in a row; `config.image_data_format()` by default.
    name : str, optional
        See `Layer`.
    **kwargs
        `trainable`, `dtype` and `input_shape` of `Layer`.

    Raises
    ------
    ValueError
        If the arguments are none of these, or no window fits into the input when the layer is built.

    Notes
    -----
    Input is (rows, height, width, channels), output (rows, results down, results across, channels).

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> fastnn.layers.AveragePooling2D(2)(np.arange(16.0).reshape(1, 4, 4, 1)).ravel()
    array([ 2.5,  4.5, 10.5, 12.5], dtype=float32)
    """
