"""The C kernels that normalise each row by itself."""

import numpy as np
import pytest
from ctable import Table
from kernelcheck import SIZES, TOLERANCE, assert_close, central_differences, noise

SHAPES = [*[(3, n) for n in SIZES[1::2]], (0, 3), (70, 5), (2, 5000)]
EPSILON = 1e-3

each_kind = pytest.mark.parametrize("centered", [True, False], ids=["mean", "rms"])


def layer_norm(x, gamma=1, beta=0, centered=True):
    """The definition, in NumPy; also what has been taken off and multiplied by."""
    x = x.astype("float64")
    mean = x.mean(1, keepdims=True) if centered else np.zeros((len(x), 1))
    inverse = 1 / np.sqrt(((x - mean) ** 2).mean(1, keepdims=True) + EPSILON)
    return (x - mean) * inverse * gamma + beta, mean[:, 0], inverse[:, 0]


def forward(table, x, gamma=None, beta=None, centered=True):
    y, inverse = np.empty_like(x), np.empty(len(x), x.dtype)
    mean = np.empty(len(x), x.dtype) if centered else None
    table.layer_norm_forward(y, mean, inverse, x, gamma, beta, *x.shape, EPSILON)
    return y, mean, inverse


@each_kind
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_forward(isa, dtype, shape, centered):
    x = noise(*shape, dtype=dtype, spread=3.0)
    gamma, beta = noise(shape[1], dtype=dtype, seed=1), noise(shape[1], dtype=dtype, seed=2)
    y, mean, inverse = layer_norm(x, gamma, beta, centered)
    plain = layer_norm(x, centered=centered)[0]
    for table in (Table("ref", dtype), Table(isa, dtype)):
        found = forward(table, x, gamma, beta, centered)
        assert_close(found[0], y, factor=4)
        assert_close(found[2], inverse, factor=2)
        if centered:
            assert_close(found[1], mean)
        assert_close(forward(table, x, centered=centered)[0], plain, factor=4)


@pytest.mark.parametrize("n", [5, 100, 5000])
def test_nothing_cancels_far_from_zero(isa, dtype, n):
    x = (1e4 + noise(4, n)).astype(dtype)
    for table in (Table("ref", dtype), Table(isa, dtype)):
        inverse = forward(table, x)[2]
        np.testing.assert_allclose(inverse, layer_norm(x)[2], rtol=4 * TOLERANCE[dtype])


@each_kind
@pytest.mark.parametrize("shape", [(2, 3), (3, 7), (1, 18), (2, 37)], ids=str)
def test_gradient(isa, shape, centered):
    x, dy, gamma = noise(*shape), noise(*shape, seed=1), noise(shape[1], seed=2)

    def value(x, gamma=gamma):
        return (dy * layer_norm(x, gamma, 0, centered)[0]).sum()

    for table in (Table("ref", "float64"), Table(isa, "float64")):
        _, mean, inverse = forward(table, x, gamma, None, centered)
        dx, sums = np.empty_like(x), np.ones((2, shape[1]))
        table.layer_norm_backward(dx, sums, dy, x, mean, inverse, gamma, *shape)
        np.testing.assert_allclose(dx, central_differences(value, x), rtol=1e-5, atol=1e-8)
        dgamma = central_differences(lambda gamma: value(x, gamma), gamma)
        np.testing.assert_allclose(sums - 1, [dy.sum(0), dgamma], rtol=1e-5, atol=1e-8)


@each_kind
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_instruction_sets_agree_backward(isa, dtype, shape, centered):
    x, dy = noise(*shape, dtype=dtype), noise(*shape, dtype=dtype, seed=1)
    gamma = noise(shape[1], dtype=dtype, seed=2)
    _, mean, inverse = forward(Table("ref", dtype), x, gamma, None, centered)
    results = []
    for table in (Table("ref", dtype), Table(isa, dtype)):
        dx, sums = np.empty_like(x), np.zeros((2, shape[1]))
        table.layer_norm_backward(dx, sums, dy, x, mean, inverse, gamma, *shape)
        results.append((dx, sums))
    assert_close(results[1][0], results[0][0], factor=8)
    tolerance = 8 * TOLERANCE[dtype]
    np.testing.assert_allclose(results[1][1], results[0][1], rtol=tolerance, atol=tolerance)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_unit_norm(isa, dtype, shape):
    x = noise(*shape, dtype=dtype)
    x[::2] = 0
    for table in (Table("ref", dtype), Table(isa, dtype)):
        y, inverse = np.empty_like(x), np.empty(len(x), dtype)
        table.unit_norm_forward(y, inverse, x, *shape, 1e12)
        norm = np.maximum(1e-12, np.linalg.norm(x.astype("float64"), axis=1, keepdims=True))
        assert_close(y, x / norm)
        assert (inverse[::2] == np.array(1e12, dtype)).all()


@pytest.mark.parametrize("most", [1e12, 0.3])
def test_unit_norm_gradient(isa, most):
    x, dy = noise(3, 7), noise(3, 7, seed=1)
    x[1] *= 5

    def value(x):
        return (dy * x * np.minimum(most, 1 / np.linalg.norm(x, axis=1, keepdims=True))).sum()

    for table in (Table("ref", "float64"), Table(isa, "float64")):
        y, inverse, dx = np.empty_like(x), np.empty(3), np.empty_like(x)
        table.unit_norm_forward(y, inverse, x, 3, 7, most)
        table.unit_norm_backward(dx, dy, y, inverse, 3, 7, most)
        np.testing.assert_allclose(dx, central_differences(value, x), rtol=1e-5, atol=1e-8)


def test_not_a_number_spoils_its_row(isa, dtype):
    x = noise(3, 20, dtype=dtype)
    x[1, 3] = np.nan
    table = Table(isa, dtype)
    y = forward(table, x)[0]
    unit, inverse = np.empty_like(x), np.empty(3, dtype)
    table.unit_norm_forward(unit, inverse, x, 3, 20, 1e12)
    for result in (y, unit):
        assert np.isnan(result[1]).all()
        assert not np.isnan(result[[0, 2]]).any()
