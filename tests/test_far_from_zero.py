"""Formulas that subtract a mean are exact far from zero, and squares may pass the largest number."""

import numpy as np
import pytest

import fastnn
from fastnn import layers


@pytest.mark.parametrize("offset", [0.0, 2e3, 1e6, -1e6])
@pytest.mark.parametrize("axis", [-1, None, (1, 2)])
def test_normalization_subtracts_before_it_divides(offset, axis):
    x = (np.random.default_rng(0).standard_normal((500, 4, 3)) + offset).astype("float32")
    layer = layers.Normalization(axis=axis)
    layer.adapt(x)
    mean, variance = layer.mean.numpy().astype("float64"), layer.variance.numpy().astype("float64")
    expected = (x - mean) / np.sqrt(variance)
    assert abs(layer(x) - expected).max() < 2e-6
    given = layers.Normalization(axis=axis, mean=layer.mean.numpy(), variance=layer.variance.numpy())
    assert abs(given(x) - expected).max() < 2e-6
    start = fastnn.Input((4, 3))
    assert abs(fastnn.Model(start, layer(start)).predict(x) - expected).max() < 2e-6
    inverse = layers.Normalization(
        axis=axis, mean=layer.mean.numpy(), variance=layer.variance.numpy(), invert=True
    )
    np.testing.assert_allclose(inverse(layer(x)), x, rtol=1e-6, atol=1e-5)


def test_the_gradient_of_a_normalization():
    t = fastnn.Tensor(np.full((2, 3), 1e6, "float32"))
    layers.Normalization(mean=1e6, variance=4.0)(t).sum().backward()
    np.testing.assert_array_equal(t.grad, np.full((2, 3), 0.5))


@pytest.mark.parametrize("size", [1e19, 1e20, 1e30, 1e37])
@pytest.mark.parametrize("width", [2, 4, 34])
def test_squares_beyond_the_largest_number(size, width):
    signs = np.tile([1.0, -1.0], width // 2).astype("float32")
    x = np.stack([signs * np.float32(size), signs])
    np.testing.assert_allclose(layers.LayerNormalization(epsilon=1e-12)(x), [signs, signs], rtol=1e-6)
    np.testing.assert_allclose(layers.RMSNormalization(epsilon=1e-12)(x), [signs, signs], rtol=1e-6)
    np.testing.assert_allclose(
        layers.UnitNormalization()(x), np.stack([signs] * 2) / np.sqrt(width), rtol=1e-6
    )


def test_layer_normalization_of_large_rows_about_a_mean():
    x = np.array([[3e30, 1e30, 2e30, 2e30]], "float32")
    np.testing.assert_allclose(
        layers.LayerNormalization()(x), np.array([[1, -1, 0, 0]]) * np.sqrt(2), rtol=1e-6, atol=1e-6
    )
    assert np.isnan(layers.LayerNormalization()(np.array([[np.inf, 1.0]]))).all()
