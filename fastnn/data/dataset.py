"""Data sets that come in batches: generators, iterables such as a `DataLoader`, and `PyDataset`.

Training, evaluation and prediction read them through a `DatasetIterator`: batches, epoch by epoch. Arrays in
memory do not come here; plans gather their samples themselves.
"""

from __future__ import annotations

import copy
import itertools
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from numpy.typing import NDArray

from ..checks import whole_number
from ..warning import warn
from .shuffle import EpochShuffler, epoch_generator

if TYPE_CHECKING:
    from concurrent.futures import Executor

__all__ = [
    "Batch",
    "DatasetIterator",
    "PyDataset",
    "SeededDataset",
    "is_dataset",
    "pack_x_y_sample_weight",
    "unpack_x_y_sample_weight",
]

Batch = tuple[Any, Any, Any]  # x, y and sample_weight, None where there is none

ARRAY_PROTOCOLS = ("__getitem__", "__array__", "__array_interface__", "__dlpack__", "__buffer__")


def is_dataset(x: Any) -> bool:
    """Return whether something yields batches, rather than being an array or like one.

    Parameters
    ----------
    x : object

    Returns
    -------
    bool
        True for a `PyDataset`, and for whatever can be walked through but neither indexed nor seen as an
        array: iterators, a `DataLoader` of torch, a data set of TensorFlow.

    Examples
    --------
    >>> is_dataset(iter([])), is_dataset([1.0, 2.0]), is_dataset({"x": [1.0]})
    (True, False, False)
    """
    if isinstance(x, PyDataset):
        return True
    if isinstance(x, (set, frozenset)) or not hasattr(x, "__iter__"):
        return False
    return not any(hasattr(x, name) for name in ARRAY_PROTOCOLS)


def unpack_x_y_sample_weight(data: Any) -> Batch:
    """Take a batch apart.

    Parameters
    ----------
    data : object
        Inputs, or a tuple or list (x,), (x, y) or (x, y, sample_weight).

    Returns
    -------
    tuple
        (x, y, sample_weight), with None for what is not there.

    Raises
    ------
    ValueError
        If there are more than three or none.

    Examples
    --------
    >>> unpack_x_y_sample_weight(([1.0], [0]))
    ([1.0], [0], None)
    """
    if not isinstance(data, (tuple, list)):
        return data, None, None
    if not 1 <= len(data) <= 3:
        raise ValueError(f"data: expected x, (x,), (x, y) or (x, y, sample_weight), got {len(data)} entries")
    x, y, sample_weight = (*data, None, None)[:3]
    return x, y, sample_weight


