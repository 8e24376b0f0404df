"""Batches for plans: of arrays in memory, or of a data set.

Batches yield (plan, start, samples); the plan is bound to them until the next batch is asked for.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Iterator, Mapping
from types import NoneType
from typing import TYPE_CHECKING, Any, Protocol

from ..checks import whole_number
from .dataset import Batch, DatasetIterator
from .shuffle import EpochShuffler

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from .adapters import Arrays

__all__ = ["ArrayBatches", "BatchLogs", "Batches", "DatasetBatches", "Totals", "batch_size_for", "merged"]

DEFAULT_BATCH_SIZE = 32

BatchIterator = Generator[tuple["Plan", int, int], None, None]


def batch_size_for(batch_size: Any, samples: int, ranks: int = 1) -> int:
    """Return the batch size of all ranks for so many samples: 32 each by default, at most all samples."""
    size = DEFAULT_BATCH_SIZE if batch_size is None else whole_number(batch_size, "batch_size", 1)
    return max(1, min(size * ranks, samples))


class Totals(Mapping[str, Any]):
    """Losses and metrics of the samples since they were cleared, computed when they are read.

    Parameters
    ----------
    plan : Plan, optional
        What the samples run through now, which has the sums over all of them.

    Attributes
    ----------
    restored : dict
        The values as long as there is no plan: those of an epoch that was interrupted after its last sample.
    """

    def __init__(self, plan: Plan | None = None) -> None:
        self._plan = plan
        self.restored: Mapping[str, Any] = {}

    def clear(self) -> None:
        """Forget the plan; the next one starts from zeros."""
        self._plan = None

    def move_to(self, plan: Plan) -> None:
        """Let a plan start the sums, or go on with those of another."""
        if plan is self._plan:
            return
        states = {} if self._plan is None else {name: self._plan.state(name) for name in self}
        plan.clear_totals(shared=self._plan is None)
        for name, state in states.items():
            plan.set_state(name, state)
        self._plan = plan

    def __getitem__(self, name: str) -> Any:
        plan = self._plan
        return self.restored[name] if plan is None else plan.read(name, plan.state(name))

    def logs(self) -> dict[str, Any]:
        """Return all values, those of a metric whose result is a dict by its keys."""
        return merged(self.items())

    def get_state(self) -> dict[str, Any]:
        """Return the sums over the samples that the totals are computed from, and the totals."""
        plan = self._plan
        sums = {} if plan is None else {name: plan.state(name).tolist() for name in self}
        return {"sums": sums, "values": dict(self)}

    def __iter__(self) -> Iterator[str]:
        return iter(self.restored if self._plan is None else self._plan.totals)

    def __len__(self) -> int:
        return len(self.restored if self._plan is None else self._plan.totals)


def merged(results: Iterable[tuple[str, Any]]) -> dict[str, Any]:
    """Return losses and metrics by name, and by its keys what a metric returned as a dict.

    Examples
    --------
    >>> merged([("loss", 0.5), ("counts", {"hits": 3.0, "misses": 1.0})])
    {'loss': 0.5, 'hits': 3.0, 'misses': 1.0}
    """
    logs: dict[str, Any] = {}
    for name, value in results:
        logs |= value if isinstance(value, dict) else {name: value}
    return logs


class BatchLogs(Mapping[str, Any]):
    """The logs that hooks get after a batch: each value is computed when it is first read.

    What a callback keeps longer than the hook runs holds the values of its batch: `freeze` computes the rest.

    Parameters
    ----------
    totals : Totals
    """

    def __init__(self, totals: Totals) -> None:
        self._totals: Totals | None = totals
        self._values: dict[str, Any] = {}

    def freeze(self) -> None:
        """Compute the values that have not been read."""
        if self._totals is not None:
            self._values = merged((name, self[name]) for name in self._totals)
            self._totals = None

    def __getitem__(self, name: str) -> Any:
        if self._totals is None or name in self._values:
            return self._values[name]
        value = self._totals[name]
        self._values[name] = value
        return value

    def __iter__(self) -> Iterator[str]:
        return iter(self._values if self._totals is None else self._totals)

    def __len__(self) -> int:
        return len(self._values if self._totals is None else self._totals)

    def __repr__(self) -> str:
        return repr(dict(self))


class Batches(Protocol):
    """The batches of a training or evaluation, epoch by epoch.

    Attributes
    ----------
    steps : int or None
        Batches of an epoch, if that is known.
    step : int
        Batches of this epoch that have been yielded; all of them if the data ended with the last one.
    totals : Totals
        Of this epoch.
    layout : dict of str to int
        What the number of a step depends on: one in the middle of an epoch means nothing in another.
    """

    steps: int | None
    layout: dict[str, int]
    step: int
    totals: Totals

    def epoch(self, step: int = 0) -> BatchIterator | None:
        """Return the batches of the next epoch, or of this one from `step` on; None if there are no more.

        The totals are cleared at the start of an epoch.
        """

    def resume(self, totals: Mapping[str, Any]) -> None:
        """Restore the totals of an interrupted epoch: what `Totals.get_state` returned."""

    def data_state(self) -> dict[str, Any]:
        """Return the state of the data that `set_data_state` restores, before an epoch begins."""

    def set_data_state(self, state: dict[str, Any]) -> None:
        """Restore the state of the data."""

    def forget_plan(self) -> None:
        """Ask for a plan again at the next batch."""

    def validate(self) -> None:
        """Raise the error of validation for the batch yielded last, which a run has found invalid."""

    def close(self) -> None:
        """Release the data."""


class ArrayBatches:
    """Batches of arrays, all for one plan.

    Parameters
    ----------
    plan_for : callable
        From arrays to a plan for them.
    arrays : Arrays
    batch_size : int
        Samples of a batch; the last one of a pass through the data has what is left.
    steps : int, optional
        At most so many batches an epoch; the next one continues where it stopped, and ends with the data.
    shuffler : EpochShuffler, optional
        The position in the data, and the orders of the samples.
    shuffle : bool, default False
        Whether each pass takes the samples in an order of its own.
    """

    def __init__(
        self,
        plan_for: Callable[[Arrays], Plan],
        arrays: Arrays,
        batch_size: int,
        steps: int | None = None,
        shuffler: EpochShuffler | None = None,
        shuffle: bool = False,
    ) -> None:
        self._plan_for, self._arrays, self._batch_size = plan_for, arrays, batch_size
        self._plan, self._is_forgotten = plan_for(arrays), False
        self._shuffler, self._shuffle = shuffler or EpochShuffler(), shuffle
        self._count = -(-len(arrays) // batch_size)
        self.steps: int | None = self._count if steps is None else min(steps, self._count)
        self.step = 0
        self.totals = Totals(self._plan)
        self.layout = {"samples": len(arrays), "samples of a step": batch_size}

    def epoch(self, step: int = 0) -> BatchIterator:
        """Return the batches of the next epoch, or of this one from `step` on."""
        self.step = step
        return self._batches(self.steps or 0)

    def _batches(self, steps: int) -> BatchIterator:
        shuffler, samples = self._shuffler, len(self._arrays)
        ordered: int | None = None  # number of the pass whose order the plan has
        self._plan.bind(*self._arrays.arrays)
        try:
            if not self.step:
                self.totals.clear()
                self.totals.move_to(self._plan)
            while self.step < steps:
                if self._is_forgotten:
                    self._take_plan()
                    ordered = None
                if self._shuffle and ordered != shuffler.number:
                    self._plan.reorder(shuffler.order(samples))
                    ordered = shuffler.number
                start = shuffler.done * self._batch_size
                shuffler.advance(self._count)
                self.step = self.step + 1 if shuffler.done else steps
                yield self._plan, start, min(self._batch_size, samples - start)
        finally:
            self._plan.unbind()

    def forget_plan(self) -> None:
        """Ask for a plan again at the next batch."""
        self._is_forgotten = True

    def _take_plan(self) -> None:
        """Go on with another plan; the totals so far stay."""
        self._plan.unbind()
        self._plan, self._is_forgotten = self._plan_for(self._arrays), False
        self._plan.bind(*self._arrays.arrays)
        self.totals.move_to(self._plan)

    def resume(self, totals: Mapping[str, Any]) -> None:
        """Restore the totals of an interrupted epoch."""
        for name, sums in totals["sums"].items():
            self._plan.set_state(name, sums)

    def data_state(self) -> dict[str, Any]:
        """Return nothing: arrays stay as they are."""
        return {}

    def set_data_state(self, state: dict[str, Any]) -> None:
        """Do nothing."""

    def validate(self) -> None:
        """Do nothing: the arrays have been validated."""

    def close(self) -> None:
        """Do nothing: the arrays are released at the end of each epoch."""


class DatasetBatches:
    """Batches of a data set, each with the plan for samples of its shape.

    A batch that fits the plan of the one before it is bound to that as it is, or converted on the way: the
    plan finds values that are invalid, and `validate` says what is wrong with them.

    Parameters
    ----------
    dataset : DatasetIterator
    adapt : callable
        From a batch (x, y, sample_weight) to `Arrays`.
    plan_for : callable
        From arrays to a plan for them.
    name : str, default ""
        What errors put before the names of arrays.
    source : callable, optional
        Returns what plans come from: the same object as long as a plan may be used
        again, or None, the default, if each batch has to go through `adapt`.
    """

    def __init__(
        self,
        dataset: DatasetIterator,
        adapt: Callable[[Batch], Arrays],
        plan_for: Callable[[Arrays], Plan],
        name: str = "",
        source: Callable[[], object] = NoneType,
    ) -> None:
        self._dataset, self._adapt, self._plan_for, self._name = dataset, adapt, plan_for, name
        self._source = source
        self._batch: Batch | None = None  # the last one, if it has not been validated
        self._carried: Mapping[str, Any] = {}
        self.steps = dataset.steps
        self.step = 0
        self.totals = Totals()
        self.layout = {"batches of a step": 1}

    def epoch(self, step: int = 0) -> BatchIterator | None:
        """Return the batches of the next epoch, or of this one from `step` on; None if there are no more."""
        self.totals.clear()
        if not step:
            self._carried = self.totals.restored = {}
        batches = self._dataset.epoch(step)
        self.step = step
        return None if batches is None else self._batches(batches)

    def resume(self, totals: Mapping[str, Any]) -> None:
        """Restore the totals of an interrupted epoch."""
        self._carried, self.totals.restored = totals["sums"], totals["values"]

    def data_state(self) -> dict[str, Any]:
        """Return the state of the data set."""
        return self._dataset.get_state()

    def set_data_state(self, state: dict[str, Any]) -> None:
        """Restore the state of the data set."""
        self._dataset.set_state(state)

    def validate(self) -> None:
        """Raise the error of validation for the batch yielded last, which a run has found invalid."""
        if self._batch is not None:
            self._adapt(self._batch)

    def _batches(self, batches: Iterator[Batch]) -> BatchIterator:
        plan: Plan | None = None
        source: object = None
        for batch in batches:
            self.step += 1
            x, y, sample_weight = batch
            samples = -1
            if plan is not None and source is not None and self._source() is source:
                samples = plan.take(x, y, sample_weight)
            self._batch = None if samples < 0 else batch
            if samples < 0:
                plan, samples = self._bound(batch)
                source = self._source()
            assert plan is not None
            try:
                yield plan, 0, samples
            finally:
                plan.unbind()
        self._batch = None

    def _bound(self, batch: Batch) -> tuple[Plan, int]:
        """Return the plan for a batch, bound to it, and the number of its samples."""
        arrays = self._adapt(batch)
        if not len(arrays):
            raise ValueError(f"{self._name}x: expected at least one row in each batch, got none")
        plan = self._plan_for(arrays)
        self.totals.move_to(plan)
        for name, state in self._carried.items():
            plan.set_state(name, state)
        self._carried = {}
        plan.bind(*arrays.arrays)
        return plan, len(arrays)

    def forget_plan(self) -> None:
        """Do nothing: each batch asks whether its plan is still in use."""

    def close(self) -> None:
        """Release the data set."""
        self._dataset.close()
