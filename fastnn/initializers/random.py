"""`RandomNormal`, `TruncatedNormal` and `RandomUniform`: distributions that do not depend on the shape."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..checks import real_number, whole_number
from ..utils.random import next_seed
from .base import Initializer, real_dtype, registry


class Random(Initializer):
    """Base of random initializers."""

    def __init__(self, seed: int | None) -> None:
        self.seed = None if seed is None else whole_number(seed, "seed")

    def __call__(self, shape: Sequence[int], dtype: DTypeLike | None = None) -> NDArray[np.floating]:
        """Return a new array of random numbers; see `Initializer`."""
        real = real_dtype(dtype)
        rng = np.random.Generator(np.random.PCG64(next_seed() if self.seed is None else self.seed))
        return np.asarray(self._draw(rng, tuple(shape)), real)

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
        raise NotImplementedError


def normal(rng: np.random.Generator, shape: tuple[int, ...], stddev: float) -> NDArray[np.float64]:
    """Draw normal deviates."""
    return np.asarray(stddev * rng.standard_normal(shape))


def truncated_normal(rng: np.random.Generator, shape: tuple[int, ...], stddev: float) -> NDArray[np.float64]:
    """Draw normal deviates; those beyond two standard deviations, about one in 22, are redrawn."""
    values = np.asarray(rng.standard_normal(shape))
    while (beyond := np.abs(values) > 2).any():
        values[beyond] = rng.standard_normal(np.count_nonzero(beyond))
    return np.asarray(stddev * values)


def uniform(rng: np.random.Generator, shape: tuple[int, ...], low: float, high: float) -> NDArray[np.float64]:
    """Draw uniform deviates."""
    return np.asarray(rng.uniform(low, high, shape))


@registry.add("normal")
class RandomNormal(Random):
    """Normally distributed numbers.

    Parameters
    ----------
    mean : float, default 0.0
        Mean.
    stddev : float, default 0.05
        Standard deviation, not negative.
    seed : int, optional
        A number that is not negative; without it each call uses a new one.

    Raises
    ------
    ValueError
        If an argument is not such a number.

    Examples
    --------
    >>> init = RandomNormal(stddev=1.0, seed=1)
    >>> bool((init((3,)) == init((3,))).all())
    True
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean = real_number(mean, "mean")
        self.stddev = real_number(stddev, "stddev", 0)

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
        return self.mean + normal(rng, shape, self.stddev)


@registry.add
class TruncatedNormal(Random):
    """Normally distributed numbers; those beyond two standard deviations are redrawn.

    Parameters
    ----------
    mean : float, default 0.0
        Mean.
    stddev : float, default 0.05
        Standard deviation before truncation, not negative; truncation reduces it to 0.88 of this.
    seed : int, optional
        A number that is not negative; without it each call uses a new one.

    Raises
    ------
    ValueError
        If an argument is not such a number.

    Examples
    --------
    >>> float(abs(TruncatedNormal(stddev=1.0)((100,))).max()) <= 2.0
    True
    """

    def __init__(self, mean: float = 0.0, stddev: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.mean = real_number(mean, "mean")
        self.stddev = real_number(stddev, "stddev", 0)

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
        return self.mean + truncated_normal(rng, shape, self.stddev)


@registry.add("uniform")
class RandomUniform(Random):
    """Uniformly distributed numbers.

    Parameters
    ----------
    minval, maxval : float, default -0.05 and 0.05
        The bounds. In float32 rounding may yield `maxval` itself.
    seed : int, optional
        A number that is not negative; without it each call uses a new one.

    Raises
    ------
    ValueError
        If an argument is not such a number, or `maxval` is below `minval`.

    Examples
    --------
    >>> x = RandomUniform(0.0, 1.0)((100,))
    >>> bool(((x >= 0) & (x <= 1)).all())
    True
    """

    def __init__(self, minval: float = -0.05, maxval: float = 0.05, seed: int | None = None) -> None:
        super().__init__(seed)
        self.minval = real_number(minval, "minval")
        self.maxval = real_number(maxval, "maxval", self.minval)

    def _draw(self, rng: np.random.Generator, shape: tuple[int, ...]) -> NDArray[np.float64]:
        return uniform(rng, shape, self.minval, self.maxval)
