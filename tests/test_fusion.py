"""In inference a product does what follows it: scaling and shifting, and the activation; to the same bits."""

import numpy as np
import pytest

import fastnn
from fastnn.layers import (
    Activation,
    BatchNormalization,
    Conv1D,
    Conv2D,
    Conv2DTranspose,
    Dense,
    Dropout,
    Flatten,
    Input,
)
from fastnn.training.plan_cache import plan_of


def trained(layers, row):
    """A model whose normalisations have seen something, and the names of its steps in inference."""
    fastnn.utils.set_random_seed(1)
    model = fastnn.Sequential([Input(row), *layers])
    model.compile("sgd", "mse")
    x = np.random.default_rng(0).normal(1, 2, (40, *row)).astype("float32")
    model.fit(x, np.zeros((40, *model.output_shape[1:])), epochs=2, verbose=0)
    return model, x, [step.name for step in plan_of(model, "inference").steps]


def alone(model, x):
    """What the layers make of x one by one."""
    for layer in model.layers:
        x = layer(x)
    return x


@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu"])
@pytest.mark.parametrize(
    ("layer", "row", "name"),
    [
        (Conv2D(9, 3, padding="same"), (7, 6, 2), "conv"),
        (Conv2D(20, 1), (4, 4, 3), "dense"),
        (Conv2D(6, 3, groups=2, strides=2), (9, 9, 4), "conv"),
        (Conv2DTranspose(5, 3, strides=2), (4, 5, 3), "conv_transpose"),
        (Conv1D(4, 3), (12, 2), "conv"),
        (Dense(33, use_bias=False), (8,), "dense"),
    ],
)
def test_normalisation_and_activation_go_into_the_product(layer, row, name, activation):
    layer = type(layer).from_config(layer.get_config())
    model, x, names = trained([layer, BatchNormalization(), Activation(activation)], row)
    assert names == ["moving_scale", name]
    np.testing.assert_array_equal(model(x), alone(model, x))


def test_a_second_normalisation_is_a_step_of_its_own():
    model, x, names = trained([Dense(3), BatchNormalization(), BatchNormalization()], (4,))
    assert names == ["moving_scale", "moving_scale", "dense", "affine"]
    np.testing.assert_array_equal(model(x), alone(model, x))


def test_what_follows_an_activation_stays_behind_it():
    model, x, names = trained([Conv2D(3, 3, activation="relu"), BatchNormalization()], (5, 5, 2))
    assert names == ["moving_scale", "conv", "affine"]
    np.testing.assert_array_equal(model(x), alone(model, x))


def test_a_normalisation_of_other_channels_than_the_products():
    model, x, names = trained([Conv2D(3, 3), Flatten(), BatchNormalization(), Activation("relu")], (5, 5, 2))
    assert names == ["moving_scale", "conv", "affine", "activation"]
    np.testing.assert_array_equal(model(x), alone(model, x))
    model, x, names = trained([Conv2D(3, 3), BatchNormalization(axis=1)], (5, 5, 2))
    assert names == ["moving_scale", "conv", "affine"]
    np.testing.assert_array_equal(model(x), alone(model, x))


def test_it_follows_the_weights():
    model, x, _ = trained([Conv2D(3, 3), BatchNormalization(), Dropout(0.5), Activation("relu")], (5, 5, 2))
    before = model(x)
    model.layers[1].set_weights([w + 1 for w in model.layers[1].get_weights()])
    assert not np.array_equal(model(x), before)
    np.testing.assert_array_equal(model(x), alone(model, x))
