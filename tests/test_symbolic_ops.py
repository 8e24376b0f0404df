"""Operators of symbolic tensors, and the layers that they are."""

import json

import numpy as np
import pytest
from gradcheck import check_gradients
from harness import check_layer

import fastnn
from fastnn import layers
from fastnn.layers.arithmetic import Absolute, Arithmetic, Comparison
from fastnn.layers.get_item import GetItem
from fastnn.layers.matmul import MatMul

RNG = np.random.default_rng(0)
ROW = RNG.standard_normal(4) + 3
MATRIX = RNG.standard_normal((4, 6))

EXPRESSIONS = {
    "x + 1": lambda x: x + 1,
    "2 - x": lambda x: 2 - x,
    "x - row": lambda x: x - ROW,
    "row - x": lambda x: ROW - x,
    "x * row": lambda x: x * ROW,
    "batch of one * x": lambda x: ROW[None, None] * x,
    "x / 3": lambda x: x / 3,
    "1 / x": lambda x: 1 / (abs(x) + 1),
    "x ** 2": lambda x: x**2,
    "x ** 3": lambda x: x**3,
    "x ** -1": lambda x: (abs(x) + 1) ** -1.0,
    "2 ** x": lambda x: 2**x,
    "row ** x": lambda x: ROW**x,
    "-x": lambda x: -x,
    "+x": lambda x: +x,
    "abs": lambda x: abs(x),
    "x @ matrix": lambda x: x @ MATRIX,
    "x @ vector": lambda x: x @ ROW,
    "matrix @ x": lambda x: MATRIX[:, :5] @ x[:, :, :5],
    "list": lambda x: x * [1, 2, 3, 4],
    "integer": lambda x: x[:, 1],
    "last": lambda x: x[:, -1],
    "slices": lambda x: x[:, 1:4, ::2],
    "backward": lambda x: x[:, ::-1, 3:0:-2],
    "ellipsis": lambda x: x[..., 0],
    "ellipsis within": lambda x: x[:, ..., 1:3],
    "new axis": lambda x: x[:, None, 0],
    "all": lambda x: x[:],
    "a polynomial": lambda x: (2 * x - 1) ** 2 / (1 + abs(x[:, :1])),
    "of two": lambda x: x[:, :3] * x[:, 2:] - x[:, 1:2] / (abs(x[:, :3]) + 1),
    "powers of two": lambda x: abs(x) ** x[:, :, :1],
    "products of two": lambda x: x[:, :4] @ x[:, 1:],
}


def model_of(function, row=(5, 4), dtype="float64"):
    x = fastnn.Input(row, dtype=dtype)
    return fastnn.Model(x, function(x))


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_as_in_numpy(name):
    function = EXPRESSIONS[name]
    x = RNG.standard_normal((3, 5, 4))
    np.testing.assert_allclose(model_of(function).predict(x), function(x), rtol=1e-12, atol=1e-13)


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_gradients(name):
    fastnn.utils.set_random_seed(1)
    start = fastnn.Input((5, 4), dtype="float64")
    model = fastnn.Model(start, EXPRESSIONS[name](layers.Dense(4)(start)))
    x = np.random.default_rng(2).standard_normal((3, 5, 4))
    check_gradients(model, "mse", x, np.zeros(model.predict(x).shape))


@pytest.mark.parametrize("operation", [name for name in Comparison._operations if name != "remainder"])
@pytest.mark.parametrize("constant", [None, 0.4])
def test_what_is_compared_gets_no_gradient_and_may_be_used_beside(operation, constant):
    fastnn.utils.set_random_seed(1)
    start = fastnn.Input((5, 4), dtype="float64")
    one, other = layers.Dense(4)(start), layers.Dense(4)(start)
    compared = Comparison(operation, constant)([one, other] if constant is None else one)
    model = fastnn.Model(start, [compared * one + other, one])
    x = np.random.default_rng(2).standard_normal((3, 5, 4))
    check_gradients(model, ["mse", "mse"], x, [np.zeros((3, 5, 4))] * 2)


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_configs(name):
    model, x = model_of(EXPRESSIONS[name]), RNG.standard_normal((2, 5, 4))
    twin = fastnn.Model.from_config(json.loads(json.dumps(model.get_config())))
    np.testing.assert_array_equal(twin.predict(x), model.predict(x))


