"""Scale and shift of each feature, against NumPy."""

import numpy as np
import pytest

from fastnn.layers import Normalization, Rescaling


@pytest.mark.parametrize("shape", [(1, 100), (256, 1000), (64, 32, 32, 3)])
def test_rescaling(versus, shape):
    x = np.random.default_rng(0).uniform(0, 255, shape).astype("float32")
    layer, scale, offset = Rescaling(1 / 127.5, -1), np.float32(1 / 127.5), np.float32(-1)

    def theirs():
        y = x * scale
        y += offset
        return y

    np.testing.assert_allclose(layer(x), theirs(), rtol=1e-5, atol=1e-5)
    versus(f"rescaling {shape}", lambda: layer(x), theirs)


@pytest.mark.parametrize("shape", [(1, 100), (256, 1000)])
def test_normalization(versus, shape):
    x = np.random.default_rng(0).uniform(0, 255, shape).astype("float32")
    mean, variance = (
        np.linspace(1, 5, shape[-1], dtype="float32"),
        np.linspace(1, 2, shape[-1], dtype="float32"),
    )
    layer = Normalization(mean=mean, variance=variance)
    inverse = 1 / np.sqrt(variance)

    def theirs():
        y = x - mean
        y *= inverse
        return y

    np.testing.assert_allclose(layer(x), theirs(), rtol=1e-4, atol=1e-4)
    versus(f"normalization {shape}", lambda: layer(x), theirs)
