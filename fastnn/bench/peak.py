"""The most that the processor and its memory can do, measured in the same run as what is compared with it."""

from __future__ import annotations

import ctypes
import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np

from ..kernels.core import runtime
from .measure import alternate, calls_in, clock
from .processors import chosen_processors

__all__ = ["Bandwidth", "Peak", "peak_isa"]

SECONDS = 0.005


def peak_isa(isa: str) -> str:
    """Return the instruction set whose multiply-adds bound the kernels of an instruction set.

    The compiler makes vectors of some loops of "scalar" and "ref", but not of their multiply-adds on
    registers: what bounds them is the best instruction set of the processor.

    Parameters
    ----------
    isa : str
        Of the kernels.

    Examples
    --------
    >>> peak_isa("neon")
    'neon'
    """
    return runtime.isa_names()[0] if isa in ("scalar", "ref") else isa


class Peak:
    """Multiply-adds on registers, on several threads at once, by `peak_isa` of the instruction set in use.

    A call runs them for about 5 ms: a side for `alternate` beside the ones whose share is wanted.

    Parameters
    ----------
    threads : int, default 1
        Number of threads, each with a core to itself.
    dtype : {"float32", "float64"}, default "float32"
        Of the numbers.

    Attributes
    ----------
    threads : int
    dtype : str
        As given.
    flops : float
        Floating-point operations of a call: two for each multiply-add.

    Examples
    --------
    >>> Peak().flops > 0
    True
    """

    def __init__(self, threads: int = 1, dtype: str = "float32") -> None:
        address = runtime.kernel_address(peak_isa(runtime.isa()[0]), dtype, "fma_peak")
        # ctypes lets other Python threads run meanwhile.
        self._run = ctypes.CFUNCTYPE(ctypes.c_double, ctypes.c_int64)(address)
        self._executor = ThreadPoolExecutor(threads) if threads > 1 else None
        self._processors = chosen_processors(threads)
        self.threads, self.dtype = threads, dtype
        unit = 10_000
        self._rounds = unit * calls_in(lambda: self._run(unit), SECONDS)
        self.flops = float(self._run(self._rounds)) * threads

    def __call__(self) -> None:
        """Run."""
        if not self._executor:
            self._run(self._rounds)
            return
        for _ in self._executor.map(self._run_bound, range(self.threads)):
            pass

    def _run_bound(self, thread: int) -> None:
        """Run on a processor of its own: Linux may leave two threads on one for milliseconds."""
        if self._processors:
            os.sched_setaffinity(0, {self._processors[thread % len(self._processors)]})
        self._run(self._rounds)

    def per_second(self, rounds: int = 5) -> float:
        """Return the operations per second, the most of some rounds."""
        times = alternate({"peak": self}, rounds, clock=clock(self.threads))["peak"]
        return self.flops / min(times)


class Bandwidth:
    """A copy of arrays that no cache holds, on several threads at once.

    Parameters
    ----------
    threads : int, default 1
        Number of threads, each of which copies a part.
    size : int, default 2**26
        Bytes to copy.

    Attributes
    ----------
    bytes : int
        Read and written by a call.

    Examples
    --------
    >>> copy = Bandwidth(size=2**20)
    >>> copy()
    >>> copy.bytes
    2097152
    """

    def __init__(self, threads: int = 1, size: int = 1 << 26) -> None:
        source, target = np.ones(size, np.uint8), np.zeros(size, np.uint8)
        self._others = ThreadPoolExecutor(threads - 1) if threads > 1 else None
        self._parts = list(zip(np.array_split(target, threads), np.array_split(source, threads), strict=True))
        self.bytes = 2 * size

    def __call__(self) -> None:
        """Copy."""
        # NumPy lets other Python threads run meanwhile.
        waiting = self._others.map(lambda part: np.copyto(*part), self._parts[1:]) if self._others else ()
        np.copyto(*self._parts[0])
        for _ in waiting:
            pass