def pack_x_y_sample_weight(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Put a batch together: the reverse of `unpack_x_y_sample_weight`.

    Parameters
    ----------
    x : object
        Inputs.
    y, sample_weight : object, optional
        Targets, and weights of the samples.

    Returns
    -------
    object
        (x, y, sample_weight) or (x, y); without labels `x` as it is, in a tuple if it is one or a list.

    Examples
    --------
    >>> pack_x_y_sample_weight([1.0], [0])
    ([1.0], [0])
    >>> pack_x_y_sample_weight([1.0])
    ([1.0],)
    """
    if y is None:
        return (x,) if isinstance(x, (tuple, list)) else x
    return (x, y) if sample_weight is None else (x, y, sample_weight)


class PyDataset:
    """Base of data sets that make batch number `index` when they are asked for it.

    A subclass defines `__getitem__` and `__len__`, and calls ``super().__init__(**kwargs)``. `Sequence` is
    another name for it.

    Parameters
    ----------
    workers : int, default 1
        How many batches are made at the same time: from 2 on, ahead of their use by threads, in the order of
        their numbers.
    use_multiprocessing : bool, default False
        Whether processes make them, rather than threads. The data set then has to be one that `pickle`
        takes, and each epoch gets processes of its own, with the data set as it is when the epoch begins.
    max_queue_size : int, default 10
        How many batches wait at most.

    Notes
    -----
    With ``shuffle=True``, its default, `fit` takes the batches of a data set with a length in a new order in
    each epoch. What changes within batches is for `on_epoch_end`; a data set that changes defines `get_state`
    and `set_state`, so that a training that `callbacks.BackupAndRestore` resumes sees the same batches.

    Examples
    --------
    >>> import numpy as np
    >>> class Squares(PyDataset):
    ...     def __len__(self):
    ...         return 3
    ...     def __getitem__(self, index):
    ...         x = np.arange(4 * index, 4 * index + 4.0)[:, None]
    ...         return x, x**2
    >>> [float(y.sum()) for x, y in Squares(workers=2)]
    [14.0, 126.0, 366.0]
    """

    workers = 1
    use_multiprocessing = False
    max_queue_size = 10

    def __init__(self, workers: int = 1, use_multiprocessing: bool = False, max_queue_size: int = 10) -> None:
        self.workers = whole_number(workers, "workers")
        self.use_multiprocessing = bool(use_multiprocessing)
        self.max_queue_size = whole_number(max_queue_size, "max_queue_size", 1)

    def __getitem__(self, index: int) -> Any:
        """Return a batch: x, (x,), (x, y) or (x, y, sample_weight)."""
        raise NotImplementedError(f"{type(self).__name__} defines no __getitem__(index)")

    @property
    def num_batches(self) -> int | None:
        """Batches of an epoch: the length. A subclass without end has None here instead."""
        if hasattr(self, "__len__"):
            return len(self)
        raise NotImplementedError(f"{type(self).__name__} defines neither __len__ nor num_batches")

    def __iter__(self) -> Iterator[Any]:
        count = self.num_batches
        return batches_of(self, itertools.count() if count is None else range(count))

    def on_epoch_begin(self) -> None:
        """Run before an epoch."""

    def on_epoch_end(self) -> None:
        """Run after an epoch."""

    def get_state(self) -> dict[str, Any]:
        """Return the state between two epochs that `callbacks.BackupAndRestore` saves.

        Returns
        -------
        dict
            Numbers, strings and arrays, in lists and dictionaries.
        """
        return {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Restore the state that `get_state` returned."""

    def _begin_pass(self, shuffler: EpochShuffler, shuffle: bool) -> tuple[PyDataset, Iterable[int]]:
        """Return what makes the batches of the current pass, and their numbers in order."""
        count = self.num_batches
        if count is None:
            return self, itertools.count()
        return self, shuffler.order(count).tolist() if shuffle else range(count)


class SeededDataset(PyDataset):
    """Base of data sets whose order depends on a seed and on the number of the epoch alone.

    `fit` leaves the order to them, whatever its `shuffle`, and numbers the epochs over all trainings of a
    model. Each loop over the data set is an epoch as well.

    Parameters
    ----------
    seed : int or None
        Seed of the order of each epoch, or None for the order in which the data come.
    **arguments
        See `PyDataset`.

    Attributes
    ----------
    epoch : int, default 0
        The number of the epoch that `__getitem__` returns batches of.
    """

    def __init__(self, seed: int | None, **arguments: Any) -> None:
        super().__init__(**arguments)
        self._seed, self.epoch = seed, 0
        self._latest: tuple[int, NDArray[np.int64]] | None = None

    def __iter__(self) -> Iterator[Any]:
        batches = super(SeededDataset, self._at(self.epoch)).__iter__()
        self.epoch += 1
        return batches

    def _at(self, epoch: int) -> Self:
        """Return the same data set in an epoch, to which the end of another one does nothing."""
        other = copy.copy(self)
        other.epoch = epoch
        return other

    def _order(self, count: int) -> NDArray[np.int64]:
        """Return the order of so many in this epoch."""
        latest = self._latest
        if latest is None or latest[0] != self.epoch:
            seed, epoch = self._seed, self.epoch
            order = np.arange(count) if seed is None else epoch_generator(seed, epoch).permutation(count)
            latest = self._latest = epoch, order
        return latest[1]

    def _begin_pass(self, shuffler: EpochShuffler, shuffle: bool) -> tuple[PyDataset, Iterable[int]]:
        """Return the data set in this epoch, and the numbers of its batches."""
        return self._at(shuffler.number), range(len(self))  # type: ignore[arg-type]


_adopted: PyDataset | None = None  # in a process that makes batches, the data set that it makes them of


def _adopt(dataset: PyDataset) -> None:
    global _adopted
    _adopted = dataset


def _adopted_batch(index: int) -> Any:
    assert _adopted is not None
    return _adopted[index]


def batches_of(dataset: PyDataset, indices: Iterable[int]) -> Iterator[Any]:
    """Yield the batches of these numbers, in their order, made ahead if the data set has workers for it."""
    if dataset.use_multiprocessing and dataset.workers > 0:
        from concurrent.futures import ProcessPoolExecutor

        processes = ProcessPoolExecutor(dataset.workers, initializer=_adopt, initargs=(dataset,))
        return _ahead(processes, _adopted_batch, indices, dataset.max_queue_size)
    if dataset.workers > 1:
        from concurrent.futures import ThreadPoolExecutor

        threads = ThreadPoolExecutor(dataset.workers, thread_name_prefix="fastnn-data")
        return _ahead(threads, dataset.__getitem__, indices, dataset.max_queue_size)
    return (dataset[index] for index in indices)


def _ahead(pool: Executor, make: Callable[[int], Any], indices: Iterable[int], most: int) -> Iterator[Any]:
    """Yield what `make` returns for each index; up to `most` are in the making or wait."""
    waiting: Any = deque()
    indices = iter(indices)
    try:
        while True:
            waiting.extend(pool.submit(make, i) for i in itertools.islice(indices, most - len(waiting)))
            if not waiting:
                return
            yield waiting.popleft().result()
    finally:
        pool.shutdown(cancel_futures=True)


_END = object()


class DatasetIterator:
    """The batches of a data set, epoch by epoch.

    Parameters
    ----------
    dataset : PyDataset, iterator or iterable
        An iterable starts anew with each epoch; an iterator continues.
    steps : int, optional
        Batches of an epoch; by default all that there are.
    shuffler : EpochShuffler, optional
        The position in the data: a training starts from there, and an epoch of so many `steps` where the last
        one stopped. Without it every epoch is the first pass through the data.
    shuffle : bool, default False
        Whether the batches of a `PyDataset` with a length come in the orders of the shuffler.
    name : str, default "x"
        What errors call the data set.

    Attributes
    ----------
    steps : int or None
        Batches of an epoch, None where they are not known beforehand.

    Examples
    --------
    >>> source = DatasetIterator(iter([1, 2, 3, 4]), steps=2)
    >>> [x for x, y, sample_weight in source.epoch()], [x for x, y, sample_weight in source.epoch()]
    ([1, 2], [3, 4])
    >>> source.epoch() is None
    True
    """

    def __init__(
        self,
        dataset: Any,
        steps: int | None = None,
        shuffler: EpochShuffler | None = None,
        shuffle: bool = False,
        name: str = "x",
    ) -> None:
        self._dataset, self._name = dataset, name
        self._limit = steps
        self.steps = self._own_count(length_of(dataset)) if steps is None else steps
        self._continues = not (shuffler is None or steps is None or isinstance(dataset, PyDataset))
        self._trains, self._shuffle = shuffler is not None, shuffle
        self._position = EpochShuffler() if shuffler is None else shuffler
        self._count: int | None = None  # batches of a pass, if that is known
        self._batches_left: Iterator[Any] = iter(())
        self._has_begun = False
        self._state_before: dict[str, Any] | None = None  # of the data set, while an epoch runs

    def epoch(self, step: int = 0) -> Iterator[Batch] | None:
        """Return the batches of the next epoch, or of this one from `step` on; None if there are no more.

        Warns
        -----
        UserWarning
            While they are taken, if there are fewer than `steps`.
        """
        if isinstance(self._dataset, PyDataset):
            self._state_before = copy.deepcopy(self._dataset.get_state())
            self._dataset.on_epoch_begin()
        if step and (step == self._limit or not self._position.done):  # the last batch has been taken
            return self._batches(iter(()), step)
        if not (self._has_begun and self._continues):
            self._begin(step)
        first = next(self._batches_left, _END)
        if first is _END and self._continues and not step:
            if self._position.done:
                self._position.end_pass()
            self._begin(step)
            first = next(self._batches_left, _END)
        if first is _END:
            return self._batches(iter(()), step) if step else None
        return self._batches(itertools.chain([first], self._batches_left), step)

    def _begin(self, step: int) -> None:
        """Start at the position, at this step of an epoch; an iterator that has started stays where it is."""
        dataset, is_started = self._dataset, self._has_begun
        self.close()
        self._has_begun = True
        if not self._trains:
            self._position = EpochShuffler()
        done = self._position.done
        if isinstance(dataset, PyDataset):
            made, order = dataset._begin_pass(self._position, self._shuffle)
            self._count = self._own_count(made.num_batches)
            end = None if self._limit is None else done + self._limit - step
            batches = batches_of(made, itertools.islice(self._own(order), done, end))
        else:
            batches = iter(dataset)
            done = 0 if is_started and batches is dataset else done
            batches = itertools.islice(self._own(batches), done, None)
        self._batches_left = self._watched(batches, done)

    def _own_count(self, count: int | None) -> int | None:
        """Return how many batches of so many are taken."""
        return count

    def _own(self, batches: Iterable[Any]) -> Iterable[Any]:
        """Return those of the batches, or of their numbers, that are taken."""
        return batches

    def _watched(self, batches: Iterator[Any], done: int) -> Iterator[Any]:
        """Return batches, of which so many have been done, as they are taken."""
        return batches

    def _batches(self, batches: Iterator[Any], done: int) -> Iterator[Batch]:
        try:
            for batch in batches:
                self._position.advance(self._count)
                done += 1
                yield self._unpacked(batch)
                if done == self._limit:
                    break
            if done == self._limit:
                return
            if self._position.done:
                self._position.end_pass()
            if self._limit is not None:
                warn(f"{self._name}: the data ran out after {done} of {self._limit} batches of an epoch")
        finally:
            self._state_before = None
            if isinstance(self._dataset, PyDataset):
                self._dataset.on_epoch_end()

    def get_state(self) -> dict[str, Any]:
        """Return the state of a `PyDataset` between two epochs, the one before a running epoch."""
        if self._state_before is not None:
            return self._state_before
        return self._dataset.get_state() if isinstance(self._dataset, PyDataset) else {}

    def set_state(self, state: dict[str, Any]) -> None:
        """Restore what `get_state` returned, unless an epoch has begun with it already."""
        if state and self._state_before is None:
            self._dataset.set_state(state)

    def _unpacked(self, batch: Any) -> Batch:
        try:
            if batch is None:
                raise ValueError("expected x, (x,), (x, y) or (x, y, sample_weight), got None")
            return unpack_x_y_sample_weight(batch)
        except ValueError as error:
            raise ValueError(f"{self._name}: a batch is not as expected: {error}") from None

    def close(self) -> None:
        """Stop: the workers of a `PyDataset` are dismissed."""
        if isinstance(self._dataset, PyDataset) and hasattr(self._batches_left, "close"):
            self._batches_left.close()
        self._batches_left, self._has_begun = iter(()), False


def length_of(dataset: Any) -> int | None:
    """Return the number of batches of a data set, or None if it is unknown."""
    if isinstance(dataset, PyDataset):
        return dataset.num_batches
    try:
        return len(dataset)
    except TypeError:
        return None
