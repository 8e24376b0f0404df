"""`RankIterator`: those batches of a data set that are for one rank."""

from __future__ import annotations

import itertools
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

from ..data.dataset import DatasetIterator

if TYPE_CHECKING:
    from .ranks import Ranks


class RankIterator(DatasetIterator):
    """Every so many batches of a data set, as many as there are ranks.

    Of a `PyDataset` only these are made. Other data sets are walked through by every rank, and have to yield
    the same batches on each. Where the last batches are fewer than the ranks, those that have none get one
    that they have had already, as a spare.

    Parameters
    ----------
    ranks : Ranks
    dataset, steps, shuffler, shuffle, name
        See `DatasetIterator`; `steps` are of all ranks together.

    Attributes
    ----------
    has_spare : bool
        Whether the batch that has been taken last is a spare.
    """

    def __init__(self, ranks: Ranks, dataset: Any, steps: int | None = None, **options: Any) -> None:
        self._ranks = ranks
        super().__init__(dataset, steps, **options)
        self._spare: int | None = None  # the number of the batch that is one
        self._taken = 0

    @property
    def has_spare(self) -> bool:
        """Whether the batch that has been taken last is a spare."""
        return self._taken - 1 == self._spare

    def _own_count(self, count: int | None) -> int | None:
        return None if count is None else -(-count // self._ranks.size)

    def _own(self, batches: Iterable[Any]) -> Iterator[Any]:
        self._spare = None
        items, last = iter(batches), []
        for number in itertools.count():
            group = list(itertools.islice(items, self._ranks.size))
            if self._ranks.rank < len(group):
                last = [group[self._ranks.rank]]
            elif not group:
                return
            elif last:
                self._spare = number
            else:
                raise ValueError(
                    f"{self._name}: expected at least one batch for each of {self._ranks.size} ranks, "
                    f"got {len(group)}"
                )
            yield last[0]

    def _watched(self, batches: Iterator[Any], done: int) -> Iterator[Any]:
        self._taken = done
        try:
            for batch in batches:
                self._taken += 1
                yield batch
        finally:
            if hasattr(batches, "close"):
                batches.close()
