"""`Alone`: what takes part in a training on one process; `fastnn.distributed.ranks` has that on several."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import TYPE_CHECKING, Any

from ..data.dataset import DatasetIterator

if TYPE_CHECKING:
    from ..callbacks import CallbackList
    from ..data.batches import Batches
    from ..kernels.core.plan import Plan
    from ..models import Model


class Alone:
    """The only rank of a training.

    Attributes
    ----------
    rank, size : int
        The number of this rank, from 0, and that of all ranks.
    """

    rank, size = 0, 1

    def begin(self) -> None:
        """Let all ranks draw the same seeds from now on."""

    def running(self, model: Model, what: str) -> AbstractContextManager[object]:
        """Return a context for what all ranks do together."""
        return nullcontext()

    def callbacks_of(self, callbacks: Any, verbose: int) -> tuple[Any, int]:
        """Return those of the callbacks that act on this rank, and how much it shows."""
        return callbacks, verbose

    def attend(self, callbacks: CallbackList, trains: bool = False) -> None:
        """Find out to which hooks callbacks listen on any rank; in training, let the ranks stay together."""

    def listens(self, callbacks: CallbackList, hook: str) -> bool:
        """Return whether any callback on any rank defines a hook."""
        return callbacks.listens(hook)

    def dataset(self, dataset: Any, steps: int | None, **options: Any) -> DatasetIterator:
        """Return those batches of a data set that are for this rank; see `DatasetIterator`."""
        return DatasetIterator(dataset, steps, **options)

    def shared(self, model: Model, batches: Batches, trains: bool = False) -> Batches:
        """Return what this rank does of batches."""
        return batches

    def part(self, model: Model, plan: Plan, samples: int, trains: bool) -> tuple[Plan, int, int]:
        """Return the plan that runs this rank's part of a batch, and where and how long the part is."""
        return plan, 0, samples

    def writes(self, path: Any) -> bool:
        """Return whether this rank writes a file: of a path the first one alone."""
        return True

    def predicted(self, predict: Callable[[Any], Any], x: Any) -> Any:
        """Return what `predict` makes of a batch."""
        return predict(x)


ALONE = Alone()
