"""`TensorFunction`: values against NumPy's, gradients against central differences, and configurations."""

import math

import numpy as np
import pytest
from gradcheck import check_gradients

import fastnn
from fastnn import Input, Sequential, layers
from fastnn.layers.tensor_function import FUNCTIONS, TensorFunction

X = np.random.default_rng(0).uniform(0.1, 0.9, (5, 4))

# Arguments and what NumPy makes of X.
CASES = {
    **{
        name: ({}, getattr(np, name)(X))
        for name in ["arccos", "arcsin", "arctan", "ceil", "cos", "cosh", "expm1", "floor", "log", "log1p"]
    },
    **{
        name: ({}, getattr(np, name)(X))
        for name in ["isinf", "isnan", "rint", "sign", "sin", "sinh", "sqrt", "tan", "trunc"]
    },
    **{
        name: ({"axis": [1], "keepdims": True}, getattr(np, name)(X, axis=1, keepdims=True))
        for name in ("max", "mean", "min", "prod", "std", "sum", "var")
    },
    "logsumexp": ({"axis": [1]}, np.log(np.exp(X).sum(1))),
    "erf": ({}, np.vectorize(math.erf)(X)),
    "argmax": ({"axis": 1}, X.argmax(1)[:, None]),
    "argmin": ({"axis": 1, "last": True}, X.argmin(1)[:, None]),
    "nonzero": ({}, X != 0),
    "rounded": (
        {"places": 1, "lowest": 0, "largest": 0.5, "beyond": "nan"},
        np.where(np.rint(X * 2) > 1, np.nan, np.rint(X * 2) / 2),
    ),
    "wrapped": ({"bits": 4, "signed": True}, X * 0),
    "window_places": (
        {"windows": [], "steps": []},
        np.arange(20).reshape(5, 4),
    ),
    "clip": ({"minimum": 0.2, "maximum": 0.7}, X.clip(0.2, 0.7)),
    "cumsum": ({"axis": 1}, X.cumsum(1)),
    "stack": ({"axis": 1}, X[:, None]),
    "stop_gradient": ({}, X),
    "pad": ({"widths": [[0, 0], [1, 2]], "mode": "reflect"}, np.pad(X, [(0, 0), (1, 2)], mode="reflect")),
}
SMOOTH = [
    "clip",
    "expm1",
    "log1p",
    "stack",
    "std",
    "var",
    "arccos",
    "arcsin",
    "arctan",
    "cos",
    "cosh",
    "erf",
    "log",
    "logsumexp",
    "mean",
    "prod",
    "sin",
    "sinh",
    "sqrt",
    "sum",
    "tan",
    "cumsum",
    "pad",
]


@pytest.mark.parametrize("name", CASES)
def test_values(name):
    arguments, expected = CASES[name]
    layer = TensorFunction(name, arguments=arguments, dtype="float64")
    np.testing.assert_allclose(np.asarray(layer(X), "f8"), np.asarray(expected, "f8"), rtol=1e-12)
    start = Input((4,), dtype="float64")
    model = fastnn.Model(start, layer(start))
    np.testing.assert_allclose(model.predict(X, verbose=0), np.asarray(expected, "f8"), rtol=1e-12)


@pytest.mark.parametrize(("options", "expected"), [
    ({"exclusive": True}, [[0, 1, 3]]),
    ({"reverse": True}, [[6, 5, 3]]),
    ({"exclusive": True, "reverse": True}, [[5, 3, 0]]),
])  # fmt: skip
def test_sums_so_far(options, expected):
    layer = TensorFunction("cumsum", arguments={"axis": 1, **options})
    np.testing.assert_array_equal(layer(np.array([[1.0, 2, 3]], "f")), expected)


@pytest.mark.parametrize(("signed", "expected"), [(True, [7, -8, 0, -1, 3]), (False, [7, 8, 0, 15, 3])])
def test_whole_numbers_of_four_bits(signed, expected):
    layer = TensorFunction("wrapped", arguments={"bits": 4, "signed": signed})
    np.testing.assert_array_equal(layer(np.array([7, 8.5, 16, -1.5, 19], "f")), expected)


