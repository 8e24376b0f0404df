"""Feeds: what plans run on, batch by batch: the caller's arrays, or a data set that comes in batches.

A feed yields (plan, start, rows) for each batch; the plan is bound to it as long as the next one has not been
asked for.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from ..utils.random import Walks
from .dataset import Batch, Source

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..training.loop import Trainer
    from .adapters import Data

__all__ = ["ArrayFeed", "Feed", "SourceFeed", "Totals"]

Batches = Generator[tuple["Plan", int, int], None, None]


class Totals(Mapping[str, Any]):
    """Losses and metrics of the rows run since the totals were cleared, computed when they are read.

    Parameters
    ----------
    plans : list of Plan
        Which have run them; the list may grow.
    """

    def __init__(self, plans: list[Plan]) -> None:
        self._plans = plans

    def __getitem__(self, name: str) -> Any:
        states = [plan.state(name) for plan in self._plans]
        return self._plans[0].read(name, np.sum(states, axis=0))

    def states(self) -> dict[str, list[float]]:
        """Return what the totals are read of: sums over the rows."""
        return {name: np.sum([plan.state(name) for plan in self._plans], axis=0).tolist() for name in self}

    def __iter__(self) -> Iterator[str]:
        return iter(self._plans[0].totals if self._plans else ())

    def __len__(self) -> int:
        return len(self._plans[0].totals) if self._plans else 0


class Feed(Protocol):
    """What training and evaluation go through.

    Attributes
    ----------
    steps : int or None
        Batches of an epoch, if that is known.
    step : int
        Batches of this epoch that have been given out; all of them where the data have ended with the last.
    totals : Totals
        Of this epoch.
    """

    steps: int | None
    step: int
    totals: Totals

    def epoch(self, step: int = 0) -> Batches | None:
        """Return the batches of the next epoch, or of this one from `step` on, or None if there are no more.

        The totals are cleared, but not in the middle of an epoch.
        """

    def go_on(self, totals: Mapping[str, Any]) -> None:
        """Let the totals be those of an epoch that is continued: what `Totals.states` returned."""

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
    walks : Walks, optional
        Where in the data the feed is, and from where the orders of the rows come.
    shuffle : bool, default False
        Whether each walk takes the rows in an order of its own.
    """

    def __init__(
        self,
        plan: Plan,
        data: Data,
        batch: int,
        steps: int | None = None,
        walks: Walks | None = None,
        shuffle: bool = False,
    ) -> None:
        self._plan, self._rows, self._batch = plan, len(data), batch
        self._walks, self._shuffle = walks or Walks(), shuffle
        self._ordered: int | None = None  # number of the walk whose order the plan has
        self._count = -(-len(data) // batch)
        self.steps: int | None = self._count if steps is None else min(steps, self._count)
        self.step = 0
        self.totals = Totals([plan])
        plan.bind(*data.arrays)

    def epoch(self, step: int = 0) -> Batches:
        """Return the batches of the next epoch, or of this one from `step` on."""
        if not step:
            self._plan.clear_totals()
        self.step = step
        return self._batches(self.steps or 0)

    def _batches(self, steps: int) -> Batches:
        walks = self._walks
        while self.step < steps:
            if self._shuffle and self._ordered != walks.number:
                self._plan.reorder(walks.order(self._rows))
                self._ordered = walks.number
            start = walks.done * self._batch
            walks.advance(self._count)
            self.step = self.step + 1 if walks.done else steps
            yield self._plan, start, min(self._batch, self._rows - start)

    def go_on(self, totals: Mapping[str, Any]) -> None:
        """Let the totals be those of an epoch that is continued."""
        for name, state in totals.items():
            self._plan.set_state(name, state)

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
        self._plans: list[Plan] = []
        self._carried: Mapping[str, Any] = {}
        self.steps = source.steps
        self.step = 0
        self.totals = Totals(self._plans)

    def epoch(self, step: int = 0) -> Batches | None:
        """Return the batches of the next epoch, or of this one from `step` on; None if there are no more."""
        self._plans.clear()
        batches = self._source.epoch()
        self.step = step
        return None if batches is None else self._batches(islice(batches, step, None))

    def go_on(self, totals: Mapping[str, Any]) -> None:
        """Let the totals be those of an epoch that is continued."""
        self._carried = totals

    def _batches(self, batches: Iterator[Batch]) -> Batches:
        for batch in batches:
            self.step += 1
            data = self._model._gate(*batch, name=self._name)
            data = self._model._weigh(data, self._class_weight)
            if not len(data):
                raise ValueError(f"{self._name}x: expected at least one row in each batch, got none")
            plan = self._model.plan(self._purpose, len(data), data.weighted, data.rows)
            if plan not in self._plans:
                plan.clear_totals()
                for name, state in self._carried.items():
                    plan.set_state(name, state)
                self._carried = {}
                self._plans.append(plan)
            plan.bind(*data.arrays)
            try:
                yield plan, 0, len(data)
            finally:
                plan.unbind()

    def close(self) -> None:
        """Let go of the data set."""
        self._source.close()
