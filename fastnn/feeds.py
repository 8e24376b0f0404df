"""Feeds: what plans run on, batch by batch: the caller's arrays, or a data set that comes in batches.

A feed yields (plan, start, rows) for each batch; the plan is bound to it as long as the next one has not been
asked for.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Protocol

import numpy as np

from .data import Source

if TYPE_CHECKING:
    from .kernels.plan import Plan
    from .trainer import Data, Trainer

__all__ = ["ArrayFeed", "Feed", "SourceFeed", "Totals"]

Batch = tuple["Plan", int, int]


class Totals(Mapping[str, float]):
    """Losses and metrics of the rows run since the totals were cleared, computed when they are read.

    Parameters
    ----------
    plans : list of Plan
        Which have run them; the list may grow.
    """

    def __init__(self, plans: list[Plan]) -> None:
        self._plans = plans

    def __getitem__(self, name: str) -> float:
        totals = [plan.read_totals()[name] for plan in self._plans]
        weight = sum(weight for _, weight in totals)
        return sum(value for value, _ in totals) / weight if weight else 0.0

    def __iter__(self) -> Iterator[str]:
        return iter(self._plans[0].totals if self._plans else ())

    def __len__(self) -> int:
        return len(self._plans[0].totals) if self._plans else 0


class Feed(Protocol):
    """What training and evaluation go through."""

    steps: int | None
    totals: Totals

    def epoch(self) -> Iterator[Batch] | None:
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
    steps : int
        At most so many batches an epoch; the next one goes on where it has stopped, and ends with the data.
    random : numpy.random.Generator, optional
        Where the order of the rows comes from, a new one for each walk.
    """

    def __init__(
        self, plan: Plan, data: Data, batch: int, steps: int, random: np.random.Generator | None = None
    ) -> None:
        self._plan, self._rows, self._batch, self._random = plan, len(data), batch, random
        self._count = -(-len(data) // batch)
        self._next = 0  # batch of this walk
        self.steps: int | None = min(steps, self._count)
        self.totals = Totals([plan])
        plan.bind(*data.arrays)

    def epoch(self) -> Iterator[Batch]:
        """Clear the totals and return the batches of the next epoch."""
        self._plan.clear_totals()
        return self._batches(self.steps or 0)

    def _batches(self, steps: int) -> Iterator[Batch]:
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
    """

    def __init__(
        self,
        model: Trainer,
        purpose: str,
        source: Source,
        class_weight: Mapping[int, float] | None = None,
    ) -> None:
        self._model, self._purpose, self._source = model, purpose, source
        self._class_weight = class_weight
        self._plans: list[Plan] = []
        self.steps = source.steps
        self.totals = Totals(self._plans)

    def epoch(self) -> Iterator[Batch] | None:
        """Clear the totals and return the batches of the next epoch, or None if there are no more."""
        self._plans.clear()
        batches = self._source.epoch()
        return None if batches is None else self._batches(batches)

    def _batches(self, batches: Iterator[tuple[object, object, object]]) -> Iterator[Batch]:
        for batch in batches:
            data = self._model._gated(*batch, class_weight=self._class_weight, name=self._source.name)
            plan = self._model.plan(self._purpose, len(data), data.weighted, data.rows)
            if plan not in self._plans:
                plan.clear_totals()
                self._plans.append(plan)
            plan.bind(*data.arrays)
            try:
                yield plan, 0, len(data)
            finally:
                plan.unbind()

    def close(self) -> None:
        """Let go of the data set."""
        self._source.close()
