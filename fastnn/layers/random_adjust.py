"""`RandomContrast` and `RandomBrightness`: in training, the values of images change at random."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..checks import real_number
from .base.augmentation import Augmentation, Factor, Range, factor_range, pair
from .base.layer import registry

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


class Adjustment(Augmentation):
    """Base of both: results are clipped to the range of values.

    Parameters
    ----------
    value_range : (float, float), default (0, 255)
    seed, data_format, **kwargs
        See `Augmentation`.
    """

    factor: Range

    def __init__(
        self, value_range: Sequence[float], seed: int | None, data_format: str | None, **kwargs: Any
    ) -> None:
        super().__init__(seed, data_format, **kwargs)
        self.value_range = pair(value_range, "value_range")

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"factor": list(self.factor), "value_range": list(self.value_range)}


@registry.add
class RandomContrast(Adjustment):
    """Move the pixels of each channel from or to their mean, in training only: (x - mean) * c + mean.

    Parameters
    ----------
    factor : float or (float, float)
        c is drawn from 1 - lower to 1 + upper, (lower, upper) being from 0 to 1; one number stands for both.
    value_range : (float, float), default (0, 255)
        What results are clipped to.
    seed : int, optional
        By default drawn from the seed of `fastnn.utils.set_random_seed`.
    data_format : {"channels_last", "channels_first"}, optional
        Position of the channels in a sample; `config.image_data_format()` by default.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> layer = fastnn.layers.RandomContrast(0.5, seed=1)
    >>> y = layer(np.array([100.0, 120.0]).reshape(1, 1, 2, 1), training=True).ravel()
    >>> round(float(y.mean())), bool(10 < y[1] - y[0] < 30)
    (110, True)
    """

    def __init__(
        self,
        factor: Factor,
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range, seed, data_format, **kwargs)
        both = factor if isinstance(factor, Sequence) else (real_number(factor, "factor"),) * 2
        self.factor = factor_range(both, "factor", 0)

    def _emit_last(self, plan: Plan, x: Value) -> Value:
        """Append the change."""
        from ..kernels.ops import adjust

        contrast = 1 - self.factor[0], 1 + self.factor[1]
        return adjust.emit(plan, x, contrast, (0.0, 0.0), self.value_range, self._stream)


@registry.add
class RandomBrightness(Adjustment):
    """Add a random number to each image, in training only.

    Parameters
    ----------
    factor : float or (float, float)
        Range of the number, as a share of the range of values, from -1 to 1. One number f stands for (-f, f).
    value_range : (float, float), default (0, 255)
        What results are clipped to.
    seed : int, optional
        By default drawn from the seed of `fastnn.utils.set_random_seed`.
    data_format : {"channels_last", "channels_first"}, optional
        Position of the channels in a sample; `config.image_data_format()` by default.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> layer = fastnn.layers.RandomBrightness((0.5, 0.5))
    >>> layer(np.array([0.0, 100.0, 200.0]).reshape(1, 1, 3, 1), training=True).ravel()
    array([127.5, 227.5, 255. ], dtype=float32)
    """

    def __init__(
        self,
        factor: Factor,
        value_range: Sequence[float] = (0, 255),
        seed: int | None = None,
        data_format: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(value_range, seed, data_format, **kwargs)
        self.factor = factor_range(factor, "factor")

    def _emit_last(self, plan: Plan, x: Value) -> Value:
        """Append the change."""
        from ..kernels.ops import adjust

        low, high = self.value_range
        delta = self.factor[0] * (high - low), self.factor[1] * (high - low)
        return adjust.emit(plan, x, (1.0, 1.0), delta, self.value_range, self._stream)
