"""`MaxPooling1D` and `MaxPooling2D`: the maximum of each window."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from .base.layer import registry
from .base.pooling import Pooling

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


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


@registry.add
class MaxPooling1D(MaxPooling):
    """y[t, c] = the maximum of x[t strides + i, c] over the positions i of the window.

    Parameters
    ----------
    pool_size : int, default 2
        Number of positions of a window.
    strides : int, optional
        Step of the window from one result to the next; `pool_size` by default.
    padding : {"valid", "same"}, default "valid"
        Where windows may be: inside only, or beyond both ends, so that there are ceil(length / strides)
        results; what lies beyond the ends is left out of the maximum.
    data_format : {"channels_last", "channels_first"}, optional
        Position of the channels in a sample; `config.image_data_format()` by default.
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
        s, the step of the window from one result to the next; `pool_size` by default.
    padding : {"valid", "same"}, default "valid"
        Where windows may be: inside only, or beyond all edges, so that there are ceil(height / strides) rows
        of results and ceil(width / strides) columns; what lies beyond the edges is left out of the maximum.
    data_format : {"channels_last", "channels_first"}, optional
        Position of the channels in a sample; `config.image_data_format()` by default.
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
