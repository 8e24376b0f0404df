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


@pytest.mark.parametrize("offset", [0.0, 2e3, 1e6, -1e6])
@pytest.mark.parametrize(
    ("product", "shape"),
    [
        (None, (3,)),
        (lambda: layers.Dense(3), (3,)),
        (lambda: layers.Dense(3, use_bias=False), (3,)),
        (lambda: layers.Conv1D(3, 2), (5, 3)),
        (lambda: layers.Conv2D(3, 2, padding="same"), (4, 4, 3)),
        (lambda: layers.Conv2DTranspose(3, 2, strides=2), (3, 3, 3)),
    ],
)
@pytest.mark.parametrize("options", [{}, {"scale": False}, {"center": False}])
def test_batch_normalization_subtracts_before_it_multiplies(offset, product, shape, options):
    rng = np.random.default_rng(1)
    normalization = layers.BatchNormalization(**options)
    before = [] if product is None else [product()]
    model = fastnn.Sequential([fastnn.Input(shape), *before, normalization])
    first = fastnn.Sequential([fastnn.Input(shape), *before, layers.Identity()])
    x = rng.standard_normal((40, *shape)).astype("float32")
    if product is None or not before[0].use_bias:
        x += np.float32(offset)
    else:
        before[0].set_weights([before[0].get_weights()[0], np.full(3, offset, "float32")])
    products = first.predict(x).astype("float64")
    axes = tuple(range(products.ndim - 1))
    weights = [rng.uniform(0.5, 2, 3).astype("float32") for _ in range(2)]
    gamma, beta = (weights[0], 0) if "center" in options else (1, weights[0]) if options else weights
    moving = [values.astype("float32") for values in (products.mean(axes), products.var(axes))]
    normalization.set_weights([*([weights[0]] if options else weights), *moving])
    expected = (products - moving[0]) * gamma / np.sqrt(moving[1].astype("float64") + 1e-3) + beta
    assert abs(model.predict(x) - expected).max() < 3e-6
    assert abs(normalization(first(x)) - expected).max() < 3e-6


@pytest.mark.parametrize("axis", [1, 2, -1])
def test_batch_normalization_along_every_axis_subtracts_before_it_multiplies(axis):
    x = (np.random.default_rng(2).standard_normal((50, 4, 4, 4)) + 1e6).astype("float32")
    layer = layers.BatchNormalization(axis=axis, epsilon=1e-5)
    layer.build(x.shape)
    axes = tuple(i for i in range(4) if i != axis % 4)
    mean, variance = (value.astype("float32") for value in (x.mean(axes), x.var(axes, "float64")))
    layer.set_weights([np.ones(4, "float32"), np.zeros(4, "float32"), mean, variance])
    shape = tuple(4 if i == axis % 4 else 1 for i in range(4))
    expected = (x.astype("float64") - mean.reshape(shape)) / np.sqrt(variance.reshape(shape) + 1e-5)
    assert abs(layer(x) - expected).max() < 3e-6
    model = fastnn.Sequential([fastnn.Input((4, 4, 4)), layer])
    assert abs(model.predict(x) - expected).max() < 3e-6


@pytest.mark.parametrize("layer", [layers.BatchNormalization(), layers.GroupNormalization(1)])
def test_a_variance_beyond_the_largest_number_is_infinite(layer):
    x = np.full((4, 4), 1e30, "float32") * np.array([[1, -1, 1, -1]]).T * np.array([1, -1, -1, 1], "float32")
    np.testing.assert_array_equal(layer(x.astype("float32"), training=True), np.zeros((4, 4)))
