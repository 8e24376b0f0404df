"""The C kernels that take the statistics of channels, and normalise by them."""

import numpy as np
import pytest
from ctable import Table
from kernelcheck import SIZES, TOLERANCE, assert_close, noise

SHAPES = [
    *[(70, n, 1) for n in SIZES[1::2]],
    *[(2, 3, inner) for inner in SIZES[1::2]],
    (0, 3, 1), (3, 1, 1), (129, 1, 1), (300, 66, 1), (3, 2, 1100),
]  # fmt: skip
EPSILON = 1e-3


def moments(table, x):
    """Mean and variance of each channel, of one part."""
    outer, n, inner = x.shape
    sums, mean, variance = np.full((2, n), np.nan), np.empty(n, x.dtype), np.empty(n, x.dtype)
    table.channel_moments(sums, x, outer, n, inner)
    table.channel_statistics(mean, variance, sums, 1, outer * inner, outer * inner, n, n)
    return mean, variance


def tables(isa, dtype):
    return Table("ref", dtype), Table(isa, dtype)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_statistics(isa, dtype, shape):
    x = noise(*shape, dtype=dtype, spread=3.0)
    axes = (0, 2)
    for table in tables(isa, dtype):
        mean, variance = moments(table, x)
        if x.size:
            assert_close(mean, x.astype("float64").mean(axes))
            assert_close(variance, x.astype("float64").var(axes), factor=4)
        else:
            assert not mean.any()
            assert not variance.any()


@pytest.mark.parametrize("shape", [(1000, 5, 1), (8, 3, 999), (5000, 1, 1), (64, 130, 1)], ids=str)
@pytest.mark.parametrize("mean", [1e4, -1e6])
def test_nothing_cancels_far_from_zero(isa, dtype, shape, mean):
    x = (mean + noise(*shape)).astype(dtype)
    for table in tables(isa, dtype):
        found = moments(table, x)
        np.testing.assert_allclose(found[0], x.astype("float64").mean((0, 2)), rtol=TOLERANCE[dtype])
        rounding = 10 * TOLERANCE[dtype] + 1e-17 * abs(mean)  # of the means of parts, in double
        np.testing.assert_allclose(found[1], x.astype("float64").var((0, 2)), rtol=rounding)


def test_a_first_number_far_from_the_others(isa, dtype):
    x = noise(640, 3, 1, dtype=dtype)
    x[0] = 1e4
    for table in tables(isa, dtype):
        variance = moments(table, x)[1]
        np.testing.assert_allclose(variance, x.astype("float64").var((0, 2)), rtol=20 * TOLERANCE[dtype])


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
def test_parts_and_groups(isa, dtype, groups):
    x, per_part, parts, n = noise(50, 6, 1, dtype=dtype), 20, 3, 6
    shaped = x.astype("float64").reshape(50, groups, n // groups)
    for table in tables(isa, dtype):
        sums, mean, variance = np.empty((parts, 2, n)), np.empty(n, dtype), np.empty(n, dtype)
        for i in range(parts):
            piece = x[i * per_part : (i + 1) * per_part]
            table.channel_moments(sums[i], piece, *piece.shape)
        table.channel_statistics(mean, variance, sums, parts, per_part, 50, n, groups)
        assert_close(mean, np.repeat(shaped.mean((0, 2)), n // groups))
        assert_close(variance, np.repeat(shaped.var((0, 2)), n // groups), factor=4)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_affine(isa, dtype, shape):
    x, n = noise(*shape, dtype=dtype), shape[1]
    centre, scale, shift = (noise(n, 1, dtype=dtype, seed=i) for i in (1, 2, 3))
    for table in tables(isa, dtype):
        y = np.empty_like(x)
        table.channel_affine(y, x, centre, scale, shift, *shape)
        assert_close(y, (x.astype("float64") - centre) * scale + shift)
        table.channel_affine(y, x, None, scale, None, *shape)
        assert_close(y, x.astype("float64") * scale)


@pytest.mark.parametrize("shape", [(7, 5, 1), (3, 2, 9), (70, 1, 1), (66, 18, 1)], ids=str)
@pytest.mark.parametrize("groups", [1, None])
def test_gradient(isa, shape, groups):
    """Sums and slopes give the gradient that the chain rule gives, written out in NumPy."""
    outer, n, inner = shape
    groups = groups or n
    x, dy, gamma = noise(*shape), noise(*shape, seed=1), noise(n, seed=2)

    def over_group(values):
        sums = values.sum((0, 2)).reshape(groups, -1).sum(1)
        return np.repeat(sums / (outer * inner * n // groups), n // groups)[:, None]

    mean = over_group(x)
    variance = over_group((x - mean) ** 2)
    xhat, g = (x - mean) / np.sqrt(variance + EPSILON), dy * gamma[:, None]
    desired = (g - over_group(g) - xhat * over_group(g * xhat)) / np.sqrt(variance + EPSILON)
    for table in tables(isa, "float64"):
        sums, slopes, dx = np.empty((2, n)), np.empty((3, n)), np.empty_like(x)
        flat = np.ascontiguousarray(mean[:, 0])
        table.channel_sums(sums, dy, x, flat, *shape)
        table.channel_slopes(
            slopes, sums, np.ascontiguousarray(variance[:, 0]), gamma, outer * inner, n, groups, EPSILON
        )
        table.channel_gradient(dx, dy, x, flat, slopes, None, *shape)
        np.testing.assert_allclose(sums, [dy.sum((0, 2)), (dy * xhat).sum((0, 2))], rtol=1e-11, atol=1e-11)
        np.testing.assert_allclose(dx, desired, rtol=1e-11, atol=1e-11)


def test_moving_average(isa, dtype):
    moving, value = noise(37, dtype=dtype), noise(37, dtype=dtype, seed=1)
    desired = moving * 0.9 + value * 0.1
    Table(isa, dtype).moving_average(moving, value, 37, 0.9)
    assert_close(moving, desired)


def test_sums_are_added_in_their_order(isa, dtype):
    sums, dw = np.array([1.0, 1e-20, 1e20, 2.0, -1e20, 3.0]), np.ones(2, dtype)
    table = Table(isa, dtype)
    table.sum_parts(sums, 3, 2)
    assert sums[:2].tolist() == [0.0, 5.0]
    table.add_sums(dw, sums, 2, 1)
    assert dw.tolist() == [1.0, 6.0]
    table.add_sums(dw, sums, 2, 0)
    assert dw.tolist() == [0.0, 5.0]
