"""Batches of which each rank does a part, and their losses and metrics over all ranks."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..data.batches import DatasetBatches, Totals
from ..training.python_steps import StepPlan

if TYPE_CHECKING:
    from ..data.batches import Batches, BatchIterator
    from ..models import Model
    from .ranks import Ranks


class RankTotals(Totals):
    """Losses and metrics of the samples of all ranks, up to the last time that they were added up.

    Parameters
    ----------
    ranks : Ranks
    own : Totals
        Those of this rank.

    Attributes
    ----------
    rows : int
        That this rank has run.
    """

    def __init__(self, ranks: Ranks, own: Totals) -> None:
        super().__init__()
        self._ranks, self._own, self.rows = ranks, own, 0
        self._sums: dict[str, NDArray[np.float64]] = {}
        self._values: dict[str, Any] = {}

    def clear(self) -> None:
        """Start from zeros."""
        self.rows, self._sums, self._values = 0, {}, {}

    def add_up(self) -> None:
        """Add up the totals of all ranks; results of steps in Python are averaged, weighted by rows."""
        plan: Any = self._own._plan
        if plan is None:
            self._values = dict(self._own.restored)
        elif isinstance(plan, StepPlan):
            numbers = {name: value for name, value in plan.totals.items() if isinstance(value, (int, float))}
            found = self._ranks.gather([self.rows, *numbers.values()])
            means = found[:, 0] @ found[:, 1:] / max(1.0, found[:, 0].sum())
            self._values = plan.totals | dict(zip(numbers, means.tolist(), strict=True))
        else:
            states = {name: plan.state(name) for name in plan.totals}
            block = np.concatenate([np.zeros(0), *map(np.ravel, states.values())])
            self._ranks.add(block)
            ends = np.cumsum([state.size for state in states.values()])
            parts = np.split(block, ends[:-1])
            self._sums = {
                name: part.reshape(state.shape)
                for (name, state), part in zip(states.items(), parts, strict=True)
            }
            self._values = {name: plan.read(name, sums) for name, sums in self._sums.items()}

    def logs(self) -> dict[str, Any]:
        """Return all values, when the ranks have added up their totals."""
        self.add_up()
        return super().logs()

    def get_state(self) -> dict[str, Any]:
        """Return the sums over the samples of all ranks, and the totals."""
        sums = {name: sums.tolist() for name, sums in self._sums.items()}
        return {"sums": sums, "values": dict(self._values)}

    def __getitem__(self, name: str) -> Any:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)


class RankPlan:
    """A plan that runs the part of this rank.

    Parameters
    ----------
    ranks : Ranks
    plan : Plan
    totals : RankTotals
    trains : bool
    reports : bool
        Whether the totals are read after this run.
    """

    def __init__(self, ranks: Ranks, plan: Any, totals: RankTotals, trains: bool, reports: bool) -> None:
        self._ranks, self._plan, self._totals = ranks, plan, totals
        self._trains, self._reports = trains, reports

    def __getattr__(self, name: str) -> Any:
        return getattr(self._plan, name)

    def run(self, start: int, rows: int) -> int:
        """Run, and let what the ranks have in common follow."""
        ranks, plan = self._ranks, self._plan
        kept = {name: plan.state(name) for name in plan.totals} if ranks.idle else {}
        plan.ranks = ranks
        try:
            outcome: int = plan.run(start, rows)
        finally:
            plan.ranks = None
        for name, state in kept.items():
            plan.set_state(name, state)
        self._totals.rows += 0 if ranks.idle else rows
        if outcome < 0 and self._trains:
            ranks.average()
        if outcome < 0 and self._reports:
            self._totals.add_up()
        return outcome

    def results(self) -> list[Any]:
        """Return the losses and metrics of all ranks."""
        self._totals.add_up()
        return [self._totals[name] for name in self._totals]

    def run_on(self, x: Any, y: Any, sample_weight: Any = None) -> None:
        """Leave every batch to who shares it."""


class RankBatches:
    """What this rank does of batches; see `Batches`.

    Parameters
    ----------
    ranks : Ranks
    model : Model
    batches : Batches
        Of arrays, each for all ranks, or of a data set, each for this rank.
    trains : bool
    """

    def __init__(self, ranks: Ranks, model: Model, batches: Batches, trains: bool) -> None:
        self._ranks, self._model, self._batches, self._trains = ranks, model, batches, trains
        self.steps: int | None = batches.steps
        self.totals = RankTotals(ranks, batches.totals)
        self.layout = batches.layout
        if isinstance(batches, DatasetBatches):
            self.layout = {"batches of a step": ranks.size}

    @property
    def step(self) -> int:
        """Batches of this epoch that have been yielded."""
        return self._batches.step

    def epoch(self, step: int = 0) -> BatchIterator | None:
        """Return the batches of the next epoch, or of this one from `step` on; None if there are no more."""
        running, ranks = self._batches.epoch(step), self._ranks
        self.totals.clear()
        reports = ranks.hears("on_train_batch_end" if self._trains else "on_test_batch_end")
        if isinstance(self._batches, DatasetBatches):
            made = self._own(_nothing() if running is None else running, reports)
            return made if ranks.gather([running is not None]).any() else None
        assert running is not None
        return self._parts(running, reports)

    def _parts(self, running: BatchIterator, reports: bool) -> BatchIterator:
        """Yield this rank's parts of batches of all ranks."""
        with closing(running):
            for plan, start, samples in running:
                first, rows = self._ranks.take(samples)
                yield RankPlan(self._ranks, plan, self.totals, self._trains, reports), start + first, rows  # type: ignore[misc]

    def _own(self, running: BatchIterator, reports: bool) -> BatchIterator:
        """Yield batches of a data set for this rank."""
        ranks, source = self._ranks, self._batches._dataset  # type: ignore[attr-defined]
        with closing(running):
            for plan, _, samples in running:
                if self._trains and not ranks.follows:
                    ranks.follow(self._model)
                ranks.take_own(samples, source.has_spare)
                yield RankPlan(ranks, plan, self.totals, self._trains, reports), 0, samples  # type: ignore[misc]
        ranks.take_own(0, False)

    def resume(self, totals: Mapping[str, Any]) -> None:
        """Restore the totals of an interrupted epoch: on the first rank, as those of all."""
        if self._ranks.rank:
            sums = {name: np.zeros_like(state) for name, state in totals["sums"].items()}
            totals = {"sums": sums, "values": totals["values"]}
        self._batches.resume(totals)

    def data_state(self) -> dict[str, Any]:
        """Return the state of the data."""
        return self._batches.data_state()

    def set_data_state(self, state: dict[str, Any]) -> None:
        """Restore the state of the data."""
        self._batches.set_data_state(state)

    def forget_plan(self) -> None:
        """Ask for a plan again at the next batch."""
        self._batches.forget_plan()

    def validate(self) -> None:
        """Raise the error of validation for the batch yielded last."""
        self._batches.validate()

    def close(self) -> None:
        """Release the data."""
        self._batches.close()


def _nothing() -> BatchIterator:
    yield from ()
