"""Normal noise, against NumPy's generator."""

import numpy as np
import pytest

from fastnn.layers import GaussianNoise


@pytest.mark.parametrize("shape", [(32, 784), (256, 1024)])
def test_gaussian_noise(versus, shape):
    x = np.zeros(shape, "float32")
    layer, generator = GaussianNoise(1.0, seed=0), np.random.default_rng(0)

    def ours():
        return layer(x, training=True)

    def theirs():
        return x + generator.standard_normal(shape, "float32")

    for y in (ours(), theirs()):
        assert abs(y.mean()) < 0.03
        assert abs(y.std() - 1) < 0.03
    versus(f"normal noise {shape}", ours, theirs)
