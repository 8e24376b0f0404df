"""Masks of steps, and the mean of the steps that a mask keeps, against NumPy."""

import numpy as np
import pytest

import fastnn
from fastnn.layers import GlobalAveragePooling1D, Masking


@pytest.mark.parametrize("shape", [(1, 100, 8), (64, 200, 32)])
def test_masking(versus, shape):
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape, "float32")
    x[rng.random(shape[:2]) < 0.3] = 0
    layer = Masking()

    def theirs():
        return x * (x != 0).any(-1, keepdims=True)

    np.testing.assert_array_equal(layer(x), theirs())
    versus(f"masking {shape}", lambda: layer(x), theirs)


@pytest.mark.parametrize("shape", [(1, 100, 8), (64, 200, 32)])
def test_mean_of_the_steps_kept(versus, shape):
    rng = np.random.default_rng(0)
    x = rng.standard_normal(shape, "float32")
    x[rng.random(shape[:2]) < 0.3] = 0
    model = fastnn.Sequential([fastnn.Input(shape[1:]), Masking(), GlobalAveragePooling1D()])

    def theirs():
        kept = (x != 0).any(-1)
        return np.einsum("ijk,ij->ik", x, kept) / kept.sum(1, keepdims=True, dtype="float32")

    np.testing.assert_allclose(model(x), theirs(), rtol=1e-4, atol=1e-5)
    versus(f"mean of the steps kept, {shape}", lambda: model(x), theirs)
