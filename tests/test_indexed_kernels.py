"""Kernels that read and write through an index or an index map, against NumPy's indexing."""

import numpy as np
import pytest
from ctable import Table
from kernelcheck import SIZES, noise


def index_map(n, limit):
    return np.random.default_rng(n).integers(0, limit, n)


@pytest.mark.parametrize("limit", [1, 7, 300])
def test_gather(isa, dtype, limit):
    x = noise(limit, dtype=dtype)
    for n in SIZES:
        index, y = index_map(n, limit), np.full(n, np.nan, dtype)
        Table(isa, dtype).gather(y, x, index, n)
        assert np.array_equal(y, x[index])


@pytest.mark.parametrize("shared", [False, True])
def test_gather_multiply(isa, dtype, shared):
    m, factors = 3, 5
    factor = noise(m, factors, dtype=dtype)
    for n in SIZES:
        x, index, y = noise(m, n, dtype=dtype), index_map(n, factors), np.full((m, n), np.nan, dtype)
        Table(isa, dtype).gather_multiply(y, x, factor, index, m, n, 0 if shared else factors)
        assert np.array_equal(y, x * (factor[:1] if shared else factor)[:, index])


@pytest.mark.parametrize("limit", [1, 7, 300])
def test_scatter_add_is_one_sum_in_the_order_of_the_elements(isa, dtype, limit):
    for n in SIZES:
        x, index, y = noise(n, dtype=dtype), index_map(n, limit), noise(limit, dtype=dtype)
        desired = y.copy()
        np.add.at(desired, index, x)
        Table(isa, dtype).scatter_add(y, x, index, n)
        assert np.array_equal(y, desired)


@pytest.mark.parametrize("width", [0, 1, 3, 17])
def test_gather_rows(isa, dtype, width):
    x = noise(11, width, dtype=dtype)
    for m in SIZES:
        index, y = index_map(m, 11), np.full((m, width), np.nan, dtype)
        Table(isa, dtype).gather_rows(y, x, index, m, width * x.itemsize)
        assert np.array_equal(y, x[index])


def test_narrow_classes_keeps_what_is_out_of_range_out_of_range(isa, dtype):
    low, high = -(2**31), 2**31 - 1
    x = np.array([0, 9, -1, low, high, low - 1, high + 1, -(2**63), 2**63 - 1], np.int64)
    y = np.empty(x.size, np.int32)
    Table(isa, dtype).narrow_classes(y, x, x.size)
    assert np.array_equal(y, np.clip(x, low, high))


@pytest.mark.parametrize("epsilon", [0.0, 0.5])
def test_standardize_scale_and_its_inverse(isa, dtype, epsilon):
    mean, variance = noise(6, dtype=dtype), np.abs(noise(6, dtype=dtype)) + np.array(0.01, dtype)
    index = index_map(20, 6)
    deviation = np.maximum(np.sqrt(variance.astype(np.float64)), epsilon)[index]
    scale, shift = np.empty(20, dtype), np.empty(20, dtype)
    Table(isa, dtype).standardize_scale(scale, shift, mean, variance, index, 20, epsilon)
    assert np.array_equal(scale, (1 / deviation).astype(dtype))
    assert np.array_equal(shift, mean[index])
    Table(isa, dtype).destandardize_scale(scale, shift, mean, variance, index, 20, epsilon)
    assert np.array_equal(scale, deviation.astype(dtype))
    assert np.array_equal(shift, mean[index])


@pytest.mark.parametrize("width", [1, 7, 33])
def test_embedding_clear_sets_the_marked_rows_to_zero_and_forgets_them(isa, dtype, width):
    table, rows = Table(isa, dtype), 40
    index, touched = index_map(12, rows).astype(np.int32), np.zeros(rows, np.uint8)
    gradient = noise(rows, width, dtype=dtype)
    desired = gradient.copy()
    desired[index] = 0
    table.embedding_mark(touched, index, index.size)
    assert np.array_equal(np.flatnonzero(touched), np.unique(index))
    table.embedding_clear(gradient, touched, rows, width)
    assert np.array_equal(gradient, desired)
    assert not touched.any()
