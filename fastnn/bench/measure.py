"""How two sides are timed against each other.

A time by itself says little: it changes with the machine, the day and what else runs. So the sides take
turns, and what counts is the median over rounds of the ratio of two times of one round.
"""

from __future__ import annotations

import statistics
import sys
import time
import timeit
from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from functools import partial
from typing import NamedTuple

__all__ = ["LocalSide", "Ratio", "Timed", "alternate", "calls_in", "clock", "ratio"]

Side = Callable[[], object]
Clock = Callable[[], float]
Turn = Callable[[Callable[[], float]], float]
PAUSE = 0.15  # the idle threads of OpenBLAS spin for 2**28 cycles, a tenth of a second


class Ratio(NamedTuple):
    """A ratio of times over several rounds.

    Attributes
    ----------
    median, lowest, highest : float
        Over the rounds.
    """

    median: float
    lowest: float
    highest: float


def ratio(numerator: list[float], denominator: list[float], factor: float = 1.0) -> Ratio:
    """Divide the times of each round.

    Parameters
    ----------
    numerator, denominator : list of float
        One number for each round.
    factor : float, default 1
        Multiplies every ratio.

    Returns
    -------
    Ratio

    Examples
    --------
    >>> ratio([4.0, 6.0, 5.0], [2.0, 2.0, 1.0])
    Ratio(median=3.0, lowest=2.0, highest=5.0)
    """
    each = [factor * a / b for a, b in zip(numerator, denominator, strict=True)]
    return Ratio(statistics.median(each), min(each), max(each))


def clock(threads: int) -> Clock:
    """Return the clock to time work with that is done on this many threads.

    For one it is the processor time of the calling thread, in which other programs do not count. (That of
    Windows advances in steps of some milliseconds.) For several there is only the time of day.
    """
    return time.thread_time if threads == 1 and sys.platform != "win32" else time.perf_counter


def calls_in(side: Side, seconds: float, clock: Clock = time.perf_counter) -> int:
    """Return how many calls take about `seconds`, at least 1. This also warms the side up."""
    timer, calls = timeit.Timer(side, timer=clock), 1
    while True:
        taken = timer.timeit(calls)
        if taken > seconds / 4:
            return max(1, round(calls * seconds / taken))
        calls *= 4


class Timed(ABC):
    """A side that knows how it is timed, here or in another process."""

    @abstractmethod
    def calls_in(self, seconds: float) -> int:
        """Return how many calls take about `seconds`, at least 1."""

    @abstractmethod
    def time(self, calls: int) -> float:
        """Return the seconds of so many calls."""


class LocalSide(Timed):
    """A side in this process.

    Parameters
    ----------
    side : callable
    clock : callable
        See `clock`.
    """

    def __init__(self, side: Side, clock: Clock) -> None:
        self._side, self._clock = side, clock
        self._timer = timeit.Timer(side, timer=clock)

    def calls_in(self, seconds: float) -> int:
        """Return how many calls take about `seconds`."""
        return calls_in(self._side, seconds, self._clock)

    def time(self, calls: int) -> float:
        """Return the seconds of so many calls."""
        return self._timer.timeit(calls)


def _at_once(measure: Callable[[], float]) -> float:
    """Return what a measurement returns."""
    return measure()


def alternate(
    sides: Mapping[str, Side | Timed],
    rounds: int = 7,
    seconds: float = 0.05,
    clock: Clock = time.perf_counter,
    pause: float = PAUSE,
    turn: Turn = _at_once,
) -> dict[str, list[float]]:
    """Time several sides in turns, with Python's garbage collection off.

    The order is reversed in every other round. Before its turn a side waits, so that the idle threads of
    the one before it stop spinning, and runs unmeasured for a tenth of a turn.

    Parameters
    ----------
    sides : mapping of str to callable or Timed
        What to time, by name.
    rounds : int, default 7
        How many turns each side has.
    seconds : float, default 0.05
        About how long a turn is.
    clock : callable, default time.perf_counter
        See `clock`.
    pause : float, default 0.15
        Seconds before each turn; less will do where no side uses NumPy's BLAS.
    turn : callable, optional
        Called with a function that takes a turn and returns its time; returns that time, or that of
        another try. By default it is the first one.

    Returns
    -------
    dict of str to list of float
        Seconds per call, for each side and round.

    Raises
    ------
    ValueError
        If `rounds` is less than 1.

    Examples
    --------
    >>> times = alternate({"list": lambda: [0] * 1000, "tuple": lambda: (0,) * 1000}, rounds=3, seconds=1e-3)
    >>> {name: len(each) for name, each in times.items()}
    {'list': 3, 'tuple': 3}
    """
    if rounds < 1:
        raise ValueError(f"rounds: expected at least 1, got {rounds!r}")
    timed = {
        name: side if isinstance(side, Timed) else LocalSide(side, clock) for name, side in sides.items()
    }
    calls = {name: side.calls_in(seconds) for name, side in timed.items()}
    times: dict[str, list[float]] = {name: [] for name in sides}
    for i in range(rounds):
        for name in reversed(timed) if i % 2 else timed:
            time.sleep(pause)
            times[name].append(turn(partial(_time_of, timed[name], calls[name])))
    return times


def _time_of(side: Timed, calls: int) -> float:
    """Return the seconds of a call, on average over a turn."""
    side.time(1 + calls // 10)
    return side.time(calls) / calls
