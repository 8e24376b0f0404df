"""`GaussianNoise`, `GaussianDropout` and the uniform numbers that augmentation draws."""

import numpy as np
import pytest
from ctable import Table
from harness import check_layer
from kernelcheck import noise
from test_dropout_kernels import source, word

import fastnn
from fastnn.layers import Dense, GaussianDropout, GaussianNoise

N = 200_000


def uniform(table, first, n, r):
    u = np.full(n, 7.0)
    table.uniform(u, first, n, r)
    return u


def normal(table, first, n, r):
    z = np.zeros(n, table.dtype)
    table.gaussian_noise(z, z, first, n, 1.0, r)
    return z


def numbers(layer, rows=400, width=500):
    """What a layer adds to 0, or multiplies 1 by."""
    start = 0 if isinstance(layer, GaussianNoise) else 1
    return layer(np.full((rows, width), start), training=True).astype("float64")


def moments(z):
    """Mean, variance, skewness and excess of kurtosis, each as a multiple of its own deviation."""
    n = z.size
    return (
        z.mean() * np.sqrt(n),
        (z.var() - 1) * np.sqrt(n / 2),
        (z**3).mean() * np.sqrt(n / 15),
        ((z**4).mean() - 3) * np.sqrt(n / 96),
    )


def test_uniform_numbers_are_the_published_generator(isa, dtype):
    first = 4 * 2**32 - 5
    expected = [(word(first + i, 7, (11, 22)) + 0.5) / 2**32 for i in range(11)]
    for table in (Table("ref", dtype), Table(isa, dtype)):
        assert np.array_equal(uniform(table, first, 11, source()), expected)


def test_normal_numbers_are_those_of_box_and_muller(isa, dtype):
    u = uniform(Table(isa, dtype), 0, 1200, source())
    t = np.where(u < 0.5, u, u - 1) * 2 - 2.0**-32
    radius, angle = np.sqrt(-2 * np.log(u[::2])), np.pi * t[1::2]
    expected = np.stack([radius * np.cos(angle), radius * np.sin(angle)], axis=1).ravel()
    z = normal(Table(isa, dtype), 0, 1200, source())
    np.testing.assert_allclose(z, expected, rtol=0, atol={"float32": 2e-6, "float64": 1e-14}[dtype])


def test_a_part_of_the_stream_is_the_stream(isa, dtype):
    table = Table(isa, dtype)
    x = noise(1100, dtype=dtype)
    for kernel in (table.gaussian_noise, table.gaussian_dropout):
        whole = np.empty_like(x)
        kernel(whole, x, 0, 1100, 0.7, source())
        for first, n in [(0, 5), (1, 1099), (4, 512), (255, 3), (1023, 77), (257, 600)]:
            y = np.empty(n, dtype)
            kernel(y, x[first : first + n], first, n, 0.7, source())
            assert np.array_equal(y, whole[first : first + n])


def test_normal_numbers_are_normal(isa, dtype):
    z = normal(Table(isa, dtype), 0, N, source()).astype("float64")
    assert np.abs(moments(z)).max() < 4
    for edge, share in [(1, 0.317311), (2, 0.0455003), (3, 0.0026998), (4, 6.3342e-5)]:
        beyond = (np.abs(z) > edge).sum()
        assert abs(beyond - N * share) < 4 * np.sqrt(N * share) + 1
    assert 4.2 < np.abs(z).max() < 6.8
    histogram = np.histogram(z, np.linspace(-3, 3, 61))[0] / N / 0.1
    middles = np.linspace(-2.95, 2.95, 60)
    density = np.exp(-(middles**2) / 2) / np.sqrt(2 * np.pi)
    assert np.abs(histogram - density).max() < 5 * np.sqrt(0.4 / N / 0.1)


@pytest.mark.parametrize("lag", [1, 2, 3, 4, 256, 257])
def test_neighbours_are_independent(lag):
    z = normal(Table(fastnn.kernels.core.runtime.isa_names()[0], "float32"), 0, N, source()).astype("float64")
    for f in (lambda a: a, np.abs, np.square):
        assert abs(np.corrcoef(f(z[:-lag]), f(z[lag:]))[0, 1]) < 4 / np.sqrt(N)


def test_gaussian_noise():
    for arguments in ({"stddev": 0.4, "seed": 3}, {"stddev": 0}):
        check_layer(GaussianNoise, arguments, (2, 3, 5), (2, 3, 5), 0, oracle=lambda x: x)


def test_gaussian_dropout():
    for arguments in ({"rate": 0.4, "seed": 3}, {"rate": 0.0}):
        check_layer(GaussianDropout, arguments, (2, 3, 5), (2, 3, 5), 0, oracle=lambda x: x)


def test_deviations(isa, dtype):
    added = numbers(GaussianNoise(0.25, seed=0, dtype=dtype))
    factor = numbers(GaussianDropout(0.2, seed=0, dtype=dtype))
    assert np.abs(moments(added / 0.25)).max() < 4
    assert np.abs(moments((factor - 1) / 0.5)).max() < 4
    x = noise(50, 20, dtype=dtype, spread=3)
    fresh = GaussianDropout(0.2, seed=0, dtype=dtype)
    np.testing.assert_allclose(
        fresh(x, training=True), x * numbers(GaussianDropout(0.2, seed=0, dtype=dtype), 50, 20), rtol=1e-5
    )


@pytest.mark.parametrize("cls", [GaussianNoise, GaussianDropout])
def test_seed_step_and_threads(cls, n_threads):
    with fastnn.threads(1):
        layer = cls(0.3, seed=5)
        one, two = numbers(layer), numbers(layer)
    layer = cls(0.3, seed=5)
    assert np.array_equal(numbers(layer), one)
    assert np.array_equal(numbers(layer), two)
    for other in (two, numbers(cls(0.3, seed=6)), numbers(cls(0.3))):
        assert abs(np.corrcoef(one.ravel(), other.ravel())[0, 1]) < 4 / np.sqrt(one.size)
        assert not np.array_equal(one, other)


@pytest.mark.parametrize("layer", [GaussianNoise(0.5, seed=1), GaussianDropout(0.5, seed=1)])
def test_the_gradient_is_that_of_the_same_draw(layer):
    model = fastnn.Sequential([Dense(40, kernel_initializer="ones", input_shape=(1,)), layer])
    model.compile(fastnn.optimizers.SGD(1.0), "mse")
    model.train_on_batch(np.ones((1, 1)), np.zeros((1, 40)))
    drawn = type(layer)(0.5, seed=1)(np.ones((1, 40)), training=True)[0].astype("float64")
    factor = drawn if isinstance(layer, GaussianDropout) else 1
    learned = 1 - model.get_weights()[0][0]
    np.testing.assert_allclose(learned, 2 * drawn * factor / 40, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("value", [-0.1, float("nan"), "0.5", None, True])
def test_bad_deviations_are_named(value):
    with pytest.raises(ValueError, match=f"stddev: .*{value!r}"):
        GaussianNoise(value)
    with pytest.raises(ValueError, match=f"rate: .*{value!r}"):
        GaussianDropout(value)
    with pytest.raises(ValueError, match="rate: .*below 1"):
        GaussianDropout(1.0)
