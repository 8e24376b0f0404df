"""`GlobalMaxPooling1D` and `GlobalMaxPooling2D`: the maximum of each channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base.global_pooling import GlobalPooling
from .base.layer import registry

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


class GlobalMaxPooling(GlobalPooling):
    """Base of the layers that keep the maximum."""

    def _emit_last(self, plan: Plan, x: Value) -> Value:
        """Append the maximum over one window that is the whole image."""
        from ..kernels.ops import pooling

        height, width, _ = x.shape
        return pooling.emit_max(plan, x, (height, width), (1, 1), (0, 0), (1, 1))


@registry.add
class GlobalMaxPooling1D(GlobalMaxPooling):
    """y[c] = the maximum of x[t, c] over all positions t.

    Parameters
    ----------
    data_format : {"channels_last", "channels_first"}, optional
        Position of the channels in a sample; `config.image_data_format()` by default.
    keepdims : bool, default False
        Whether the output keeps the positions as a dimension of 1.
    **kwargs
        See `Layer`.

    Notes
    -----
    Input is (rows, length, channels), output (rows, channels).

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> fastnn.layers.GlobalMaxPooling1D()(np.array([[[1.0, 5.0], [3.0, 2.0]]]))
    array([[3., 5.]], dtype=float32)
    """

    _rank = 1


@registry.add
class GlobalMaxPooling2D(GlobalMaxPooling):
    """y[c] = the maximum of x[i, j, c] over all positions i, j.

    Parameters
    ----------
    data_format : {"channels_last", "channels_first"}, optional
        Position of the channels in a sample; `config.image_data_format()` by default.
    keepdims : bool, default False
        Whether the output keeps the positions as dimensions of 1.
    **kwargs
        See `Layer`.

    Notes
    -----
    Input is (rows, height, width, channels), output (rows, channels).

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> fastnn.layers.GlobalMaxPooling2D()(np.arange(16.0).reshape(1, 2, 4, 2))
    array([[14., 15.]], dtype=float32)
    """
