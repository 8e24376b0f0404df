"""Where seeds come from that nobody gave.

Each initializer, dropout layer or shuffle without a seed of its own takes the next one from here. Seed
number n is a hash of the process' entropy and of n alone (NumPy's SeedSequence, whose algorithm NumPy
keeps fixed), so that `set_random_seed` makes a program repeat itself on any machine.
"""

import operator
import os
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

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


class Walks:
    """Walks of a model through the rows that it is trained on, each in an order of its own.

    The orders come from one generator. A model goes on with it from one `fit` to the next, and in a file,
    until `set_random_seed` is called.

    Attributes
    ----------
    number : int
        Of the walk that goes on, or of the next.
    done : int
        Batches of this walk that have been trained on; 0 between two walks.

    Examples
    --------
    >>> walks = Walks()
    >>> first = walks.order(5)
    >>> walks.advance(2)
    >>> again = Walks()
    >>> again.set_state(walks.get_state())
    >>> (again.order(5) == first).all()
    np.True_
    """

    def __init__(self) -> None:
        self.number = self.done = 0
        self._random: np.random.PCG64 | None = None
        self._before: list[int] = []  # the state of the generator before the order of this walk
        self._restarts = _stream.restarts

    def begin(self) -> None:
        """Begin a training: with a walk from its first batch and, after `set_random_seed`, a new seed."""
        self.done = 0
        if self._restarts != _stream.restarts:
            self._random, self._restarts = None, _stream.restarts

    def order(self, rows: int) -> NDArray[np.int64]:
        """Return the order of the rows in the walk that begins, or is continued by a copy of this object."""
        if self._random is None:
            self._random, self.number = np.random.PCG64(next_seed()), 0
        self._before = _numbers(self._random)
        return np.random.Generator(self._random).permutation(rows)

    def advance(self, batches: int) -> None:
        """Count a batch of a walk of so many."""
        self.done += 1
        if self.done == batches:
            self.number, self.done = self.number + 1, 0

    def get_state(self) -> dict[str, Any]:
        """Return what `set_state` goes on from: whole numbers."""
        state: dict[str, Any] = {"number": self.number, "done": self.done}
        if self._random is not None:
            state["random"] = self._before if self.done else _numbers(self._random)
        return state

    def set_state(self, state: dict[str, Any]) -> None:
        """Go on from what `get_state` returned.

        Raises
        ------
        ValueError, TypeError
            If it holds anything but whole numbers.
        """
        self.number, self.done = (whole_number(state[name], name) for name in ("number", "done"))
        self._before = state.get("random", [])
        self._random = _generator(self._before) if "random" in state else None
        self._restarts = _stream.restarts


def _numbers(random: np.random.PCG64) -> list[int]:
    """Return the state of a generator."""
    state: Any = random.state
    return [state["state"]["state"], state["state"]["inc"], state["has_uint32"], state["uinteger"]]


def _generator(numbers: Any) -> np.random.PCG64:
    """Return a generator of that state."""
    if not isinstance(numbers, list) or len(numbers) != 4:
        raise ValueError(f"random: expected four whole numbers, got {numbers!r:.80}")
    limits = 2**128 - 1, 2**128 - 1, 1, 2**32 - 1
    state, inc, has, left = (whole_number(n, "random", 0, m) for n, m in zip(numbers, limits, strict=True))
    random = np.random.PCG64(0)
    random.state = {
        "bit_generator": "PCG64",
        "state": {"state": state, "inc": inc},
        "has_uint32": has,
        "uinteger": left,
    }
    return random


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
