"""Rows of data larger than memory: which are read together, in which order they come, and which are kept."""

from __future__ import annotations

import os
from concurrent.futures import Future
from functools import lru_cache
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from .shuffle import epoch_generator

__all__ = ["Field", "Layout", "Source", "Windows"]

_KEPT = 2  # windows, so that batches may span two

Arrays = list[NDArray[Any]]


class Field(NamedTuple):
    """What a row has in one of the arrays that a batch consists of."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


class Source(Protocol):
    """Rows in blocks, each of which is read at once.

    Attributes
    ----------
    fields : list of Field
    lengths : ndarray
        The number of rows of each block.
    """

    fields: list[Field]
    lengths: NDArray[np.int64]

    def read(self, block: int, out: Arrays) -> None:
        """Read a block into an array for each field."""


class Layout(NamedTuple):
    """An epoch: its blocks in order, in windows.

    Attributes
    ----------
    blocks : list of ndarray
        The blocks of each window.
    starts : ndarray
        The row that each window begins with, and the number of all rows.
    """

    blocks: list[NDArray[np.int64]]
    starts: NDArray[np.int64]


class Windows:
    """The rows of a source in the order of an epoch, of which a window at a time is read and shuffled.

    A window consists of blocks from anywhere in the data. The order depends on the seed, the number of the
    epoch, the blocks and the size of a window alone, and any part of it may be asked for at any time, by
    several threads.

    Parameters
    ----------
    source : Source
    seed : int or None
        Seed of the orders of blocks and of rows in a window; None for the order of the source.
    window_bytes : int
        A window has no more than that, unless it is a single block. At most two are kept.
    """

    def __init__(self, source: Source, seed: int | None, window_bytes: int) -> None:
        self._source, self._seed = source, seed
        self._most = max(1, window_bytes // bytes_of(source.fields))
        self._begin()

    def _begin(self) -> None:
        self._layout = lru_cache(maxsize=_KEPT)(self._make_layout)
        self._windows: dict[tuple[int, int, int], Future[Any]] = {}  # by process, epoch and number

    def __getstate__(self) -> dict[str, Any]:
        return {"_source": self._source, "_seed": self._seed, "_most": self._most}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state)
        self._begin()

    def _make_layout(self, epoch: int) -> Layout:
        lengths = self._source.lengths
        order = np.arange(len(lengths))
        if self._seed is not None:
            order = epoch_generator(self._seed, epoch).permutation(len(lengths))
        starts, blocks, first, rows = [0], [], 0, 0
        for i, length in enumerate(lengths[order].tolist()):
            if rows and rows + length > self._most:
                blocks.append(order[first:i])
                starts.append(starts[-1] + rows)
                first, rows = i, 0
            rows += length
        return Layout([*blocks, order[first:]], np.array([*starts, starts[-1] + rows]))

    def rows(self, epoch: int, start: int, stop: int) -> Arrays:
        """Return copies of a range of the rows of an epoch, an array for each field."""
        starts = self._layout(epoch).starts
        pieces: list[Arrays] = []
        while start < stop:
            number = int(np.searchsorted(starts, start, "right")) - 1
            first, end = int(starts[number]), min(stop, int(starts[number + 1]))
            arrays, order = self._window(epoch, number)
            chosen = slice(start - first, end - first)
            pieces.append([a[chosen].copy() if order is None else a[order[chosen]] for a in arrays])
            start = end
        return (
            pieces[0] if len(pieces) == 1 else [np.concatenate(parts) for parts in zip(*pieces, strict=True)]
        )

    def _window(self, epoch: int, number: int) -> tuple[Arrays, NDArray[np.int64] | None]:
        """Return the arrays of a window and the order of its rows; one thread reads it, others wait."""
        key, own = (os.getpid(), epoch, number), Future[Any]()
        found = self._windows.setdefault(key, own)
        if found is own:
            for oldest in list(self._windows)[:-_KEPT]:
                self._windows.pop(oldest, None)
            try:
                own.set_result(self._read(epoch, number))
            except BaseException as error:
                self._windows.pop(key, None)
                own.set_exception(error)
                raise
        result: tuple[Arrays, NDArray[np.int64] | None] = found.result()
        return result

    def _read(self, epoch: int, number: int) -> tuple[Arrays, NDArray[np.int64] | None]:
        layout, lengths = self._layout(epoch), self._source.lengths
        rows = int(layout.starts[number + 1] - layout.starts[number])
        arrays = [np.empty((rows, *shape), dtype) for shape, dtype in self._source.fields]
        end = 0
        for block in layout.blocks[number].tolist():
            start, end = end, end + int(lengths[block])
            self._source.read(block, [array[start:end] for array in arrays])
        if self._seed is None:
            return arrays, None
        return arrays, epoch_generator(self._seed, epoch, number + 1).permutation(rows)


def bytes_of(fields: list[Field]) -> int:
    """Return the number of bytes of a row.

    Examples
    --------
    >>> bytes_of([Field((3,), np.dtype("float32")), Field((), np.dtype("int64"))])
    20
    """
    return max(1, sum(int(np.prod(shape, dtype=np.int64)) * dtype.itemsize for shape, dtype in fields))
