"""pad_sequences and timeseries_dataset_from_array do what Keras documents."""

import numpy as np
import pytest

from fastnn.utils import pad_sequences, timeseries_dataset_from_array

SEQUENCES = [[1], [2, 3], [4, 5, 6]]


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        ({}, [[0, 0, 1], [0, 2, 3], [4, 5, 6]]),
        ({"value": -1}, [[-1, -1, 1], [-1, 2, 3], [4, 5, 6]]),
        ({"padding": "post"}, [[1, 0, 0], [2, 3, 0], [4, 5, 6]]),
        ({"maxlen": 2}, [[0, 1], [2, 3], [5, 6]]),
        ({"maxlen": 2, "truncating": "post"}, [[0, 1], [2, 3], [4, 5]]),
        ({"maxlen": 4, "padding": "post"}, [[1, 0, 0, 0], [2, 3, 0, 0], [4, 5, 6, 0]]),
    ],
)
def test_padding(arguments, expected):
    padded = pad_sequences(SEQUENCES, **arguments)
    assert padded.dtype == "int32"
    np.testing.assert_array_equal(padded, expected)


def test_steps_of_several_features_strings_and_empty_sequences():
    assert pad_sequences([np.ones((2, 3)), np.ones((1, 3))], dtype="float32").shape == (2, 2, 3)
    assert pad_sequences([["a"], ["b", "c"]], dtype=object, value="-").tolist() == [["-", "a"], ["b", "c"]]
    np.testing.assert_array_equal(pad_sequences([[], [1]]), [[0], [1]])


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"sequences": [1, 2]}, "sequences: expected a list of sequences, got 1 in place 0"),
        ({"sequences": 3}, "sequences: expected a list of sequences, got 3"),
        ({"sequences": SEQUENCES, "padding": "left"}, "padding: expected 'pre' or 'post', got 'left'"),
        ({"sequences": SEQUENCES, "truncating": ""}, "truncating: expected"),
        ({"sequences": SEQUENCES, "value": "x"}, "value: expected a number"),
        ({"sequences": SEQUENCES, "maxlen": 0}, "maxlen: "),
        (
            {"sequences": [[[1, 2]], [[1]]]},
            r"sequences: expected steps of shape \(2,\), got \(1,\) in place 1",
        ),
    ],
)
def test_bad_sequences_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        pad_sequences(**arguments)


def test_windows_and_their_targets():
    data = np.arange(100)
    batches = list(
        timeseries_dataset_from_array(
            data, None, sequence_length=10, sampling_rate=2, sequence_stride=3, batch_size=50
        )
    )
    np.testing.assert_array_equal(batches[0][:2, :3], [[0, 2, 4], [3, 5, 7]])
    assert batches[0].shape == (28, 10)
    pairs = timeseries_dataset_from_array(data[:-10], data[10:], sequence_length=10, batch_size=32)
    assert len(pairs) == 3
    for x, y in pairs:
        np.testing.assert_array_equal(y, x[:, 0] + 10)
    assert sum(len(x) for x, _ in pairs) == 81


def test_a_part_of_the_series_in_any_order():
    data = np.arange(30).reshape(30, 1)
    part = timeseries_dataset_from_array(data, data, 3, start_index=5, end_index=20, batch_size=None)
    x, y = zip(*part, strict=True)
    assert (x[0][0, 0], y[0][0], x[-1][-1, 0], len(part)) == (5, 5, 19, 13)
    shuffled = timeseries_dataset_from_array(data, data, 3, batch_size=4, shuffle=True, seed=1)
    one, two = (np.concatenate([y for _, y in shuffled]).ravel() for _ in range(2))
    assert (one != two).any()
    assert sorted(one) == sorted(two) == list(range(28))


@pytest.mark.parametrize(
    "arguments",
    [
        {"sequence_length": 0}, {"sequence_stride": 0}, {"sampling_rate": 0}, {"batch_size": 0},
        {"start_index": -1}, {"start_index": 10}, {"end_index": 10}, {"start_index": 5, "end_index": 5},
    ],
)  # fmt: skip
def test_bad_windows_are_named(arguments):
    with pytest.raises(ValueError, match=next(reversed(arguments))):
        timeseries_dataset_from_array(np.arange(10), None, **{"sequence_length": 2} | arguments)
