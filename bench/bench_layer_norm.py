"""Normalising rows by themselves, and a training step of what it learns, against NumPy."""

import numpy as np
import pytest

import fastnn
from fastnn.layers import GroupNormalization, LayerNormalization, RMSNormalization, UnitNormalization


def layer_norm(x):
    y = x - x.mean(-1, keepdims=True)
    y *= 1 / np.sqrt(np.einsum("...i,...i->...", y, y)[..., None] / x.shape[-1] + np.float32(1e-3))
    return y


def rms_norm(x):
    return x * (1 / np.sqrt(np.einsum("...i,...i->...", x, x)[..., None] / x.shape[-1] + np.float32(1e-6)))


def unit_norm(x):
    return x * (1 / np.sqrt(np.einsum("...i,...i->...", x, x)[..., None]))


def group_norm(x, groups=8):
    split = x.reshape(len(x), -1, groups, x.shape[-1] // groups)
    y = split - split.mean((1, 3), keepdims=True)
    y *= 1 / np.sqrt((y * y).mean((1, 3), keepdims=True) + np.float32(1e-3))
    return y.reshape(x.shape)


@pytest.mark.parametrize(
    ("layer", "theirs", "shape"),
    [
        (LayerNormalization(), layer_norm, (32, 128, 512)),
        (LayerNormalization(), layer_norm, (1024, 64)),
        (RMSNormalization(), rms_norm, (32, 128, 512)),
        (UnitNormalization(), unit_norm, (32, 128, 512)),
        (GroupNormalization(8), group_norm, (64, 32, 32, 64)),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_forward(versus, layer, theirs, shape):
    x = np.random.default_rng(0).standard_normal(shape, "float32")
    np.testing.assert_allclose(layer(x), theirs(x), rtol=1e-4, atol=1e-5)
    versus(f"{theirs.__name__} {shape}", lambda: layer(x), lambda: theirs(x))


def step(x, y, w):
    """A step of gradient descent of gamma and beta on the mean squared error."""
    xhat = layer_norm(x).reshape(-1, x.shape[-1])
    dy = xhat * w[0]
    dy += w[1]
    dy -= y.reshape(dy.shape)
    scale = np.float32(2 / dy.size)
    return w[0] - scale * np.einsum("ij,ij->j", dy, xhat), w[1] - scale * dy.sum(0)


def test_layer_norm_step(versus):
    shape = (32, 128, 512)
    rng = np.random.default_rng(0)
    x, y = rng.standard_normal(shape, "float32"), rng.standard_normal(shape, "float32")
    model = fastnn.Sequential([fastnn.Input(shape[1:]), LayerNormalization()])
    model.compile(fastnn.optimizers.SGD(1.0), "mse")
    expected = step(x, y, model.get_weights())
    model.train_on_batch(x, y)
    np.testing.assert_allclose(model.get_weights(), expected, rtol=1e-3, atol=1e-4)
    weights = model.get_weights()
    versus(f"layer_norm {shape} step", lambda: model.train_on_batch(x, y), lambda: step(x, y, weights))
