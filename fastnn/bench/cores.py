"""Turns that are taken while the machine gives what the threads need."""

from __future__ import annotations

import time
from collections.abc import Callable

from ..kernels.core.cpu_count import default_threads
from .measure import PAUSE
from .peak import Peak

__all__ = ["Cores"]

WHOLE = 0.8  # share of its speed alone that each of several threads reaches on a core of its own
TRIES = 5  # of a turn


class Cores:
    """Whether the machine gives each of several threads a core of its own.

    The processors of a virtual machine are threads of its host. For some tenths of a second the host may run
    two of them on one core: then two threads do what one does, whatever they compute.

    Parameters
    ----------
    threads : int, default 1

    Attributes
    ----------
    threads : int
        As given.
    turns : int
        Those taken.
    shared : int
        How many of these were measured on shared cores, since no try found others.

    Examples
    --------
    >>> cores = Cores()
    >>> cores.turn(lambda: 0.25)
    0.25
    >>> cores.turns, cores.shared
    (1, 0)
    """

    def __init__(self, threads: int = 1) -> None:
        self._one, self._all = Peak(), Peak(threads)
        self._possible = threads <= default_threads({})[0]
        self.threads = threads
        self.turns = self.shared = 0

    def given(self) -> float:
        """Return how many times as much as one thread all of them do now."""
        times = []
        for peak in (self._one, self._all):
            begin = time.perf_counter()
            peak()
            times.append((time.perf_counter() - begin) / peak.flops)
        return times[0] / times[1]

    def whole(self) -> bool:
        """Return whether each thread has a core now."""
        return self.threads == 1 or self.given() >= WHOLE * self.threads

    def turn(self, measure: Callable[[], float]) -> float:
        """Measure when each thread has a core, before and after; after 5 tries in vain, whatever they have.

        Where there are fewer processors than threads it is not tried.

        Parameters
        ----------
        measure : callable

        Returns
        -------
        float
            What it has returned.
        """
        self.turns += 1
        for _ in range(TRIES if self._possible else 0):
            if self.whole():
                result = measure()
                if self.whole():
                    return result
            time.sleep(PAUSE)
        self.shared += 1
        return measure()

    def remark(self) -> str:
        """Return a sentence about the turns that were measured on shared cores."""
        return (
            f"{self.shared} of {self.turns} turns were measured while the machine gave {self.threads} "
            f"threads less than {WHOLE * self.threads:.1f} times what one gets"
        )
