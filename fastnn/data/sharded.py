"""`ShardedDataset`: batches of rows that are read from files window by window."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..checks import whole_number
from ..utils.random import seed_of
from .dataset import SeededDataset, pack_x_y_sample_weight
from .windows import Source, Windows

__all__ = ["BUFFER_BYTES", "Place", "ShardedDataset", "place_of"]

BUFFER_BYTES = 2**28

Place = int | dict[str, int] | None


def place_of(given: Any, name: str, add: Callable[[Any, str], int]) -> Place:
    """Return the field, or fields by name, that are added for an argument or for each entry of a dict."""
    if isinstance(given, Mapping):
        return {key: add(part, f"{name}[{key!r}]") for key, part in given.items()}
    return None if given is None else add(given, name)


class ShardedDataset(SeededDataset):
    """Base of data sets whose rows are read from files; see `NpyDataset` and `ParquetDataset`.

    Parameters
    ----------
    source : Source
    places : tuple of (int, dict of str to int, or None)
        The fields of the source that x, y and the weights of a batch are, or are by name.
    batch_size : int
    shuffle : bool
    seed : int or None
    buffer_bytes : int
        What the rows that are kept may take: two windows, each of which is shuffled.
    **arguments
        See `PyDataset`.
    """

    def __init__(
        self,
        source: Source,
        places: tuple[Place, ...],
        batch_size: int,
        shuffle: bool,
        seed: int | None,
        buffer_bytes: int,
        **arguments: Any,
    ) -> None:
        super().__init__(seed_of(seed) if shuffle else None, **arguments)
        self.num_rows = int(source.lengths.sum())
        if not self.num_rows:
            raise ValueError("expected at least one row in the files, got none")
        self.batch_size = whole_number(batch_size, "batch_size", 1)
        self._places = places
        self._windows = Windows(source, self._seed, whole_number(buffer_bytes, "buffer_bytes", 1) // 2)

    def __len__(self) -> int:
        return -(-self.num_rows // self.batch_size)

    def __getitem__(self, index: int) -> Any:
        if not 0 <= index < len(self):
            raise IndexError(f"index: expected a number from 0 to {len(self) - 1}, got {index}")
        start = index * self.batch_size
        stop = min(start + self.batch_size, self.num_rows)
        arrays = self._windows.rows(self.epoch, start, stop)

        def part(place: Place) -> Any:
            if isinstance(place, dict):
                return {name: arrays[field] for name, field in place.items()}
            return None if place is None else arrays[place]

        return pack_x_y_sample_weight(*map(part, self._places))
