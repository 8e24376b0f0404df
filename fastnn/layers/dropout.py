"""`Dropout`: in training, a random share of the elements is set to zero."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ..checks import real_number
from ..utils.random import seed_of
from .base.layer import Layer, registry
from .base.shapes import Shape

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value


@registry.add
class Dropout(Layer):
    """Zero a share `rate` of the elements and scale the others by 1 / (1 - rate), in training only.

    Srivastava et al. 2014. The mask depends on seed, training step and element, never on threads.

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
    >>> layer = fastnn.layers.Dropout(0.5, seed=1)
    >>> bool((layer(np.ones((2, 3))) == 1).all())
    True
    >>> sorted(set(layer(np.ones((4, 8)), training=True).ravel().tolist()))
    [0.0, 2.0]
    """

    supports_masking = True
    _stepwise = True

    def __init__(
        self,
        rate: float,
        noise_shape: Sequence[int | None] | None = None,
        seed: int | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.rate = real_number(rate, "rate", 0, below=1)
        if noise_shape is not None and not isinstance(noise_shape, (tuple, list)):
            raise ValueError(f"noise_shape: expected a tuple such as (None, 1, 3), got {noise_shape!r}")
        for n in noise_shape or ():
            if n is not None and (not hasattr(n, "__index__") or n < 1):
                raise ValueError(f"noise_shape: expected positive whole numbers or None, got {noise_shape!r}")
        self.noise_shape = None if noise_shape is None else tuple(noise_shape)
        self.seed = seed
        self._stream = seed_of(seed)

    def _check_input_shape(self, input_shape: Shape) -> None:
        """Check that the mask can be broadcast."""
        if self.noise_shape is None:
            return
        sizes = list(zip(self.noise_shape, input_shape, strict=False))[1:]
        if len(self.noise_shape) != len(input_shape) or any(n not in (None, 1, full) for n, full in sizes):
            raise ValueError(
                f"noise_shape: expected (batch, {', '.join(map(str, input_shape[1:]))}) with 1 or None where "
                f"elements share or keep their own draw, got {self.noise_shape}"
            )

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append the mask in training; outside it the layer is nothing."""
        from ..kernels.ops import dropout

        if not plan.stochastic or not self.rate:
            return x
        if self.noise_shape is None:
            return dropout.emit(plan, x, self.rate, self._stream)
        shape = tuple(full if n is None else n for n, full in zip(self.noise_shape[1:], x.shape, strict=True))
        return dropout.emit_shared(plan, x, self.rate, self._stream, shape, self.noise_shape[0] != 1)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        noise_shape = None if self.noise_shape is None else list(self.noise_shape)
        return super().get_config() | {"rate": self.rate, "noise_shape": noise_shape, "seed": self.seed}
