"""Which processors the threads of a comparison run on."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

__all__ = ["chosen_processors", "same_processors"]


def chosen_processors(threads: int) -> list[int]:
    """Return processors for so many threads: one of each core first, then their siblings.

    Fewer than there are threads where this process may not use more; none where the system cannot bind
    threads to processors.

    Examples
    --------
    >>> len(chosen_processors(1)) <= 1
    True
    """
    if not hasattr(os, "sched_getaffinity"):
        return []
    usable = os.sched_getaffinity(0)

    def place(cpu: int) -> tuple[int, int]:
        return [sibling for sibling in _siblings(cpu) if sibling in usable].index(cpu), cpu

    return sorted(usable, key=place)[:threads]


def _siblings(cpu: int) -> list[int]:
    """Return the processors that share the core of one, as Linux tells; only itself where it does not."""
    file = Path(f"/sys/devices/system/cpu/cpu{cpu}/topology/thread_siblings_list")
    try:
        found: list[int] = []
        for part in file.read_text().strip().split(","):
            first, _, last = part.partition("-")
            found += range(int(first), int(last or first) + 1)
    except (OSError, ValueError):
        return [cpu]
    return found if cpu in found else [cpu]


@contextmanager
def same_processors(threads: int) -> Iterator[None]:
    """Bind this process, and those that it starts, to as many processors as there are threads, if it can."""
    chosen = chosen_processors(threads)
    if not chosen:
        yield
        return
    before = os.sched_getaffinity(0)
    os.sched_setaffinity(0, chosen)
    try:
        yield
    finally:
        os.sched_setaffinity(0, before)
