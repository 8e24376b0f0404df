"""CategoryEncoding: vectors for numbers and for sets of them, and what is no category."""

import numpy as np
import pytest
from harness import check_layer

import fastnn
from fastnn.layers import CategoryEncoding, Dense, Input


def counted(x, depth):
    return (x.astype(int)[..., None] == np.arange(depth)).sum(-2).astype(float)


@pytest.mark.parametrize(
    ("arguments", "row", "output", "oracle"),
    [
        ({"num_tokens": 15}, (4,), (15,), lambda x: np.minimum(counted(x, 15), 1)),
        (
            {"num_tokens": 20, "output_mode": "count"},
            (3, 7),
            (7, 20),
            lambda x: counted(x.swapaxes(1, 2), 20),
        ),
        ({"num_tokens": 15, "output_mode": "one_hot"}, (4,), (4, 15), lambda x: np.eye(15)[x.astype(int)]),
        (
            {"num_tokens": 15, "output_mode": "one_hot"},
            (1,),
            (15,),
            lambda x: np.eye(15)[x.astype(int)[:, 0]],
        ),
    ],
)
def test_the_harness(arguments, row, output, oracle):
    check_layer(CategoryEncoding, arguments, (3, *row), (3, *output), 0, oracle=oracle, below=5)


def test_rows_of_one_number_without_a_dimension():
    np.testing.assert_array_equal(CategoryEncoding(3, "one_hot")(np.array([2, 0])), np.eye(3)[[2, 0]])
    for mode in ("one_hot", "multi_hot", "count"):
        x = Input(())
        model = fastnn.Model(x, CategoryEncoding(3, mode)(x))
        np.testing.assert_array_equal(model.predict(np.array([2, 0])), np.eye(3)[[2, 0]])


def test_the_older_name_of_multi_hot():
    assert CategoryEncoding(3, "binary").get_config()["output_mode"] == "multi_hot"


@pytest.mark.parametrize("value", [4, -1, 0.5, np.nan])
def test_what_is_no_category_is_refused(value):
    model = fastnn.Sequential([Input((2,)), CategoryEncoding(4), Dense(1)])
    model.compile("sgd", "mse")
    x = np.zeros((8, 2), "float32")
    x[5, 1] = value
    before = model.get_weights()
    for run in (model.predict, lambda x: model.fit(x, np.ones(8), verbose=0), CategoryEncoding(4)):
        with pytest.raises(
            ValueError, match=rf"x: expected whole numbers from 0 to 3, got {value:g} in row 5"
        ):
            run(x)
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_nothing_before_it_may_learn():
    model = fastnn.Sequential([Input((2,)), Dense(2), CategoryEncoding(4), Dense(1)])
    model.compile("sgd", "mse")
    with pytest.raises(ValueError, match="categories have no gradient"):
        model.fit(np.zeros((4, 2)), np.zeros(4), verbose=0)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({}, "num_tokens: "),
        ({"num_tokens": 0}, "num_tokens: "),
        ({"num_tokens": 3, "output_mode": "int"}, "output_mode: expected one of one_hot, multi_hot, count"),
        ({"num_tokens": 3, "sparse": True}, "sparse: "),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        CategoryEncoding(**arguments)
