"""Every weight that trains gets its gradient, whichever of the layer's other weights are frozen."""

import itertools

import numpy as np
import pytest

import fastnn
from fastnn import layers

MAKERS = {
    "dense": (lambda: layers.Dense(3, "tanh"), (4,)),
    "conv1d": (lambda: layers.Conv1D(3, 2, activation="relu"), (6, 2)),
    "conv2d": (lambda: layers.Conv2D(3, 2, activation="tanh"), (5, 6, 2)),
    "conv2d 1x1": (lambda: layers.Conv2D(3, 1), (5, 6, 2)),
    "strided": (lambda: layers.Conv2D(3, 3, strides=2, padding="same"), (5, 6, 2)),
    "grouped": (lambda: layers.Conv2D(4, 2, groups=2), (5, 6, 2)),
    "transposed": (lambda: layers.Conv2DTranspose(3, 2, strides=2), (3, 4, 2)),
    "depthwise": (lambda: layers.DepthwiseConv2D(2, depth_multiplier=2), (5, 6, 2)),
    "depthwise1d": (lambda: layers.DepthwiseConv1D(2), (6, 2)),
    "separable": (lambda: layers.SeparableConv2D(3, 2), (5, 6, 2)),
    "batch norm": (lambda: layers.BatchNormalization(), (4,)),
    "layer norm": (lambda: layers.LayerNormalization(), (4,)),
    "group norm": (lambda: layers.GroupNormalization(2), (3, 4)),
    "simple rnn": (lambda: layers.SimpleRNN(3), (4, 2)),
    "lstm": (lambda: layers.LSTM(3), (4, 2)),
    "gru": (lambda: layers.GRU(3), (4, 2)),
    "bidirectional": (lambda: layers.Bidirectional(layers.SimpleRNN(2)), (4, 2)),
}


def gradients(layer, weights, x, frozen):
    """The gradients of all weights but the frozen ones."""
    for i, weight in enumerate(weights):
        weight.trainable, weight.grad = i not in frozen, None
    y = layer(x, training=True)
    ((y - 0.3) ** 2).sum().backward()
    return [None if i in frozen else weight.grad for i, weight in enumerate(weights)]


@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("inputs_learn", [True, False])
def test_gradients_do_not_depend_on_what_is_frozen(name, inputs_learn):
    fastnn.utils.set_random_seed(2)
    make, shape = MAKERS[name]
    x = np.random.default_rng(0).standard_normal((3, *shape)).astype("float32")
    layer = make()
    layer(x)
    weights = [w for w in layer.weights if w.learns]
    for weight in weights:
        weight.assign(weight.numpy() + 0.1)
    given = fastnn.Tensor(x, requires_grad=inputs_learn)
    expected = gradients(layer, weights, given, ())
    count = len(expected)
    for n in range(1, count):
        for frozen in itertools.combinations(range(count), n):
            for one, other in zip(gradients(layer, weights, given, frozen), expected, strict=True):
                if one is not None:
                    np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-5, err_msg=f"{frozen}")


@pytest.mark.parametrize("name", MAKERS)
def test_one_weight_trains_alone(name):
    make, shape = MAKERS[name]
    x = np.random.default_rng(0).standard_normal((8, *shape)).astype("float32")
    count = None
    for alone in itertools.count():
        fastnn.utils.set_random_seed(2)
        layer = make()
        model = fastnn.Sequential([fastnn.Input(shape), layer, layers.Flatten(), layers.Dense(1)])
        weights = [w for w in layer.weights if w.learns]
        count = len(weights)
        if alone == count:
            break
        for i, weight in enumerate(weights):
            weight.trainable = i == alone
        model.compile("sgd", "mse")
        before = [w.numpy() for w in weights]
        model.fit(x, np.full((8, 1), 5.0), verbose=0)
        changed = [(w.numpy() != b).any() for w, b in zip(weights, before, strict=True)]
        assert changed == [i == alone for i in range(count)]
