"""`Dense`: the product, what is fused into it, and its arguments."""

import numpy as np
import pytest
from formulas import ACTIVATIONS
from gradcheck import check_gradients, gradients
from harness import check_layer

import fastnn
from fastnn.layers import Activation, Dense, Dropout, Flatten, PReLU, Reshape

FINAL = {
    "mse": "linear",
    "binary_crossentropy": "sigmoid",
    "categorical_crossentropy": "softmax",
    "sparse_categorical_crossentropy": "softmax",
}


def noise(*shape):
    return np.random.default_rng(0).standard_normal(shape)


def labels(loss, rows, classes):
    """Labels that suit a loss."""
    numbers = np.random.default_rng(1).integers(0, classes, rows)
    if loss == "sparse_categorical_crossentropy":
        return numbers
    return np.eye(classes)[numbers] if "crossentropy" in loss else noise(rows, classes)


@pytest.mark.parametrize("activation", ["linear", "tanh", "gelu", "softmax"])
def test_dense(activation):
    f = ACTIVATIONS[activation]
    check_layer(
        Dense, {"units": 33, "activation": activation, "bias_initializer": "ones"}, (4, 21), (4, 33), 22 * 33,
        oracle=lambda x, w, b: f(x @ w + b),
    )  # fmt: skip


def test_without_bias():
    arguments = {"units": 3, "use_bias": False, "kernel_initializer": "he_normal"}
    check_layer(Dense, arguments, (5, 4), (5, 3), 12, oracle=lambda x, w: x @ w)


def test_on_rows_of_several_dimensions():
    arguments = {"units": 5, "kernel_regularizer": "l2", "activation": "relu"}
    check_layer(
        Dense, arguments, (2, 3, 4, 7), (2, 3, 4, 5), 40, oracle=lambda x, w, b: np.maximum(x @ w + b, 0)
    )


def test_one_unit_on_one_number():
    check_layer(Dense, {"units": 1}, (3, 1), (3, 1), 2, oracle=lambda x, w, b: x @ w + b)


@pytest.mark.parametrize("activation", ACTIVATIONS)
@pytest.mark.parametrize("loss", ["mse", "mean_absolute_error"])
def test_gradient_of_every_activation_in_a_chain(activation, loss):
    """First, in between and last: fused behind a product, its gradient fused behind the next, or neither."""
    small = fastnn.initializers.VarianceScaling(0.3)
    layers = [Dense(n, activation, kernel_initializer=small, bias_initializer=small) for n in (9, 8, 5)]
    model = fastnn.Sequential([fastnn.Input((7,), dtype="float64"), *layers])
    check_gradients(model, loss, noise(11, 7), labels("mse", 11, 5))


@pytest.mark.parametrize("loss", FINAL)
@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(
    ("cls", "argument"), [(Dropout, 0.4), (PReLU, "random_normal"), (Activation, "elu"), (Reshape, (2, 3))]
)
def test_gradient_through_other_layers(loss, weighted, cls, argument):
    layers = [Dense(6, "tanh"), cls(argument), Flatten(), Dense(3), Activation(FINAL[loss])]
    model = fastnn.Sequential([fastnn.Input((4,), dtype="float64"), *layers])
    weights = [np.random.default_rng(2).random(10)] if weighted else []
    check_gradients(model, loss, noise(10, 4), labels(loss, 10, 3), *weights)


@pytest.mark.parametrize("penalty", ["l1", "l2", fastnn.regularizers.L1L2(0.02, 0.03)])
def test_gradient_of_penalties(penalty):
    layer = Dense(4, kernel_regularizer=penalty, bias_regularizer=penalty, bias_initializer="random_normal")
    model = fastnn.Sequential([fastnn.Input((3,), dtype="float64"), layer, Dense(2)])
    check_gradients(model, "mse", noise(6, 3), noise(6, 2))


def test_a_penalty_is_part_of_the_loss():
    model = fastnn.Sequential([fastnn.Input((3,)), Dense(2, kernel_regularizer=fastnn.regularizers.L2(0.5))])
    model.compile(loss="mse")
    x, y = noise(70, 3), noise(70, 2)
    plain = np.mean((model.predict(x) - y) ** 2)
    penalty = 0.5 * (model.layers[0].kernel.numpy() ** 2).sum()
    assert model.evaluate(x, y, verbose=0) == pytest.approx(plain + penalty, rel=1e-5)


@pytest.mark.parametrize("frozen", [0, 1, 2])
def test_a_frozen_layer_passes_the_gradient_on(frozen):
    layers = [Dense(units, "sigmoid") for units in (5, 4, 2)]
    model = fastnn.Sequential([fastnn.Input((3,), dtype="float64"), *layers])
    layers[frozen].trainable = False
    assert len(model.trainable_variables) == 4
    check_gradients(model, "mse", noise(6, 3), noise(6, 2))


def test_a_weight_sums_the_gradients_of_all_positions_of_a_row():
    layers = [Reshape((3, 4)), Dense(5, "tanh"), Reshape((15,)), Dense(2)]
    model = fastnn.Sequential([fastnn.Input((12,), dtype="float64"), *layers])
    check_gradients(model, "mse", noise(6, 12), noise(6, 2))


@pytest.mark.parametrize("rows", [1, 2, 31, 100])
def test_gradient_is_that_of_the_textbook(isa, dtype, rows):
    model = fastnn.Sequential([fastnn.Input((20,), dtype=dtype), Dense(30, dtype=dtype)])
    x, y = noise(rows, 20).astype(dtype), noise(rows, 30).astype(dtype)
    dz = 2 * (model.predict(x).astype("float64") - y) / y.size
    _, (dw, db) = gradients(model, "mse", x, y)
    tolerance = {"float32": 1e-6, "float64": 1e-14}[dtype]
    np.testing.assert_allclose(dw, x.T.astype("float64") @ dz, atol=tolerance)
    np.testing.assert_allclose(db, dz.sum(0), atol=tolerance)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        *[({"units": units}, f"units: .*{units!r}") for units in (0, -1, 2**31, 2**62, True, 1.5, "3", None)],
        ({"units": 2, "activation": "rellu"}, "activation: .*'rellu'.*'relu'"),
        ({"units": 2, "kernel_initializer": "he_norm"}, "initializer: .*'he_norm'"),
        ({"units": 2, "bias_regularizer": "l3"}, "regularizer: .*'l3'"),
        ({"units": 2, "dtype": "float16"}, "dtype: .*'float16'"),
        ({"units": 2, "input_shape": 4}, "input_shape: .*4"),
        ({"units": 2, "input_shape": (4, 0)}, "input_shape: .*0"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        Dense(**arguments)


def test_what_is_no_function_is_no_activation():
    with pytest.raises(TypeError, match="activation: expected a name or a function, got 3"):
        Dense(2, activation=3)


def test_rows_have_to_have_a_dimension():
    with pytest.raises(ValueError, match=r"at least one dimension, got rows of shape \(\)"):
        Dense(2, input_shape=())(np.ones(3))


def test_weights_fit_one_width_only():
    layer = Dense(2)
    assert layer(np.ones((3, 4))).shape == (3, 2)
    assert layer(np.ones((3, 5, 4))).shape == (3, 5, 2)
    with pytest.raises(ValueError, match=r"'kernel' has shape \(4, 2\), these rows need \(5, 2\)"):
        layer(np.ones((3, 5)))
    with pytest.raises(ValueError, match=r"'kernel' has shape \(4, 2\), these rows need \(6, 2\)"):
        fastnn.Sequential([fastnn.Input((6,)), layer])
