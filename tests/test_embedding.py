"""Embedding: rows of a table by their numbers, gradients of those rows alone, and what is refused."""

import numpy as np
import pytest
from harness import check_layer

import fastnn
from fastnn.layers import Dense, Embedding, Flatten, Input


@pytest.mark.parametrize(
    ("arguments", "row"),
    [
        ({"input_dim": 20, "output_dim": 3}, (4,)),
        ({"input_dim": 16, "output_dim": 33, "embeddings_regularizer": "l2"}, (1,)),
        ({"input_dim": 20, "output_dim": 17, "mask_zero": True}, (5,)),
    ],
)
def test_the_harness(arguments, row):
    width = arguments["output_dim"]
    check_layer(Embedding, arguments, (3, *row), (3, *row, width), arguments["input_dim"] * width,
                oracle=lambda x, table: table[x.astype(int)], below=5)  # fmt: skip


def model(**arguments):
    made = fastnn.Sequential([Input((3,)), Embedding(6, 2, **arguments), Flatten(), Dense(1)])
    made.compile(fastnn.optimizers.SGD(0.1), "mse")
    return made


def test_only_the_rows_of_the_last_batch_have_a_gradient():
    made = model()
    y = np.ones((2, 1))
    for numbers in ([[0, 1, 1], [1, 0, 0]], [[2, 3, 2], [3, 3, 3]], [[5, 5, 5], [5, 5, 5]]):
        before = made.get_weights()[0]
        made.train_on_batch(np.array(numbers), y)
        moved = (made.get_weights()[0] != before).any(1)
        assert set(np.flatnonzero(moved)) == set(np.ravel(numbers))


def test_the_gradient_is_that_of_one_hot_vectors():
    made, x = model(), np.array([[0, 1, 1], [4, 4, 1]])
    twin = fastnn.Sequential([Input((3, 6)), Dense(2, use_bias=False), Flatten(), Dense(1)])
    twin.compile(fastnn.optimizers.Adam(0.1), "mse")
    made.compile(fastnn.optimizers.Adam(0.1), "mse")
    twin.set_weights(made.get_weights())
    for _ in range(5):
        made.train_on_batch(x, np.ones((2, 1)))
        twin.train_on_batch(np.eye(6)[x], np.ones((2, 1)))
    for a, b in zip(made.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("value", [6, -1, 0.5, np.nan, np.inf, 2.0**31, 1e30])
def test_what_is_no_row_is_refused_and_nothing_changes(value):
    made, y = model(), np.ones((8, 1), "float32")
    x = np.zeros((8, 3), "float32")
    made.train_on_batch(x, y)
    before = made.get_weights()
    x[5, 1] = value
    message = r"x: expected whole numbers from 0 to 5, got .* in row 5"
    for use in (
        made.predict,
        lambda x: made.train_on_batch(x, y),
        lambda x: made.fit(x, y, batch_size=2, verbose=0),
        lambda x: made.evaluate(x, y, verbose=0),
    ):
        with pytest.raises(ValueError, match=message):
            use(x)
    assert all((a == b).all() for a, b in zip(before, made.get_weights(), strict=True))
    assert made.optimizer.iterations == 1
    assert made.predict(x[:5]).shape == (5, 1)


def test_more_rows_than_float32_counts_are_refused():
    with pytest.raises(ValueError, match="input_dim: expected at most 16777216 in float32"):
        fastnn.Sequential([Input((1,)), Embedding(2**24 + 1, 1)])


def test_a_table_to_start_from():
    table = np.arange(6.0).reshape(3, 2)
    for given in (table, [table], table.tolist()):
        np.testing.assert_array_equal(Embedding(3, 2, weights=given)(np.array([[2]])), [[[4, 5]]])
    with pytest.raises(ValueError, match=r"weights: expected shape \(3, 2\)"):
        Embedding(3, 2, weights=table.T)


def test_nothing_may_learn_before_it():
    made = fastnn.Sequential([Input((3,)), Dense(3), Embedding(6, 2)])
    made.compile("sgd", "mse")
    with pytest.raises(ValueError, match="may learn"):
        made.train_on_batch(np.ones((1, 3)), np.ones((1, 3, 2)))
