"""`RandomContrast` and `RandomBrightness`: the kernel against its equation, and what is drawn."""

import numpy as np
import pytest
from ctable import Table
from harness import check_layer
from kernelcheck import assert_close, central_differences, noise

import fastnn
from fastnn.layers import Dense, RandomBrightness, RandomContrast

SHAPES = ((1, 1), (5, 3), (700, 1), (300, 3), (40, 33))
CHANGES = ((1.0, 0.3), (0.6, 0.0), (1.7, -0.2))


def adjusted(x, factor, delta, low=-0.9, high=0.8):
    return np.clip(factor * x + (1 - factor) * x.mean(0) + delta, low, high)


@pytest.mark.parametrize(("m", "n"), SHAPES)
@pytest.mark.parametrize(("factor", "delta"), CHANGES)
def test_forward(isa, dtype, m, n, factor, delta):
    x, workspace = noise(m, n, dtype=dtype, spread=0.5), np.empty(2 * n, dtype)
    for table in (Table("ref", dtype), Table(isa, dtype)):
        y = np.empty_like(x)
        table.adjust_forward(y, x, workspace, m, n, factor, delta, -0.9, 0.8)
        assert_close(y, adjusted(x.astype("float64"), factor, delta))


@pytest.mark.parametrize(("factor", "delta"), CHANGES)
def test_backward(isa, dtype, factor, delta):
    x, dy = noise(7, 3, spread=0.5), noise(7, 3, seed=1)
    expected = central_differences(lambda a: (adjusted(a, factor, delta) * dy).sum(), x)
    for table in (Table("ref", dtype), Table(isa, dtype)):
        dx = np.empty((7, 3), dtype)
        table.adjust_backward(
            dx, dy.astype(dtype), x.astype(dtype), np.empty(6, dtype), 7, 3, factor, delta, -0.9, 0.8
        )
        np.testing.assert_allclose(dx, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("data_format", ["channels_last", "channels_first"])
def test_random_contrast(data_format):
    arguments = {"factor": 0.4, "seed": 3, "data_format": data_format}
    check_layer(RandomContrast, arguments, (2, 3, 4, 2), (2, 3, 4, 2), 0, oracle=lambda x: x)


def test_random_brightness():
    arguments = {"factor": (-0.4, 0.2), "value_range": (0, 1), "seed": 3}
    check_layer(RandomBrightness, arguments, (2, 3, 4, 2), (2, 3, 4, 2), 0, oracle=lambda x: x)


def test_brightness_drawn(dtype):
    x = np.broadcast_to(np.linspace(0, 1, 12).reshape(3, 4, 1), (500, 3, 4, 1))
    y = RandomBrightness((-0.2, 0.6), (1, 0), seed=1, dtype=dtype)(x, training=True).astype("float64")
    delta = np.where(y[:, 2, 3, 0] < 1, y[:, 2, 3, 0] - 1, y[:, 0, 0, 0])
    assert abs(delta.mean() - 0.2) < 4 * 0.8 / np.sqrt(12 * 500)
    assert -0.2 <= delta.min() < -0.19
    assert 0.59 < delta.max() <= 0.6
    np.testing.assert_allclose(y, np.clip(x + delta[:, None, None, None], 0, 1), atol=1e-6)


@pytest.mark.parametrize(("factor", "low", "high"), [(0.4, 0.6, 1.4), ((0.5, 0.1), 0.9, 1.5), (0, 1, 1)])
def test_contrast_drawn(dtype, factor, low, high):
    x = noise(3, 4, 2) * np.array([1, 5]) + np.array([100, 120])
    y = RandomContrast(factor, seed=1, dtype=dtype)(np.broadcast_to(x, (500, 3, 4, 2)), training=True)
    mean = x.mean((0, 1))
    drawn = ((y - mean) * (x - mean)).sum((1, 2, 3), "float64") / ((x - mean) ** 2).sum()
    assert low - 1e-5 <= drawn.min() <= low + 0.01
    assert high - 0.01 <= drawn.max() <= high + 1e-5
    assert abs(drawn.mean() - (low + high) / 2) <= 4 * (high - low) / np.sqrt(12 * 500) + 1e-5
    np.testing.assert_allclose(y, (x - mean) * drawn[:, None, None, None] + mean, atol=1e-3)


@pytest.mark.parametrize("cls", [RandomContrast, RandomBrightness])
def test_seed_step_threads_and_place(cls, n_threads):
    x = np.broadcast_to(noise(20, 21, 3), (60, 20, 21, 3)) * 20 + 100
    with fastnn.threads(1):
        layer = cls(0.3, seed=5)
        one, two = layer(x, training=True), layer(x, training=True)
    layer = cls(0.3, seed=5)
    assert np.array_equal(layer(x, training=True), one)
    assert np.array_equal(layer(x, training=True), two)
    assert not np.array_equal(one, two)
    assert np.array_equal(cls(0.3, seed=5)(x[:7], training=True), one[:7])
    assert len(np.unique(one, axis=0)) == 60


@pytest.mark.parametrize(
    "layer", [RandomContrast(0.4, (-1, 1), seed=1), RandomBrightness(0.1, (-1, 1), seed=1)]
)
def test_what_is_before_learns_through_it(layer):
    """Compared with the slope of the loss, between two values of the weight."""
    x, target = noise(4, 3, 5, 1, spread=0.5), noise(4, 3, 5, 1, seed=1)

    def loss_and_gradient(weight):
        initial = fastnn.initializers.Constant(weight)
        dense = Dense(1, use_bias=False, kernel_initializer=initial, input_shape=(3, 5, 1), dtype="float64")
        copy = type(layer)(0.1, (-1, 1), seed=1, dtype="float64")
        model = fastnn.Sequential([dense, copy])
        model.compile(fastnn.optimizers.SGD(1.0), "mse")
        loss = model.train_on_batch(x, target)
        return loss, weight - dense.kernel.numpy()[0, 0]

    gradient = loss_and_gradient(0.8)[1]
    slope = (loss_and_gradient(0.8 + 1e-6)[0] - loss_and_gradient(0.8 - 1e-6)[0]) / 2e-6
    assert gradient == pytest.approx(slope, rel=1e-6)


@pytest.mark.parametrize("factor", [1.5, (0.5, 1.5), (0.1,), "a", None, float("nan")])
def test_bad_factors_are_named(factor):
    for cls in (RandomContrast, RandomBrightness):
        with pytest.raises(ValueError, match="factor: "):
            cls(factor)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="factor: .*from 0 up to 1, got "):
        RandomContrast(-0.1)
    for value_range in (255, (0, 1, 2), (0, None), "ab"):
        with pytest.raises(ValueError, match="value_range: "):
            RandomBrightness(0.1, value_range)
    with pytest.raises(ValueError, match=r"RandomContrast expects rows of \(height, width, channels\)"):
        RandomContrast(0.1)(np.ones((2, 3)))
