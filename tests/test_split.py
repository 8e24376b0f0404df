"""`split_dataset`: which elements are in which part."""

import numpy as np
import pytest

from fastnn.utils import PyDataset, split_dataset

X, Y = np.arange(20.0).reshape(10, 2), np.arange(10)


@pytest.mark.parametrize(
    ("sizes", "left", "right"),
    [
        ({"left_size": 0.8}, 8, 2),
        ({"right_size": 0.2}, 8, 2),
        ({"left_size": 3}, 3, 7),
        ({"right_size": np.int64(3)}, 7, 3),
        ({"left_size": 2, "right_size": 3}, 2, 3),
        ({"left_size": 0.5, "right_size": 0.5}, 5, 5),
        ({"left_size": 0.26}, 3, 7),
    ],
)
def test_sizes(sizes, left, right):
    one, other = split_dataset(Y, **sizes)
    assert one.tolist() == list(range(left))
    assert other.tolist() == list(range(10 - right, 10))


def test_structures():
    (x, y), (x_other, y_other) = split_dataset((X, Y.tolist()), 0.7)
    assert (len(x), len(y), len(x_other), len(y_other)) == (7, 7, 3, 3)
    one, other = split_dataset({"a": X, "b": (Y, Y)}, 0.7)
    np.testing.assert_array_equal(other["a"][:, 0] / 2, other["b"][1])
    assert set(one) == {"a", "b"}
    assert split_dataset([1, 2, 3, 4], 0.5)[1].tolist() == [3, 4]


def test_shuffling_keeps_rows_together():
    (x, y), (x_other, y_other) = split_dataset((X, Y), 0.6, shuffle=True, seed=1)
    np.testing.assert_array_equal(x[:, 0] / 2, y)
    np.testing.assert_array_equal(x_other[:, 0] / 2, y_other)
    assert sorted([*y, *y_other]) == list(range(10))
    assert y.tolist() != list(range(6))
    np.testing.assert_array_equal(split_dataset(Y, 0.6, shuffle=True, seed=1)[0], y)


def test_datasets_split_by_batches():
    class Batches(PyDataset):
        def __len__(self):
            return 4

        def __getitem__(self, index):
            return X + index, Y

    one, other = split_dataset(Batches(), left_size=3)
    assert (len(one), len(other)) == (3, 1)
    assert other[0][0][0, 0] == 3
    assert split_dataset(iter("abcd"), right_size=0.5) == (["a", "b"], ["c", "d"])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"dataset": Y}, "left_size, right_size: expected at least one"),
        ({"dataset": Y, "left_size": 1.5}, "left_size: expected a share from 0 to 1"),
        ({"dataset": Y, "left_size": 0}, "left_size: expected an integer of at least 1"),
        ({"dataset": Y, "left_size": 10}, "none of them empty"),
        ({"dataset": Y, "left_size": 6, "right_size": 5}, "parts that share 10 elements"),
        ({"dataset": Y, "left_size": 0.01}, "none of them empty"),
        ({"dataset": Y, "left_size": "half"}, "left_size: "),
        ({"dataset": (X, Y[:3]), "left_size": 2}, r"dataset: expected arrays of one length, got .*\[3, 10\]"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        split_dataset(**arguments)
