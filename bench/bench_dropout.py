"""Dropout in training, against NumPy's generator of floats of the same width."""

import numpy as np
import pytest

import fastnn
from fastnn.layers import Dropout


@pytest.mark.parametrize("shape", [(32, 128), (256, 1024), (64, 32, 32, 32)])
def test_dropout(versus, shape):
    x = np.ones(shape, "float32")
    model = fastnn.Sequential([fastnn.Input(shape[1:]), Dropout(0.25, seed=1)])
    rng, scale = np.random.default_rng(0), np.float32(1 / 0.75)

    def ours():
        return np.asarray(model(x, training=True))

    def theirs():
        y = x * (rng.random(shape, "float32") >= 0.25)
        y *= scale
        return y

    for y in (ours(), theirs()):
        np.testing.assert_allclose(np.unique(y), [0, 1 / 0.75], rtol=1e-6)
        np.testing.assert_allclose(y.mean(), 1, atol=6 * np.sqrt(1 / 3 / x.size))
    versus(f"dropout {shape}", ours, theirs)
