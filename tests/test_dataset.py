"""Data sets in batches: what is one, how workers make it, and what an epoch of it is."""

import subprocess
import sys
import threading
from itertools import count

import numpy as np
import pytest

from fastnn.data.dataset import DatasetIterator, is_dataset
from fastnn.data.shuffle import EpochShuffler
from fastnn.utils import (
    PyDataset,
    Sequence,
    pack_x_y_sample_weight,
    timeseries_dataset_from_array,
    unpack_x_y_sample_weight,
)


class Numbers(PyDataset):
    """Batch i is (i, -i); remembers what it has been told."""

    def __init__(self, batches=5, **arguments):
        super().__init__(**arguments)
        self.batches, self.told, self.threads = batches, [], set()

    def __len__(self):
        return self.batches

    def __getitem__(self, index):
        self.threads.add(threading.current_thread().name)
        return np.full((2, 1), index), np.full((2, 1), -index)

    def on_epoch_begin(self):
        self.told.append("begin")

    def on_epoch_end(self):
        self.told.append("end")


class Endless(PyDataset):
    num_batches = None

    def __getitem__(self, index):
        return np.full((2, 1), index)


class Walk:
    """Can be walked through again, and does not tell its length."""

    def __init__(self, batches):
        self.batches = batches

    def __iter__(self):
        return iter(range(self.batches))


def taken(epoch):
    return [int(np.max(x)) for x, _, _ in epoch]


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (Numbers(), True),
        (iter([1]), True),
        ((i for i in range(3)), True),
        (Walk(3), True),
        (timeseries_dataset_from_array(np.arange(9), None, 3), True),
        (np.zeros(3), False),
        ([1.0], False),
        ((1.0,), False),
        ({"a": 1.0}, False),
        ({1.0}, False),
        (range(3), False),
        ("text", False),
        (None, False),
        (3, False),
    ],
)
def test_what_a_dataset_is(x, expected):
    assert is_dataset(x) is expected


def test_batches_are_taken_apart_and_put_together():
    for data, parts in [(1, (1, None, None)), ((1,), (1, None, None)), ([1, 2], (1, 2, None))]:
        assert unpack_x_y_sample_weight(data) == parts
    assert unpack_x_y_sample_weight((1, 2, 3)) == (1, 2, 3)
    assert unpack_x_y_sample_weight({"a": 1}) == ({"a": 1}, None, None)
    assert pack_x_y_sample_weight(1, 2, 3) == (1, 2, 3)
    assert pack_x_y_sample_weight(1) == 1
    for bad in ((), (1, 2, 3, 4)):
        with pytest.raises(ValueError, match=f"data: expected .* got {len(bad)} entries"):
            unpack_x_y_sample_weight(bad)


def test_sequence_is_the_older_name():
    assert Sequence is PyDataset


# ---- workers --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "arguments", [{}, {"workers": 0}, {"workers": 4}, {"workers": 2, "max_queue_size": 1}]
)
def test_workers_keep_the_order(arguments):
    dataset = Numbers(20, **arguments)
    assert [int(x[0, 0]) for x, _ in dataset] == list(range(20))
    assert (threading.current_thread().name in dataset.threads) == (arguments.get("workers", 1) < 2)


def test_workers_are_ahead_of_their_use_but_not_far():
    made, ready = [], threading.Semaphore(0)

    class Slow(PyDataset):
        def __len__(self):
            return 100

        def __getitem__(self, index):
            made.append(index)
            ready.release()
            return index

    batches = iter(Slow(workers=2, max_queue_size=4))
    assert [next(batches) for _ in range(3)] == [0, 1, 2]
    assert all(ready.acquire(timeout=60) for _ in range(6))
    assert sorted(made) == list(range(len(made)))
    assert 6 <= len(made) <= 7
    batches.close()
    assert not [t for t in threading.enumerate() if t.name.startswith("fastnn-data")]


PROCESSES = """
import numpy as np
from fastnn.utils import PyDataset

class Numbers(PyDataset):
    def __len__(self):
        return 6

    def __getitem__(self, index):
        return np.full((2, 1), index), np.full((2, 1), -index)

if __name__ == "__main__":
    print([int(x[0, 0]) for x, _ in Numbers(workers=2, use_multiprocessing=True)])
"""


def test_processes_make_batches(tmp_path):
    program = tmp_path / "program.py"  # which processes that are not forked can import
    program.write_text(PROCESSES, encoding="utf-8")
    done = subprocess.run([sys.executable, program], cwd=tmp_path, capture_output=True, text=True, timeout=60)
    assert done.stdout == "[0, 1, 2, 3, 4, 5]\n", done.stderr


