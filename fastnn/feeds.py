"""Feeds: what plans run on, batch by batch: the caller's arrays, or a data set that comes in batches.

A feed yields (plan, start, rows) for each batch; the plan is bound to it as long as the next one has not been
asked for.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from .data import Batch, Source

if TYPE_CHECKING:
    from .kernels.plan import Plan
    from .trainer import Data, Trainer

__all__ = ["ArrayFeed", "Feed", "SourceFeed", "Totals"]

Batches = Generator[tuple["Plan", int, int], None, None]


class Totals(Mapping[str, Any]):
    """Losses and metrics of the rows run since the totals were cleared, computed when they are read.

    Parameters
    ----------
    plan : Plan, optional
        Which has run them; None before there is one.
    """

    def __init__(self, plan: Plan | None = None) -> None:
        self.plan = plan

    def __getitem__(self, name: str) -> Any:
        if self.plan is None:
            raise KeyError(name)
        return self.plan.read(name)

    def __iter__(self) -> Iterator[str]:
        return iter(() if self.plan is None else self.plan.totals)

    def __len__(self) -> int:
        return 0 if self.plan is None else len(self.plan.totals)


class Feed(Protocol):
    """What training and evaluation go through."""

    steps: int | None
    totals: Totals

    def epoch(self) -> Batches | None:
        """Clear the totals and return the batches of the next epoch, or None if there are no more."""

    def close(self) -> None:
        """Let go of the data."""


class ArrayFeed:
    """Batches of arrays that one plan is bound to.

    Parameters
    ----------
    plan : Plan
    data : Data
    batch : int
        Rows of a batch; the last one of a walk through the data has what is left.
    steps : int, optional
        At most so many batches an epoch; the next one goes on where it has stopped, and ends with the data.
    random : numpy.random.Generator, optional
        Where the order of the rows comes from, a new one for each walk.
    """

    def __init__(
        self,
        plan: Plan,
        data: Data,
        batch: int,
        steps: int | None = None,
        random: np.random.Generator | None = None,
    ) -> None:
        self._plan, self._rows, self._batch, self._random = plan, len(data), batch, random
        self._count = -(-len(data) // batch)
        self._next = 0  # batch of this walk
        self.steps: int | None = self._count if steps is None else min(steps, self._count)
        self.totals = Totals(plan)
        plan.bind(*data.arrays)

    def epoch(self) -> Batches:
        """Clear the totals and return the batches of the next epoch."""
        self._plan.clear_totals()
        return self._batches(self.steps or 0)

    def _batches(self, steps: int) -> Batches:
        for _ in range(steps):
            if not self._next and self._random is not None:
                self._plan.reorder(self._random.permutation(self._rows))
            start = self._next * self._batch
            self._next = (self._next + 1) % self._count
            yield self._plan, start, min(self._batch, self._rows - start)
            if not self._next:
                return

    def close(self) -> None:
        """Let go of the arrays."""
        self._plan.unbind()


class SourceFeed:
    """Batches of a data set, each with the plan for rows of its shape.

    Parameters
    ----------
    model : Trainer
    purpose : {"train", "test"}
    source : Source
    class_weight : dict, optional
        See `Trainer.fit`.
    name : str, default ""
        What errors say before the names of arrays.
    """

    def __init__(
        self,
        model: Trainer,
        purpose: str,
        source: Source,
        class_weight: Mapping[int, float] | None = None,
        name: str = "",
    ) -> None:
        self._model, self._purpose, self._source = model, purpose, source
        self._class_weight, self._name = class_weight, name
        self.steps = source.steps
        self.totals = Totals()

    def epoch(self) -> Batches | None:
        """Clear the totals and return the batches of the next epoch, or None if there are no more."""
        self.totals.plan = None
        batches = self._source.epoch()
        return None if batches is None else self._batches(batches)

    def _batches(self, batches: Iterator[Batch]) -> Batches:
        for batch in batches:
            data = self._model._gate(*batch, name=self._name)
            data = self._model._weigh(data, self._class_weight)
            if not len(data):
                raise ValueError(f"{self._name}x: expected at least one row in each batch, got none")
            plan = self._model.plan(self._purpose, len(data), data.weighted, data.rows)
            if plan is not self.totals.plan:
                plan.clear_totals()
                if self.totals.plan is not None:
                    plan.add_totals(self.totals.plan)
                self.totals.plan = plan
            plan.bind(*data.arrays)
            try:
                yield plan, 0, len(data)
            finally:
                plan.unbind()

    def close(self) -> None:
        """Let go of the data set."""
        self._source.close()
