"""`AveragePooling1D` and `AveragePooling2D`: the mean of each window."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base.layer import registry
from .base.pooling import Pooling

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


class AveragePooling(Pooling):
    """Base of the layers that take the mean."""

    def _emit_last(self, plan: Plan, x: Value) -> Value:
        """Append the mean over each window."""
        from ..kernels.ops import pooling

        return pooling.emit_average(plan, x, *self._geometry(x))


@registry.add
class AveragePooling1D(AveragePooling):
    """y[t, c] = the mean of x[t strides + i, c] over the positions i of the window.

    Parameters
    ----------
    pool_size : int
        Number of positions of a window.
    strides : int, optional
        Step of the window from one result to the next; `pool_size` by default.
    padding : {"valid", "same"}, default "valid"
        Where windows may be: inside only, or beyond both ends, so that there are ceil(length / strides)
        results; the mean is over the positions that there are.
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
        s, the step of the window from one result to the next; `pool_size` by default.
    padding : {"valid", "same"}, default "valid"
        Where windows may be: inside only, or beyond all edges, so that there are ceil(height / strides) rows
        of results and ceil(width / strides) columns; the mean is over the pixels that there are.
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
    Input is (rows, height, width, channels), output (rows, results down, results across, channels).

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> fastnn.layers.AveragePooling2D(2)(np.arange(16.0).reshape(1, 4, 4, 1)).ravel()
    array([ 2.5,  4.5, 10.5, 12.5], dtype=float32)
    """
