"""Placement of the arrays of a plan in its arena: those alive at the same time may not overlap.

Offset assignment by decreasing size (Pisarchyk & Lee 2020, "greedy by size"): each array takes the lowest
gap left by the arrays placed before it whose lifetimes meet its own.
"""

from collections.abc import Sequence

from .memory import align


def assign_offsets(usages: Sequence[tuple[int, int, int]]) -> tuple[list[int], int]:
    """Give each array an offset.

    Parameters
    ----------
    usages : sequence of (size, first, last)
        Bytes, and the first and last moment at which the array is in use, both included.

    Returns
    -------
    offsets : list of int
        In bytes, one per usage, multiples of 64.
    total : int
        Bytes that the arena needs.

    Examples
    --------
    >>> assign_offsets([(100, 0, 1), (100, 1, 2), (100, 2, 3)])
    ([0, 128, 0], 256)
    """
    offsets = [0] * len(usages)
    placed: list[tuple[int, int, int, int]] = []  # offset, end, first, last
    total = 0
    for i in sorted(range(len(usages)), key=lambda i: -usages[i][0]):
        size, first, last = usages[i]
        size = align(size)
        offset = 0
        for start, end, other_first, other_last in placed:
            if other_first <= last and first <= other_last:
                if offset + size <= start:
                    break
                offset = max(offset, end)
        offsets[i] = offset
        placed.append((offset, offset + size, first, last))
        placed.sort()
        total = max(total, offset + size)
    return offsets, total
