"""The number of threads that computations use."""

from collections.abc import Iterator
from contextlib import contextmanager

from .kernels.core import runtime
from .warning import warn


def num_threads() -> int:
    """Return the largest number of threads that computations use.

    Initially `FASTNN_NUM_THREADS`, else `OMP_NUM_THREADS`, else the smallest of the number of processors
    this process may run on, the quota of its control group rounded down, and the cores of the machine.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.num_threads() >= 1
    True
    """
    return int(runtime.num_threads()[0])


def set_num_threads(n: int) -> None:
    """Set the largest number of threads that computations of this process use.

    Results do not depend on it, bit for bit. Small computations always run on one thread, and so does
    everything in forked children under `FASTNN_THREADING=openmp`, with a warning here in the first of them.
    Where the system does not let the process make so many threads, there are fewer, with a warning.

    Parameters
    ----------
    n : int
        At least 1.

    Raises
    ------
    ValueError
        If `n` is not such a number.

    Examples
    --------
    >>> import fastnn
    >>> before = fastnn.num_threads()
    >>> fastnn.set_num_threads(1)
    >>> fastnn.num_threads()
    1
    >>> fastnn.set_num_threads(before)
    """
    runtime.set_num_threads(n)
    if n > 1 and runtime.is_confined() and runtime.tell_confinement():
        warn(
            f"n: got {n}, but a forked process computes on one thread, since OpenMP's do not exist in it; "
            "FASTNN_THREADING=pool starts others"
        )


@contextmanager
def threads(n: int) -> Iterator[None]:
    """Context manager that sets the largest number of threads.

    Parameters
    ----------
    n : int
        At least 1.

    Examples
    --------
    >>> import fastnn
    >>> with fastnn.threads(1):
    ...     fastnn.num_threads()
    1
    """
    old, source = runtime.chosen_threads()
    set_num_threads(n)
    try:
        yield
    finally:
        runtime.set_num_threads(old, source)
