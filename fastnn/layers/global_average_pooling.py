"""`GlobalAveragePooling1D` and `GlobalAveragePooling2D`: the mean of each channel."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base.global_pooling import GlobalPooling
from .base.layer import registry

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


class GlobalAveragePooling(GlobalPooling):
    """Base of the layers that take the mean; of a sequence with a mask, over the steps that count."""

    def _emit_mask(self, plan: Plan, x: Value) -> None:
        """Return none: there are no steps any more."""

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append the mean."""
        from ..kernels.ops import masking

        if x.mask is None or self._rank == 2:
            return super()._emit(plan, x)
        if self.data_format == "channels_first":
            raise ValueError("data_format: a mask is of the steps, so these have to come first")
        return plan.reshaped(masking.emit_mean(plan, x, x.mask), self._output_last(x.shape))

    def _emit_last(self, plan: Plan, x: Value) -> Value:
        """Append the mean over one window that is the whole image."""
        from ..kernels.ops import pooling

        height, width, _ = x.shape
        return pooling.emit_average(plan, x, (height, width), (1, 1), (0, 0), (1, 1))


@registry.add
class GlobalAveragePooling1D(GlobalAveragePooling):
    """y[c] = the mean of x[t, c] over all positions t.

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
    >>> fastnn.layers.GlobalAveragePooling1D()(np.array([[[1.0, 5.0], [3.0, 2.0]]]))
    array([[2. , 3.5]], dtype=float32)
    """

    _rank = 1
    supports_masking = True
    _call_arguments = ("mask",)


@registry.add
class GlobalAveragePooling2D(GlobalAveragePooling):
    """y[c] = the mean of x[i, j, c] over all positions i, j (Lin, Chen and Yan 2014).

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
    >>> fastnn.layers.GlobalAveragePooling2D()(np.arange(16.0).reshape(1, 2, 4, 2))
    array([[7., 8.]], dtype=float32)
    """
