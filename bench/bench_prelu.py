"""PReLU and a training step of its slopes, against NumPy."""

import numpy as np
import pytest

import fastnn
from fastnn.layers import PReLU


@pytest.mark.parametrize(("shape", "shared"), [((256, 1000), None), ((64, 32, 32, 32), (1, 2))])
def test_forward(versus, shape, shared):
    x = np.random.default_rng(0).standard_normal(shape, "float32")
    layer = PReLU(alpha_initializer="random_uniform", shared_axes=shared)
    layer(x)
    alpha = layer.alpha.numpy()

    def theirs():
        return np.where(x > 0, x, alpha * x)

    np.testing.assert_allclose(layer(x), theirs(), rtol=1e-6)
    versus(f"prelu {shape}", lambda: layer(x), theirs)


def step(x, target, alpha):
    """A step of gradient descent of the slopes on the mean squared error."""
    dy = np.where(x > 0, x, alpha * x)
    dy -= target
    dy *= np.float32(2 / dy.size)
    return alpha - np.einsum("ij,ij->j", dy, np.minimum(x, 0))


def test_step(versus):
    rng = np.random.default_rng(0)
    x, target = rng.standard_normal((2, 256, 1000), "float32")
    model = fastnn.Sequential([fastnn.Input((1000,)), PReLU()])
    model.compile(fastnn.optimizers.SGD(1.0), "mse")
    (alpha,) = model.get_weights()
    model.train_on_batch(x, target)
    np.testing.assert_allclose(model.get_weights()[0], step(x, target, alpha), rtol=1e-3, atol=1e-6)
    versus("prelu step", lambda: model.train_on_batch(x, target), lambda: step(x, target, alpha))