@pytest.mark.parametrize(("beyond", "limit"), [("largest", 240), ("infinity", np.inf), ("nan", np.nan)])
def test_fractions_of_three_bits(beyond, limit):
    arguments = {"places": 3, "lowest": -6, "largest": 240.0, "beyond": beyond}
    layer = TensorFunction("rounded", arguments=arguments)
    x = np.array([1.06, 1.0625, 1.1875, -17, 247, 249, 2.0**-9, 2.0**-11, -np.inf], "f")
    expected = [1, 1, 1.25, -16, 240, limit, 2.0**-9, 0, -limit]
    np.testing.assert_array_equal(layer(x), expected)


def test_constants_and_several_inputs():
    table = TensorFunction("take", [np.array([[1.0, 2], [3, 4]]), None], {"axis": 0})
    np.testing.assert_array_equal(table(np.array([1, 0])), [[3, 4], [1, 2]])
    chosen = TensorFunction("where", [None, None, np.array(0.0)])
    np.testing.assert_array_equal(chosen([np.array([1, 0.0]), np.array([5, 6.0])]), [5, 0])
    np.testing.assert_array_equal(TensorFunction("fmod")([np.array([-7.0]), np.array([3.0])]), [-1])
    product = TensorFunction("matmul")([X[None], X.T[None].copy()])
    np.testing.assert_allclose(product[0], X @ X.T, rtol=1e-6)
    known = TensorFunction("lengths")([np.zeros((2, 3)), np.array([1, 3])])
    np.testing.assert_array_equal(known, [[1, 0, 0], [1, 1, 1]])
    equal = TensorFunction("equal")([np.array([1.0, 2]), np.array([1.0, 3])])
    np.testing.assert_array_equal(equal, [1, 0])
    other = TensorFunction("not_equal", [None, np.array(2.0)])(np.array([1.0, 2]))
    np.testing.assert_array_equal(other, [1, 0])
    both = TensorFunction("stack", arguments={"axis": -1})([X, 2 * X])
    np.testing.assert_allclose(both, np.stack([X, 2 * X], -1), rtol=1e-6)
    last = TensorFunction("argmax", arguments={"axis": 1, "keepdims": False})(X)
    np.testing.assert_array_equal(last, X.argmax(1))


@pytest.mark.parametrize(
    ("name", "arguments", "shapes"),
    [
        ("sum", {"axis": [1]}, [(10**9,)]),
        ("pad", {"widths": [[0, 0], [0, 10**10]]}, [(3,)]),
        ("equal", {}, [(10**5, 1), (1, 10**5)]),
    ],
)
def test_functions_of_huge_tensors_are_refused_before_they_are_tried(name, arguments, shapes):
    inputs = [Input(shape) for shape in shapes]
    with pytest.raises(ValueError, match="expected samples of at most 67108864 elements"):
        TensorFunction(name, arguments=arguments)(inputs if len(inputs) > 1 else inputs[0])


def test_every_function_is_tested():
    assert set(FUNCTIONS) == set(CASES) | {
        *("equal", "fmod", "lengths", "matmul", "not_equal", "take", "where")
    }


@pytest.mark.parametrize("name", SMOOTH)
def test_gradients(name):
    model = Sequential(
        [
            Input((4,), dtype="float64"),
            layers.Dense(4, "sigmoid"),
            TensorFunction(name, arguments=CASES[name][0]),
        ]
    )
    check_gradients(model, "mse", X, np.ones(model.predict(X, verbose=0).shape))


def test_configurations():
    layer = TensorFunction("where", [None, None, np.array([1.5])], name="chosen")
    again = TensorFunction.from_config(layer.get_config())
    assert again.get_config() == layer.get_config()
    with pytest.raises(ValueError, match="function"):
        TensorFunction("eval")
