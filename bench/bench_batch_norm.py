"""Normalising a batch by the statistics of its channels, as a layer and as a training step, against NumPy."""

import numpy as np
import pytest

import fastnn
from fastnn.layers import BatchNormalization

SHAPES = [(64, 32, 32, 64), (64, 16, 16, 13), (256, 512)]


def moving(x):
    y = np.multiply(x, np.float32(1 / np.sqrt(1.001)))
    y += np.float32(0)
    return y


def batch(x):
    """The sums as products with ones, which is what NumPy does fastest."""
    flat = x.reshape(-1, x.shape[-1])
    ones = np.full(len(flat), 1 / len(flat), "float32")
    y = flat - ones @ flat
    y *= 1 / np.sqrt(ones @ (y * y) + np.float32(1e-3))
    return y.reshape(x.shape)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
@pytest.mark.parametrize("training", [False, True], ids=["moving", "batch"])
def test_batch_norm(versus, shape, training):
    x = np.random.default_rng(0).standard_normal(shape, "float32")
    layer, theirs = BatchNormalization(), batch if training else moving
    np.testing.assert_allclose(layer(x, training=training), theirs(x), rtol=1e-4, atol=1e-5)
    label = "by the batch" if training else "by moving statistics"
    versus(f"batch norm {shape} {label}", lambda: layer(x, training=training), lambda: theirs(x))


def step(x, y, w):
    """A step of gradient descent of the layer's gamma and beta on the mean squared error."""
    flat, target = x.reshape(-1, x.shape[-1]), y.reshape(-1, x.shape[-1])
    ones = np.full(len(flat), 1 / len(flat), "float32")
    xhat = flat - ones @ flat
    xhat *= 1 / np.sqrt(ones @ (xhat * xhat) + np.float32(1e-3))
    dy = xhat * w[0]
    dy += w[1]
    dy -= target
    scale = np.float32(2 / flat.shape[1])
    return w[0] - scale * (ones @ (dy * xhat)), w[1] - scale * (ones @ dy)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_batch_norm_step(versus, shape):
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal(shape, "float32"), rng.standard_normal(shape, "float32")
    model = fastnn.Sequential([fastnn.Input(shape[1:]), BatchNormalization()])
    model.compile(fastnn.optimizers.SGD(1.0), "mse")
    expected = step(x, y, model.get_weights())
    model.train_on_batch(x, y)
    np.testing.assert_allclose(model.get_weights()[:2], expected, rtol=1e-3, atol=1e-4)
    weights = model.get_weights()
    versus(f"batch norm {shape} step", lambda: model.train_on_batch(x, y), lambda: step(x, y, weights))