@pytest.mark.parametrize("workers", [1, 3])
def test_an_error_while_a_batch_is_made_arrives(workers):
    class Broken(Numbers):
        def __getitem__(self, index):
            if index == 3:
                raise KeyError("third")
            return super().__getitem__(index)

    batches = iter(Broken(workers=workers))
    assert [int(next(batches)[0][0, 0]) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(KeyError, match="third"):
        next(batches)


def test_what_a_dataset_has_to_define():
    class Lengthless(PyDataset):
        pass

    with pytest.raises(NotImplementedError, match="Lengthless defines neither __len__ nor num_batches"):
        iter(Lengthless())
    with pytest.raises(NotImplementedError, match="Lengthless defines no __getitem__"):
        Lengthless()[0]
    with pytest.raises(ValueError, match="workers: expected an integer of at least 0, got -1"):
        PyDataset(workers=-1)
    with pytest.raises(ValueError, match="max_queue_size: "):
        PyDataset(max_queue_size=0)


def test_a_dataset_that_does_not_call_its_base_has_the_defaults():
    class Bare(PyDataset):
        def __init__(self):
            pass

        def __len__(self):
            return 2

        def __getitem__(self, index):
            return index

    assert list(Bare()) == [0, 1]


# ---- epochs ---------------------------------------------------------------------------------------------


@pytest.mark.parametrize("dataset", [Numbers(3), Numbers(3, workers=2), Walk(3)])
def test_each_epoch_is_a_walk(dataset):
    source = DatasetIterator(dataset)
    assert source.steps == (3 if isinstance(dataset, PyDataset) else None)
    assert [taken(source.epoch()) for _ in range(2)] == [[0, 1, 2]] * 2
    source.close()


def test_a_dataset_is_told_of_epochs():
    dataset = Numbers(2)
    source = DatasetIterator(dataset)
    for _ in range(2):
        taken(source.epoch())
    assert dataset.told == ["begin", "end"] * 2
    next(source.epoch())  # and goes no further
    assert dataset.told == ["begin", "end"] * 3


def test_an_iterator_goes_on_until_it_ends():
    source = DatasetIterator(iter(range(5)), steps=2, shuffler=EpochShuffler())
    assert source.steps == 2
    assert taken(source.epoch()) == [0, 1]
    assert taken(source.epoch()) == [2, 3]
    with pytest.warns(UserWarning, match="x: the data ran out after 1 of 2 batches"):
        assert taken(source.epoch()) == [4]
    assert source.epoch() is None


def test_an_iterator_is_not_asked_for_more_than_it_has_to_give():
    given = []
    endless = (given.append(i) or i for i in count())
    source = DatasetIterator(endless, steps=3)
    taken(source.epoch())
    source.close()
    assert given == [0, 1, 2]


@pytest.mark.parametrize("dataset", [Numbers(5), Numbers(5, workers=2), Walk(5)])
def test_training_goes_on_where_an_epoch_has_stopped(dataset):
    source = DatasetIterator(dataset, steps=2, shuffler=EpochShuffler())
    assert [taken(source.epoch()) for _ in range(2)] == [[0, 1], [2, 3]]
    with pytest.warns(UserWarning, match="x: the data ran out after 1 of 2 batches"):
        assert taken(source.epoch()) == [4]
    assert taken(source.epoch()) == [0, 1]
    source.close()


def test_an_epoch_that_ends_with_the_data_begins_anew():
    source = DatasetIterator(Walk(4), steps=2, shuffler=EpochShuffler())
    assert [taken(source.epoch()) for _ in range(3)] == [[0, 1], [2, 3], [0, 1]]


def test_validation_begins_anew():
    source = DatasetIterator(Walk(4), steps=3)
    assert [taken(source.epoch()) for _ in range(2)] == [[0, 1, 2]] * 2


@pytest.mark.parametrize("workers", [1, 2])
def test_an_endless_dataset(workers):
    source = DatasetIterator(Endless(workers=workers), steps=4, shuffler=EpochShuffler())
    assert taken(source.epoch()) == [0, 1, 2, 3]
    assert taken(source.epoch()) == [4, 5, 6, 7]
    source.close()
    assert DatasetIterator(Endless()).steps is None


def test_batches_come_in_a_new_order():
    source = DatasetIterator(Numbers(50), shuffler=EpochShuffler(), shuffle=True)
    first, second = taken(source.epoch()), taken(source.epoch())
    assert sorted(first) == sorted(second) == list(range(50))
    assert first != second != list(range(50)) != first


def test_nothing_to_take():
    assert DatasetIterator(iter([])).epoch() is None
    assert DatasetIterator(Walk(0)).epoch() is None
    assert DatasetIterator(Numbers(0)).epoch() is None


def test_a_batch_of_too_many_parts_is_named():
    epoch = DatasetIterator(iter([(1, 2, 3, 4)]), name="validation_data").epoch()
    with pytest.raises(ValueError, match="validation_data: a batch is not as expected: .* 4 entries"):
        next(epoch)
