"""`AlphaDropout`: dropout that keeps mean and variance of what has mean 0 and variance 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .base.layer import registry
from .dropout import Dropout

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value

SATURATION = -1.7580993408473766  # what selu goes to: minus its alpha times its scale


@registry.add
class AlphaDropout(Dropout):
    """Set a share `rate` of the elements to what selu saturates at, in training only.

    An affine map behind it gives back mean 0 and variance 1 to what had them, so that networks of selu go
    on normalizing themselves (Klambauer et al. 2017).

    Parameters
    ----------
    rate : float
        From 0 up to but not including 1.
    noise_shape : sequence of int or None, optional
        Shape of the mask, batch first: 1 where elements share a draw, None for the input's own size.
    seed : int, optional
        By default drawn from the seed of `fastnn.utils.set_random_seed`.
    **kwargs
        See `Layer`.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> layer = fastnn.layers.AlphaDropout(0.1, seed=1)
    >>> y = layer(np.random.default_rng(0).standard_normal((200, 200)), training=True)
    >>> abs(round(float(y.mean()), 1)), round(float(y.std()), 1)
    (0.0, 1.0)
    """

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append it as dropout of the distance from saturation, between two affine maps."""
        from ..kernels.ops import affine

        if not plan.stochastic or not self.rate:
            return x
        a = ((1 - self.rate) * (1 + self.rate * SATURATION**2)) ** -0.5
        kept = super()._emit(plan, affine.emit(plan, x, 1.0, -SATURATION))
        return affine.emit(plan, kept, a * (1 - self.rate), a * SATURATION * (1 - self.rate))
