"""What layers that change images at random have in common: a seed, and ranges to draw from."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from ...checks import real_number
from ...utils.random import seed_of
from .spatial import Spatial

if TYPE_CHECKING:
    from ...kernels.core.plan import Plan
    from ...kernels.core.steps import Value

Range = tuple[float, float]
Factor = float | Sequence[float]


def pair(value: Any, name: str) -> Range:
    """Return two finite numbers, the smaller one first."""
    if not isinstance(value, Sequence) or isinstance(value, str) or len(value) != 2:
        raise ValueError(f"{name}: expected two numbers, got {value!r}")
    low, high = sorted(real_number(v, name) for v in value)
    return low, high


def factor_range(value: Any, name: str, least: float = -1.0, above: bool = False) -> Range:
    """Return the range of a factor; a single number f stands for (-f, f).

    Parameters
    ----------
    value : float or sequence of two floats
    name : str
        What the error calls it.
    least : float
        The smallest value allowed; the largest is 1.
    above : bool
        Whether `least` itself is not allowed.
    """
    given = pair(value, name) if isinstance(value, Sequence) else (real_number(value, name),) * 2
    if given[0] < least or (above and given[0] == least) or given[1] > 1:
        bounds = f"above {least:g} and" if above else f"from {least:g}"
        raise ValueError(f"{name}: expected a number or a pair of numbers {bounds} up to 1, got {value!r}")
    return given if isinstance(value, Sequence) else (-abs(given[0]), abs(given[0]))


def as_given(factor: Factor) -> float | list[float]:
    """Return a factor as plain JSON."""
    return [float(f) for f in factor] if isinstance(factor, Sequence) else float(factor)


class Augmentation(Spatial):
    """Base of layers that change images at random in training, and pass them on otherwise.

    What is drawn for an image depends on seed, training step and its place in the batch, never on threads.

    Parameters
    ----------
    seed : int, optional
        By default drawn from the seed of `fastnn.utils.set_random_seed`.
    data_format : {"channels_last", "channels_first"}, optional
        Position of the channels in a sample; `config.image_data_format()` by default.
    **kwargs
        See `Layer`.
    """

    def __init__(self, seed: int | None = None, data_format: str | None = None, **kwargs: Any) -> None:
        super().__init__(data_format=data_format, **kwargs)
        self.seed = seed
        self._stream = seed_of(seed)

    _acts_by_default = True

    def _lacks_batch(self, x: Any) -> bool:
        """Whether an array is one image."""
        return np.ndim(x) == self._rank + 1

    def _emit(self, plan: Plan, x: Value) -> Value:
        """Append the change in training; outside it the layer is nothing."""
        return super()._emit(plan, x) if plan.stochastic or plan.acts_by_default else x

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"seed": self.seed}
