"""TimeDistributed and RepeatVector: a layer for each step, a row for each step."""

import numpy as np
import pytest
from harness import check_layer

import fastnn
from fastnn.layers import Conv2D, Dense, Dropout, Flatten, Input, Masking, RepeatVector, TimeDistributed


def dense(units=3, activation="tanh"):
    return {"class_name": "Dense", "config": {"units": units, "activation": activation, "name": "inner"}}


@pytest.mark.parametrize(("steps", "features"), [(4, 5), (1, 1), (3, 17)])
def test_the_harness(steps, features):
    check_layer(TimeDistributed, {"layer": dense()}, (2, steps, features), (2, steps, 3), 3 * features + 3,
                oracle=lambda x, w, b: np.tanh(x @ w + b))  # fmt: skip


@pytest.mark.parametrize(("n", "features"), [(4, 5), (1, 1), (3, 17)])
def test_repeat_vector(n, features):
    check_layer(RepeatVector, {"n": n}, (2, features), (2, n, features), 0,
                oracle=lambda x: np.repeat(x[:, None], n, axis=1))  # fmt: skip


def test_images_of_a_sequence():
    x = np.random.default_rng(0).standard_normal((2, 3, 6, 5, 2)).astype("float32")
    convolution = Conv2D(4, 3, activation="relu")
    y = TimeDistributed(convolution)(x)
    np.testing.assert_array_equal(y.reshape(6, 4, 3, 4), convolution(x.reshape(6, 6, 5, 2)))


def test_a_step_learns_what_rows_learn():
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal((4, 5, 3)), rng.standard_normal((4, 5, 2))
    one = fastnn.Sequential([Input((5, 3)), TimeDistributed(Dense(4, "relu")), TimeDistributed(Dense(2))])
    other = fastnn.Sequential([Input((3,)), Dense(4, "relu"), Dense(2)])
    for model in (one, other):
        model.compile("adam", "mse")
    other.set_weights(one.get_weights())
    for _ in range(3):
        one.train_on_batch(x, y)
        other.train_on_batch(x.reshape(20, 3), y.reshape(20, 2))
    for a, b in zip(one.get_weights(), other.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_sequences_of_sequences():
    inner = TimeDistributed(Dense(2))
    assert TimeDistributed(inner)(np.zeros((2, 3, 4, 5))).shape == (2, 3, 4, 2)


def test_random_layers_draw_for_each_step():
    y = TimeDistributed(Dropout(0.5, seed=1))(np.ones((3, 8, 16)), training=True)
    assert len(np.unique(y.reshape(24, 16), axis=0)) > 20


def test_the_mask_is_passed_on():
    x = np.ones((1, 3, 2))
    x[0, 1:] = 0
    model = fastnn.Sequential([Input((3, 2)), Masking(), TimeDistributed(Dense(1))])
    model.compile("sgd", "mse")
    error = model.predict(x)[0, 0] - 5
    assert model.evaluate(x, np.full((1, 3, 1), 5.0), verbose=0) == pytest.approx(error[0] ** 2, rel=1e-5)


def test_trainable_is_that_of_the_layer():
    layer = TimeDistributed(Dense(2), input_shape=(3, 4))
    fastnn.Sequential([layer])
    layer.trainable = False
    assert layer.trainable_weights == []
    assert layer.layer.trainable is False


def test_bad_arguments_are_named():
    with pytest.raises(TypeError, match="layer: expected a layer, got 3"):
        TimeDistributed(3)
    with pytest.raises(ValueError, match="expects rows"):
        TimeDistributed(Flatten())(np.zeros((2, 3)))
    with pytest.raises(ValueError, match="n: "):
        RepeatVector(0)
    with pytest.raises(ValueError, match="RepeatVector expects rows"):
        RepeatVector(2)(np.zeros((2, 3, 4)))
