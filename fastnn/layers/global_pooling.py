"""`GlobalMaxPooling1D`, `GlobalAveragePooling2D` and the like: one number for each channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .base.layer import registry
from .base.spatial import Spatial

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


class GlobalPooling(Spatial):
    """Base of layers that reduce all positions of each channel; see `GlobalMaxPooling2D`."""

    def __init__(self, data_format: str | None = None, keepdims: bool = False, **kwargs: Any) -> None:
        super().__init__(data_format, **kwargs)
        self.keepdims = bool(keepdims)

    def _output_last(self, sample_shape: tuple[int, ...]) -> tuple[int, ...]:
        """Return (channels,), or with `keepdims` (1 ..., channels)."""
        return (1,) * (self._rank if self.keepdims else 0) + sample_shape[-1:]

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"keepdims": self.keepdims}


class GlobalMaxPooling(GlobalPooling):
    """Base of the layers that keep the maximum."""

    def _emit_last(self, plan: Plan, x: Value) -> Value:
        """Append the maximum over one window that is the whole image."""
        from ..kernels.ops import pooling

        height, width, _ = x.shape
        return pooling.emit_max(plan, x, (height, width), (1, 1), (0, 0), (1, 1))


class GlobalAveragePooling(GlobalPooling):
    """Base of the layers that take the mean; of a sequence with a mask, over the steps that count."""

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
class GlobalMaxPooling1D(GlobalMaxPooling):
    """y[c] = the maximum of x[t, c] over all positions t.

    Parameters
    ----------
    data_format : {"channels_last", "channels_first"}, optional
        Where the channels are in a row; `config.image_data_format()` by default.
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
        Where the channels are in a row; `config.image_data_format()` by default.
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


@registry.add
class GlobalAveragePooling1D(GlobalAveragePooling):
    """y[c] = the mean of x[t, c] over all positions t.

    Parameters
    ----------
    data_format : {"channels_last", "channels_first"}, optional
        Where the channels are in a row; `config.image_data_format()` by default.
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


@registry.add
class GlobalAveragePooling2D(GlobalAveragePooling):
    """y[c] = the mean of x[i, j, c] over all positions i, j (Lin, Chen and Yan 2014).

    Parameters
    ----------
    data_format : {"channels_last", "channels_first"}, optional
        Where the channels are in a row; `config.image_data_format()` by default.
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
