"""How many threads a run may use."""

from collections.abc import Iterator
from contextlib import contextmanager

from .kernels.core import runtime


def num_threads() -> int:
    """Return the number of threads that runs may use.

    It starts as `FASTNN_NUM_THREADS`, else `OMP_NUM_THREADS`, else the smallest of the processors this
    process may run on, its control group's quota rounded down, and the cores of the machine.

    Examples
    --------
    >>> import fastnn
    >>> fastnn.num_threads() >= 1
    True
    """
    return int(runtime.num_threads()[0])


def set_num_threads(n: int) -> None:
    """Use at most `n` threads from now on, in the whole process.

    Results do not depend on it, bit for bit; small work stays on one thread whatever the number.

    Parameters
    ----------
    n : int
        At least 1.

    Raises
    ------
    ValueError
        If `n` is no such number.

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


@contextmanager
def threads(n: int) -> Iterator[None]:
    """Use at most `n` threads inside a `with` block.

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
    runtime.set_num_threads(n)
    try:
        yield
    finally:
        runtime.set_num_threads(old, source)
