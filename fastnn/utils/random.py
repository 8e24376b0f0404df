"""Where seeds come from that nobody gave.

Each initializer, dropout layer or shuffle without a seed of its own takes the next one from here. Seed
number n is a hash of the process' entropy and of n alone (NumPy's SeedSequence, whose algorithm NumPy
keeps fixed), so that `set_random_seed` makes a program repeat itself on any machine.
"""

import operator
import os
import threading

import numpy as np

from ..checks import whole_number

__all__ = ["next_seed", "seed_of", "set_random_seed"]


class _SeedStream:
    """Seeds without end, safe to draw from several threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entropy: int | None = None  # the operating system's, from the first draw on
        self._drawn = 0
        self.restarts = 0

    def restart(self, entropy: int) -> None:
        with self._lock:
            self._entropy, self._drawn = entropy, 0
            self.restarts += 1

    def draw(self) -> int:
        with self._lock:
            if self._entropy is None:
                self._entropy = int.from_bytes(os.urandom(16))
            entropy, number = self._entropy, self._drawn
            self._drawn += 1
        words = np.random.SeedSequence(entropy, spawn_key=(number,)).generate_state(1, np.uint64)
        return int(words[0]) >> 1


_stream = _SeedStream()


def next_seed() -> int:
    """Draw a fresh seed: different at every call, the same sequence after the same `set_random_seed`.

    Returns
    -------
    int
        From 0 to 2**63 - 1.

    Examples
    --------
    >>> from fastnn.utils import set_random_seed
    >>> set_random_seed(7)
    >>> a, b = next_seed(), next_seed()
    >>> set_random_seed(7)
    >>> (a, b) == (next_seed(), next_seed())
    True
    """
    return _stream.draw()


def restarts() -> int:
    """Return how often `set_random_seed` has been called."""
    return _stream.restarts


def seed_of(seed: int | None) -> int:
    """Return the seed that a layer was given, or a fresh one.

    Parameters
    ----------
    seed : int, optional
        From 0 to 2**63 - 1.

    Returns
    -------
    int

    Raises
    ------
    ValueError
        If `seed` is anything else.

    Examples
    --------
    >>> seed_of(3)
    3
    """
    return next_seed() if seed is None else whole_number(seed, "seed", 0, 2**63 - 1)


def set_random_seed(seed: int) -> None:
    """Seed Python's `random`, NumPy's global generator and fastnn's own source of seeds.

    A program that calls it first gives the same numbers at every run, for any number of threads. Until
    it is called, fastnn's seeds come from the operating system.

    Parameters
    ----------
    seed : int
        From 0 to 2**32 - 1, the range of NumPy's global generator.

    Raises
    ------
    TypeError
        If `seed` is not an integer.
    ValueError
        If `seed` is out of range.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.utils.set_random_seed(0)
    """
    try:
        number = operator.index(seed)
    except TypeError:
        raise TypeError(f"seed must be an integer, got {seed!r}") from None
    if not 0 <= number < 2**32:
        raise ValueError(f"seed must be from 0 to 2**32 - 1, got {seed!r}")
    import random

    random.seed(number)
    np.random.seed(number)
    _stream.restart(number)