@pytest.mark.parametrize(
    ("cls", "arguments", "row", "made", "oracle"),
    [
        (
            Arithmetic,
            {"operation": "subtract", "constant": 2.0, "reverse": True},
            (5, 4),
            (5, 4),
            lambda x: 2 - x,
        ),
        (Arithmetic, {"operation": "power", "constant": 2}, (5, 4), (5, 4), np.square),
        (Arithmetic, {"operation": "multiply", "constant": ROW.tolist()}, (5, 4), (5, 4), lambda x: x * ROW),
        (Arithmetic, {"operation": "maximum", "constant": 0.1}, (7,), (7,), lambda x: np.maximum(x, 0.1)),
        (Absolute, {}, (5, 4), (5, 4), np.abs),
        (MatMul, {"constant": MATRIX.tolist()}, (5, 4), (5, 6), lambda x: x @ MATRIX),
        (MatMul, {"constant": MATRIX.tolist(), "reverse": True}, (6, 3), (4, 3), lambda x: MATRIX @ x),
        (GetItem, {"key": [[None, None, None], [0, 4, 2], -1]}, (5, 4), (2,), lambda x: x[:, 0:4:2, -1]),
    ],
    ids=[
        "constant minus x",
        "power",
        "times a row",
        "maximum of a constant",
        "absolute",
        "times a matrix",
        "matrix times x",
        "slice",
    ],
)
def test_all_that_holds_for_layers(cls, arguments, row, made, oracle):
    check_layer(cls, arguments, (4, *row), (4, *made), 0, oracle)


@pytest.mark.parametrize("operation", ["subtract", "minimum"])
def test_all_that_holds_for_layers_of_two(operation):
    oracle = getattr(np, operation)
    check_layer(
        Arithmetic, {"operation": operation}, [(4, 5, 4), (4, 1, 4)], (4, 5, 4), 0, lambda xs: oracle(*xs)
    )


def test_products_of_two_are_those_of_matrices():
    check_layer(MatMul, {}, [(4, 2, 3, 5), (4, 2, 5, 4)], (4, 2, 3, 4), 0, lambda xs: xs[0] @ xs[1])


def test_powers_at_zero():
    def slope(exponent):
        x = fastnn.Input((3,), dtype="float64")
        w = layers.Dense(3, use_bias=False, kernel_initializer="identity")
        model = fastnn.Model(x, w(x) ** exponent)
        model.compile(fastnn.optimizers.SGD(1.0), "mae")
        model.train_on_batch(np.array([[0.0, 1.0, 2.0]]), np.full((1, 3), -1.0))
        return 3 * (np.eye(3) - model.get_weights()[0])[2] / 2

    np.testing.assert_allclose(slope(2.0), [0, 2, 4])
    np.testing.assert_allclose(slope(0.0), [0, 0, 0])
    np.testing.assert_allclose(slope(1.0), [1, 1, 1])


def test_arrays_on_the_left_leave_it_to_the_tensor():
    made = np.ones(4) + fastnn.Input((5, 4))
    assert made.shape == (None, 5, 4)


def test_bad_operands():
    x, y = fastnn.Input((5, 4)), fastnn.Input((4,))
    with pytest.raises(ValueError, match="add expects two tensors of as many dimensions"):
        x + y
    with pytest.raises(ValueError, match="expects shapes that broadcast against each other"):
        x + fastnn.Input((5, 3))
    with pytest.raises(ValueError, match="broadcast"):
        x * np.ones(3)
    with pytest.raises(
        ValueError, match=r"constant: expected an array that broadcasts against rows of shape \(5, 4\)"
    ):
        x * np.ones((2, 5, 4))
    with pytest.raises(ValueError, match="inputs: @ expects"):
        x @ x
    with pytest.raises(ValueError, match="inputs: @ expects"):
        x @ np.ones((3, 2))
    with pytest.raises(TypeError):
        x + "1"
    with pytest.raises(TypeError):
        x + None


@pytest.mark.parametrize("op", ["x * 3", "3 - x", "x ** 2", "abs(x)", "2 * x + x"])
def test_rows_of_one_number(op):
    x = fastnn.Input((1,), dtype="float64")
    model = fastnn.Model(x, eval(op, {"x": x}))
    rows = np.arange(5.0)[:, None]
    np.testing.assert_allclose(model.predict(rows), eval(op, {"x": rows}))
    check_gradients(
        fastnn.Model(x, fastnn.layers.Dense(2)(eval(op, {"x": layers.Dense(1)(x)}))),
        "mse",
        rows,
        np.ones((5, 2)),
    )


def test_bad_keys():
    x = fastnn.Input((5, 4))
    with pytest.raises(ValueError, match=r"key: expected all of the batch first, as in x\[:, 0\], got 0"):
        x[0]
    with pytest.raises(ValueError, match="key: expected all of the batch first"):
        x[None]
    with pytest.raises(ValueError, match="key: index 5 is out of bounds"):
        x[:, 5]
    with pytest.raises(ValueError, match="key: too many indices"):
        x[:, 0, 0, 0]
    with pytest.raises(TypeError, match="key: expected integers, slices"):
        x[:, 0.5]
