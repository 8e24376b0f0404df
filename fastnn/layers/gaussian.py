"""`GaussianNoise` and `GaussianDropout`: in training, normal numbers are added, or multiplied by."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from ..checks import real_number
from ..utils.random import seed_of
from .base.layer import Layer, registry

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


@registry.add
class GaussianNoise(Layer):
    """Add normal numbers of mean 0, in training only.

    They depend on seed, training step and element, never on threads, and are the same in float32 and float64.

    Parameters
    ----------
    stddev : float
        Their standard deviation, at least 0.
    seed : int, optional
        By default drawn from the seed of `fastnn.utils.set_random_seed`.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> layer = fastnn.layers.GaussianNoise(0.5, seed=1)
    >>> bool((layer(np.ones((2, 3))) == 1).all())
    True
    >>> y = layer(np.ones((100, 100)), training=True)
    >>> round(float(y.mean()), 1), round(float(y.std()), 1)
    (1.0, 0.5)
    """

    supports_masking = True
    _stepwise = True

    def __init__(self, stddev: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.stddev = real_number(stddev, "stddev", 0)
        self.seed = seed
        self._stream = seed_of(seed)

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append the noise in training; outside it the layer is nothing."""
        from ..kernels.ops import gaussian

        if not plan.stochastic or not self.stddev:
            return x
        return gaussian.emit_noise(plan, x, self.stddev, self._stream)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"stddev": self.stddev, "seed": self.seed}


@registry.add
class GaussianDropout(Layer):
    """Multiply by normal numbers of mean 1 and variance rate / (1 - rate), in training only.

    Srivastava et al. 2014: the mean and variance that `Dropout` of this rate has.

    Parameters
    ----------
    rate : float
        From 0 up to but not including 1.
    seed : int, optional
        By default drawn from the seed of `fastnn.utils.set_random_seed`.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> layer = fastnn.layers.GaussianDropout(0.2, seed=1)
    >>> y = layer(np.full((100, 100), 2.0), training=True)
    >>> round(float(y.mean()), 1), round(float(y.std()), 1)
    (2.0, 1.0)
    """

    supports_masking = True
    _stepwise = True

    def __init__(self, rate: float, seed: int | None = None, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self.rate = real_number(rate, "rate", 0, below=1)
        self.seed = seed
        self._stream = seed_of(seed)

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append the noise in training; outside it the layer is nothing."""
        from ..kernels.ops import gaussian

        if not plan.stochastic or not self.rate:
            return x
        stddev = math.sqrt(self.rate / (1 - self.rate))
        return gaussian.emit_dropout(plan, x, stddev, self._stream)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"rate": self.rate, "seed": self.seed}
