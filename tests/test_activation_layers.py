"""Layers that apply a function: `Activation`, `ReLU`, `LeakyReLU`, `ELU`, `PReLU`, `Softmax`."""

import numpy as np
import pytest
from formulas import ACTIVATIONS, elu, gelu_tanh, relu, softmax
from harness import check_layer

import fastnn
from fastnn import activations
from fastnn.layers import ELU, Activation, LeakyReLU, PReLU, ReLU, Softmax


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_activation(name):
    check_layer(Activation, {"activation": name}, (3, 5, 4), (3, 5, 4), 0, oracle=ACTIVATIONS[name])


@pytest.mark.parametrize(
    ("activation", "formula"),
    [
        (activations.relu.bind(max_value=1.0, threshold=0.5), lambda x: relu(x, 0, 1, 0.5)),
        (activations.elu.bind(alpha=0.3), lambda x: elu(x, 0.3)),
        (activations.gelu.bind(approximate=True), gelu_tanh),
    ],
)
def test_activation_with_parameters(activation, formula):
    check_layer(Activation, {"activation": activation}, (3, 7), (3, 7), 0, oracle=formula)


@pytest.mark.parametrize(
    ("maximum", "slope", "threshold"),
    [(None, 0, 0), (1, 0, 0), (None, 0.1, 0), (1.5, 0.1, 0.5), (None, 0, 1)],
)
def test_relu(maximum, slope, threshold):
    check_layer(
        ReLU, {"max_value": maximum, "negative_slope": slope, "threshold": threshold},
        (2, 3, 4), (2, 3, 4), 0,
        oracle=lambda x: relu(x, slope, np.inf if maximum is None else maximum, threshold),
    )  # fmt: skip


def test_leaky_relu():
    check_layer(LeakyReLU, {}, (3, 5), (3, 5), 0, oracle=lambda x: relu(x, 0.3))
    check_layer(LeakyReLU, {"negative_slope": 0.01}, (3, 5), (3, 5), 0, oracle=lambda x: relu(x, 0.01))


def test_elu():
    check_layer(ELU, {}, (3, 5), (3, 5), 0, oracle=elu)
    check_layer(ELU, {"alpha": 0.5}, (3, 5), (3, 5), 0, oracle=lambda x: elu(x, 0.5))


@pytest.mark.parametrize(
    ("shared_axes", "shape"),
    [(None, (3, 4, 5)), (1, (1, 4, 5)), ([2], (3, 1, 5)), ((1, 2), (1, 1, 5)), ([1, 2, 3], (1, 1, 1))],
)
def test_prelu(shared_axes, shape):
    arguments = {"alpha_initializer": "random_normal", "alpha_regularizer": "l2", "shared_axes": shared_axes}
    layer = PReLU(shared_axes=shared_axes, input_shape=(3, 4, 5))
    layer(np.zeros((1, 3, 4, 5)))
    assert layer.alpha.shape == shape
    assert (layer.shared_axes is None) == (shared_axes is None)
    check_layer(
        PReLU,
        arguments,
        (2, 3, 4, 5),
        (2, 3, 4, 5),
        np.prod(shape),
        oracle=lambda x, a: np.where(x > 0, x, a * x),
    )


@pytest.mark.parametrize("axis", [-1, -2, -3, 1, 2, 3])
def test_softmax(axis):
    check_layer(Softmax, {"axis": axis}, (2, 3, 4, 5), (2, 3, 4, 5), 0, oracle=lambda x: softmax(x, axis))


@pytest.mark.parametrize("name", ACTIVATIONS)
def test_functions_of_arrays(isa, dtype, name):
    x = np.random.default_rng(0).standard_normal((7, 3, 5)).astype(dtype)
    y = getattr(activations, name)(x)
    assert y.dtype == dtype
    np.testing.assert_allclose(
        y, ACTIVATIONS[name](x.astype("float64")), rtol=0, atol=4 * np.finfo(dtype).eps
    )


@pytest.mark.parametrize("axis", [0, 1, 2, -1, -3])
def test_softmax_over_any_axis(axis):
    x = np.random.default_rng(0).standard_normal((7, 3, 5))
    np.testing.assert_allclose(activations.softmax(x, axis), softmax(x, axis), rtol=1e-14)


def test_softmax_of_large_numbers():
    x = np.array([[1e4, -1e4], [-np.inf, 3], [5e3, 5e3]], "float32")
    np.testing.assert_array_equal(Softmax()(x), [[1, 0], [0, 1], [0.5, 0.5]])


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: Activation("rellu"), "activation: .*'rellu'; did you mean 'relu'"),
        (lambda: ReLU(max_value=-1), "max_value: .*-1"),
        (lambda: ReLU(negative_slope=-0.1), "negative_slope: .*-0.1"),
        (lambda: ReLU(threshold=float("nan")), "threshold: .*nan"),
        (lambda: LeakyReLU(negative_slope=None), "negative_slope: .*None"),
        (lambda: LeakyReLU(negative_slope=-1), "negative_slope: .*-1"),
        (lambda: ELU(alpha="1"), "alpha: .*'1'"),
        (lambda: ELU(alpha=float("inf")), "alpha: .*inf"),
        (lambda: Softmax(axis=1.5), "axis: .*1.5"),
        (lambda: Softmax(axis=True), "axis: .*True"),
        (lambda: Softmax(axis=0)(np.ones((2, 3))), "axis: .*0"),
        (lambda: Softmax(axis=2)(np.ones((2, 3))), "axis: .*2"),
        (lambda: Softmax(axis=-2)(np.ones((2, 3))), "axis: .*-2"),
        (lambda: PReLU(shared_axes=0), "shared_axes: .*0"),
        (lambda: PReLU(shared_axes=[3])(np.ones((2, 3))), "shared_axes: .*3"),
        (lambda: PReLU(alpha_initializer="onse"), "initializer: .*'onse'"),
        (lambda: activations.softmax(np.ones((2, 3)), 2), "axis: .*2"),
    ],
)
def test_bad_arguments_are_named(make, message):
    with pytest.raises(ValueError, match=message):
        make()


def test_names():
    assert activations.get(None) is activations.linear
    assert activations.get("swish") is activations.silu
    assert activations.get(activations.tanh) is activations.tanh
    bound = activations.relu.bind(max_value=3.0)
    assert activations.get(activations.serialize(bound))([5.0]) == fastnn.activations.relu(
        [5.0], max_value=3.0
    )
