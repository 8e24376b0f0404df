"""Sums over ranks whose bits do not depend on the implementation of MPI, and are the same on every rank."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

# Bytes of all ranks together up to which each one gets all arrays: one message instead of two.
SMALL = 1 << 16


class OrderedSum:
    """Adds arrays of all ranks element by element, in the order of the ranks.

    Of small arrays every rank gets all and adds them. Of others each rank gets a part of all, adds that, and
    sends the sum to the others, so that 2 (ranks - 1) / ranks times the array is sent and received. The bits
    are the same either way, and depend on nothing but the arrays and the number of ranks.

    Parameters
    ----------
    communicator : mpi4py.MPI.Comm
    small : int
        Bytes of all ranks together that are small.
    """

    def __init__(self, communicator: Any, small: int = SMALL) -> None:
        self._comm, self._small = communicator, small
        self._rank, self._size = communicator.Get_rank(), communicator.Get_size()
        self._rooms: dict[tuple[int, str], NDArray[Any]] = {}

    def __call__(self, array: NDArray[Any]) -> None:
        """Replace a contiguous array of one dimension by the sum."""
        if array.nbytes * self._size <= self._small:
            parts = self._room(self._size * len(array), array.dtype).reshape(self._size, -1)
            self._comm.Allgather(array, parts)
            _add_in_order(parts, array)
            return
        bounds = [len(array) * i // self._size for i in range(self._size + 1)]
        counts = [end - start for start, end in pairwise(bounds)]
        count, own = counts[self._rank], slice(bounds[self._rank], bounds[self._rank + 1])
        parts = self._room(self._size * count, array.dtype).reshape(self._size, count)
        spread = [count * i for i in range(self._size)]
        self._comm.Alltoallv(
            [array, (counts, bounds[:-1])], [parts.reshape(-1), ([count] * self._size, spread)]
        )
        _add_in_order(parts, array[own])
        self._comm.Allgatherv(array[own].copy(), [array, (counts, bounds[:-1])])

    def _room(self, size: int, dtype: np.dtype[Any]) -> NDArray[Any]:
        """Return memory that is kept from one sum to the next."""
        key = size, dtype.char
        if key not in self._rooms:
            if len(self._rooms) > 8:
                self._rooms.clear()
            self._rooms[key] = np.empty(size, dtype)
        return self._rooms[key]


def _add_in_order(parts: NDArray[Any], total: NDArray[Any]) -> None:
    total[...] = parts[0]
    for part in parts[1:]:
        total += part
