"""Default seeds.

Each initializer, dropout layer or shuffle that is given no seed takes the next one from here. Seed number n
is a hash of the process' entropy and of n (NumPy's SeedSequence, whose algorithm NumPy keeps fixed), so that
`set_random_seed` makes programs reproducible on any machine.
"""

import operator
import os
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import numpy as np

from ..checks import ArgumentError, whole_number

__all__ = ["next_seed", "seed_of", "set_random_seed"]


class _SeedStream:
    """An endless sequence of seeds; several threads may draw from it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entropy: int | None = None  # from the operating system at the first draw
        self._drawn = 0
        self.restarts = 0

    def renew_lock(self) -> None:
        """Make a new lock in a forked child, where the thread that may hold the old one does not exist."""
        self._lock = threading.Lock()

    def restart(self, entropy: int) -> None:
        with self._lock:
            self._entropy, self._drawn = entropy, 0
            self.restarts += 1

    def state(self) -> tuple[int, int]:
        with self._lock:
            return self._own_entropy(), self._drawn

    def set_state(self, state: tuple[int, int]) -> None:
        with self._lock:
            self._entropy, self._drawn = state

    def _own_entropy(self) -> int:
        if self._entropy is None:
            self._entropy = int.from_bytes(os.urandom(16))
        return self._entropy

    def draw(self) -> int:
        with self._lock:
            entropy, number = self._own_entropy(), self._drawn
            self._drawn += 1
        words = np.random.SeedSequence(entropy, spawn_key=(number,)).generate_state(1, np.uint64)
        return int(words[0]) >> 1


_stream = _SeedStream()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_stream.renew_lock)

# The stream that the code of a `separate_seeds` block draws from.
_separate: ContextVar[_SeedStream | None] = ContextVar("separate", default=None)


@contextmanager
def separate_seeds() -> Iterator[None]:
    """Draw seeds from elsewhere, so that the program draws the same ones as without the block."""
    token = _separate.set(_SeedStream())
    try:
        yield
    finally:
        _separate.reset(token)


def next_seed() -> int:
    """Draw a new seed; the sequence of seeds is determined by `set_random_seed`.

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
    return (_separate.get() or _stream).draw()


def get_stream() -> tuple[int, int]:
    """Return what `set_stream` makes another process draw the same seeds from."""
    return _stream.state()


def set_stream(state: tuple[int, int]) -> None:
    """Draw the seeds that the process draws that `get_stream` has been called in."""
    _stream.set_state(state)


def restarts() -> int:
    """Return the number of calls of `set_random_seed`."""
    return _stream.restarts


def seed_of(seed: int | None) -> int:
    """Return the given seed, or a new one.

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
    """Seed Python's `random`, NumPy's global generator and fastnn's default seeds.

    A program that calls it first computes the same numbers in every run, with any number of threads. Without
    it, fastnn's seeds come from the operating system.

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
        raise ArgumentError(f"seed must be an integer, got {seed!r}") from None
    if not 0 <= number < 2**32:
        raise ValueError(f"seed must be from 0 to 2**32 - 1, got {seed!r}")
    import random

    random.seed(number)
    np.random.seed(number)
    _stream.restart(number)
