"""`Ranks`: a training on several processes."""

from __future__ import annotations

import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..callbacks import Callback
from ..data.batches import Totals
from ..saving.files import is_path
from ..training.alone import Alone
from ..training.prediction import concatenated
from ..training.python_steps import arrays_in, part_of
from ..utils.random import get_stream, set_stream
from .averages import MovingAverages
from .batches import RankBatches, RankPlan, RankTotals
from .dataset import RankIterator
from .ordered_sum import OrderedSum
from .state import set_state, state_of
from .synchronizer import BatchSynchronizer, Synchronizer

if TYPE_CHECKING:
    from ..callbacks import CallbackList
    from ..data.batches import Batches
    from ..kernels.core.plan import Plan
    from ..models import Model


class Ranks(Alone):
    """The ranks of a communicator, which all do the same with their own parts of the data.

    Parameters
    ----------
    communicator : mpi4py.MPI.Comm
        That nobody else uses.

    Attributes
    ----------
    portion : float
        Of the rows of the batch of all ranks in the run of this one. The gradients, of means over rows, count
        by it.
    idle : bool
        Whether this rank has no rows of the batch. It runs some, as the others do, that count for nothing.
    """

    def __init__(self, communicator: Any) -> None:
        self._comm = communicator
        self.rank, self.size = communicator.Get_rank(), communicator.Get_size()
        self.portion, self.idle = 1.0, False
        self.add = OrderedSum(communicator)
        self.follows = False  # whether weights and state are those of the first rank
        self._heard: set[str] = set()

    # ---- what plans call -----------------------------------------------------------------------------

    def sum(self, values: NDArray[np.float64]) -> None:
        """Replace numbers of this run by their sums over the ranks."""
        if self.idle:
            values.fill(0)
        self.add(values)

    def sum_gradients(self, gradients: NDArray[Any]) -> None:
        """Replace gradients of a mean over the rows of this run by those of the mean over all rows."""
        if self.idle:
            gradients.fill(0)
        else:
            gradients *= gradients.dtype.type(self.portion)
        self.add(gradients)

    def gather_rows(self, arrays: list[NDArray[Any] | None]) -> tuple[list[NDArray[Any] | None], int]:
        """Return arrays with the rows of this run, if any, as those of all ranks, and where its own begin."""
        found = self._comm.allgather(None if self.idle else arrays)
        start = sum(len(part[1]) for part in found[: self.rank] if part is not None)
        parts = [part for part in found if part is not None]
        whole = [None if of_one[0] is None else np.concatenate(of_one) for of_one in zip(*parts, strict=True)]
        return whole, 0 if self.idle else start

    # ---- messages ------------------------------------------------------------------------------------

    def gather(self, numbers: ArrayLike) -> NDArray[np.float64]:
        """Return numbers of all ranks, (ranks, numbers)."""
        own = np.array(numbers, np.float64)
        found = np.empty((self.size, len(own)))
        self._comm.Allgather(own, found)
        return found

    def of_first(self, value: Any) -> Any:
        """Return what the first rank has given."""
        return self._comm.bcast(value, 0)

    def agree(self, what: str) -> None:
        """Check that all ranks are about to do the same.

        Raises
        ------
        RuntimeError
            On all ranks, if one is not.
        """
        found = self._comm.allgather(what)
        for rank, other in enumerate(found):
            if other != what:
                error = RuntimeError(
                    f"rank {self.rank} is at {what}, but rank {rank} at {other}; all have to do the same"
                )
                self.abort(error)
                raise error

    def abort(self, error: BaseException) -> None:
        """End all ranks, and say why."""
        text = "".join(traceback.format_exception(error))
        print(f"{text}rank {self.rank} of {self.size} ends all ranks", file=sys.stderr, flush=True)
        self._comm.Abort(1)

    # ---- a training ----------------------------------------------------------------------------------

    def begin(self) -> None:
        """Let all ranks draw the same seeds from now on."""
        set_stream(self.of_first(get_stream()))

    @contextmanager
    def running(self, model: Model, what: str) -> Iterator[None]:
        """Do something together: an error on one rank ends all, since the others wait for it."""
        from ..optimizers import Optimizer

        self.agree(f"{what} of {model.name!r}")
        self._moving = MovingAverages(self, model)
        attributes = [value for value in vars(model).values() if isinstance(value, Optimizer)]
        for optimizer in attributes:
            optimizer._update.ranks = self
        try:
            yield
        except BaseException as error:
            self.abort(error)
            raise
        finally:
            for optimizer in attributes:
                optimizer._update.ranks = None

    def callbacks_of(self, callbacks: Any, verbose: int) -> tuple[Any, int]:
        """Return the callbacks, on all ranks but the first without those that write or show something."""
        found = [callbacks] if isinstance(callbacks, Callback) else list(callbacks or ())
        if not self.rank:
            return found, verbose
        return [one for one in found if not getattr(one, "_only_first_rank", False)], 0

    def attend(self, callbacks: CallbackList, trains: bool = False) -> None:
        """Find out to which hooks callbacks listen on any rank; in training, let the ranks stay together."""
        self._heard = set().union(*self._comm.allgather(callbacks._defined))
        if trains:
            self.follows = False
            by_batch = {"on_train_batch_begin", "on_train_batch_end"} & self._heard
            callbacks.append((BatchSynchronizer if by_batch else Synchronizer)(self))

    def follow(self, model: Model) -> None:
        """Take over weights, state and position of the first rank."""
        if model.built:
            state = self.of_first(None if self.rank else state_of(model))
            if self.rank:
                set_state(model, state)
            self.follows = True

    def listens(self, callbacks: CallbackList, hook: str) -> bool:
        """Return whether any callback on any rank defines a hook."""
        return self.hears(hook)

    def hears(self, hook: str) -> bool:
        """Return whether any callback on any rank has defined a hook when they attended last."""
        return hook in self._heard

    def dataset(self, dataset: Any, steps: int | None, **options: Any) -> RankIterator:
        """Return every so many batches of a data set."""
        return RankIterator(self, dataset, steps, **options)

    def shared(self, model: Model, batches: Batches, trains: bool = False) -> Batches:
        """Return what this rank does of batches, which have to be as many on all."""
        layout = ", ".join(f"{count} {name}" for name, count in batches.layout.items())
        self.agree(f"{'training' if trains else 'evaluation'} of {model.name!r} with {layout}")
        made: Any = RankBatches(self, model, batches, trains)
        return made  # type: ignore[no-any-return]

    def part(self, model: Model, plan: Plan, samples: int, trains: bool) -> tuple[Any, int, int]:
        """Return what this rank does of a batch that is bound to a plan."""
        if trains and not self.follows:
            self.follow(model)
        start, rows = self.take(samples)
        return RankPlan(self, plan, RankTotals(self, Totals(plan)), trains, False), start, rows

    def take(self, samples: int) -> tuple[int, int]:
        """Return the first row of this rank's part of a batch, and the number of its rows."""
        start, end = (samples * (self.rank + i) // self.size for i in (0, 1))
        self.idle = start == end
        self.portion = 1.0 if self.idle else (end - start) / samples
        return (0, 1) if self.idle else (start, end - start)

    def take_own(self, samples: int, is_spare: bool) -> None:
        """Note how much of the batch of all ranks are the samples that this one has got, 0 at the end.

        Raises
        ------
        ValueError
            On all ranks, if only some of them have come to the end.
        """
        self.idle = is_spare
        rows = self.gather([0 if is_spare else samples, samples])
        if samples and not is_spare:
            self.portion = samples / rows[:, 0].sum()
        else:
            self.portion = 1.0
        if (rows[:, 1] == 0).any() and rows[:, 1].any():
            ended = np.flatnonzero(rows[:, 1] == 0).tolist()
            raise ValueError(
                f"x: expected the same batches on all ranks; the data of ranks {ended} have ended"
            )

    def average(self) -> None:
        """Let weights that runs change otherwise, such as moving averages, be their means over the ranks."""
        self._moving()

    def writes(self, path: Any) -> bool:
        """Return whether this rank writes a file: of a path the first one alone."""
        return not self.rank or not is_path(path)

    def predicted(self, predict: Callable[[Any], Any], x: Any) -> Any:
        """Return what `predict` makes of a batch, of which each rank takes a part."""
        rows = len(arrays_in(x)[0])
        if rows < self.size:
            return predict(x)
        start, end = (rows * (self.rank + i) // self.size for i in (0, 1))
        return concatenated(self._comm.allgather(predict(part_of(x, start, end))))
