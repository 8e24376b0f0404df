"""Depthwise convolution in C: against taps in NumPy, and gradients by central differences."""

import numpy as np
import pytest
from ctable import INDEX, Depthwise, Table
from kernelcheck import assert_close, central_differences, noise

PAIR = INDEX * 2
# Height, width and channels; window, strides, dilation and zeros in front.
CASES = [
    ((5, 24, 16), (3, 3), (1, 1), (1, 1), (1, 1)),
    ((6, 23, 33), (3, 3), (2, 2), (1, 1), (0, 1)),
    ((7, 9, 3), (5, 2), (1, 1), (1, 1), (2, 0)),
    ((9, 31, 17), (3, 3), (1, 1), (2, 3), (2, 3)),
    ((8, 8, 100), (2, 2), (3, 4), (1, 1), (0, 0)),
    ((3, 2, 65), (7, 9), (1, 1), (1, 1), (3, 4)),
    ((11, 13, 9), (2, 3), (3, 2), (2, 4), (1, 4)),
]
each_case = pytest.mark.parametrize(("shape", "window", "stride", "dilation", "pad"), CASES, ids=str)


def structure(shape, window, stride, dilation, pad):
    """The structure of a case, with as many results as begin before the far edge."""
    terms = zip(shape, window, stride, dilation, pad, strict=False)
    outputs = [(n + 2 * p - (w - 1) * d - 1) // s + 1 for n, w, s, d, p in terms]
    return Depthwise(*shape, *outputs, PAIR(*window), PAIR(*stride), PAIR(*dilation), PAIR(*pad))


def sources(d, x):
    """For each tap: the part of the zero-padded x under it, of the shape of the output."""
    far = [d.stride[i] * ([d.out_height, d.out_width][i]) + (d.window[i] - 1) * d.dilation[i] for i in (0, 1)]
    wide = np.zeros((max(far[0], d.pad[0] + d.height), max(far[1], d.pad[1] + d.width), d.channels))
    wide[d.pad[0] : d.pad[0] + d.height, d.pad[1] : d.pad[1] + d.width] = x
    for k, j in np.ndindex(*d.window):
        part = wide[k * d.dilation[0] :: d.stride[0], j * d.dilation[1] :: d.stride[1]]
        yield (k, j), part[: d.out_height, : d.out_width]


def forward(table, d, x, w, bias, lowest=-np.inf):
    y = np.full((d.out_height, d.out_width, d.channels), np.nan, table.dtype)
    table.depthwise_forward(y, x, w, bias, lowest, d, 0, d.out_height)
    return y


@each_case
def test_forward(isa, dtype, shape, window, stride, dilation, pad):
    d = structure(shape, window, stride, dilation, pad)
    x, w, bias = (
        noise(*shape, dtype=dtype),
        noise(*window, shape[2], dtype=dtype),
        noise(shape[2], dtype=dtype),
    )
    desired = bias + sum(w[at].astype("float64") * part for at, part in sources(d, x))
    for table in (Table("ref", dtype), Table(isa, dtype)):
        assert_close(forward(table, d, x, w, bias), desired, factor=2)
        assert_close(forward(table, d, x, w, None, 0.0), np.maximum(desired - bias, 0), factor=2)


@each_case
def test_gradients(isa, shape, window, stride, dilation, pad):
    shape = (*shape[:2], 2)
    d = structure(shape, window, stride, dilation, pad)
    x, w, bias, dy = noise(*shape), noise(*window, 2), noise(2), noise(d.out_height, d.out_width, 2, seed=1)
    for table in (Table("ref", "float64"), Table(isa, "float64")):

        def value(x=x, w=w, bias=bias, table=table):
            return (dy * forward(table, d, x, w, bias)).sum()

        dx, dw, db = np.full(x.shape, np.nan), np.ones(w.shape), np.ones(2)
        table.depthwise_backward(dx, dy, w, d, 0, d.height)
        table.depthwise_weights(dw, db, x, dy, d)
        for gradient, variable, name in ((dx, x, "x"), (dw - 1, w, "w"), (db - 1, bias, "bias")):
            desired = central_differences(lambda v, name=name: value(**{name: v}), variable)
            np.testing.assert_allclose(gradient, desired, rtol=1e-6, atol=1e-7)


@each_case
def test_backward_is_that_of_the_textbook(isa, dtype, shape, window, stride, dilation, pad):
    d = structure(shape, window, stride, dilation, pad)
    x, w = noise(*shape, dtype=dtype), noise(*window, shape[2], dtype=dtype)
    dy = noise(d.out_height, d.out_width, shape[2], dtype=dtype, seed=1)
    results = []
    for table in (Table("ref", dtype), Table(isa, dtype)):
        dx, dw, db = np.empty_like(x), np.zeros_like(w), np.zeros(shape[2], dtype)
        table.depthwise_backward(dx, dy, w, d, 0, d.height)
        table.depthwise_weights(dw, db, x, dy, d)
        results.append((dx, dw, db))
    for desired, actual in zip(*results, strict=True):
        assert_close(actual, desired, factor=4)


def test_what_is_not_a_number_spoils_its_windows_only(isa, dtype):
    d = structure((9, 9, 20), (3, 3), (1, 1), (1, 1), (1, 1))
    x, w = noise(9, 9, 20, dtype=dtype), noise(3, 3, 20, dtype=dtype)
    x[4, 4, 3] = np.nan
    y = forward(Table(isa, dtype), d, x, w, None, 0.0)
    spoilt = np.zeros(y.shape, bool)
    spoilt[3:6, 3:6, 3] = True
    np.testing.assert_array_equal(np.isnan(y), spoilt)


@pytest.mark.parametrize("times", [2, 3, 4])
def test_repeated_channels(isa, dtype, times):
    table, x = Table(isa, dtype), noise(37, dtype=dtype)
    y, dx = np.empty(37 * times, dtype), np.empty_like(x)
    table.repeat_channels(y, x, 37, times)
    np.testing.assert_array_equal(y, np.repeat(x, times))
    dy = noise(37, times, dtype=dtype)
    table.sum_repeated(dx, dy, 37, times)
    assert_close(dx, dy.astype("float64").sum(1))
