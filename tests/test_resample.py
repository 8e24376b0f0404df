"""Resampling in C, and its tables of weights."""

from itertools import pairwise

import numpy as np
import pytest
from ctable import Resample, Table, Taps, pointer
from formulas import interpolation_matrix
from kernelcheck import assert_close, noise

from fastnn.kernels.ops import resample

METHODS = ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
SIZES = [(1, 1), (1, 9), (5, 1), (7, 7), (4, 12), (12, 4), (13, 5), (9, 31), (100, 3)]


def dense(first, start, weight, n):
    """The matrix of a table."""
    matrix = np.zeros((len(first), n))
    for i, row in enumerate(matrix):
        w = weight[start[i] : start[i + 1]]
        row[first[i] : first[i] + len(w)] = w
    return matrix


class Image:
    """The kernel between two sizes, `back` with the transposed tables."""

    def __init__(self, isa, dtype, x_shape, y_shape, method="bilinear", antialias=False, back=False):
        self.table = Table(isa, dtype)
        (h, w), (self.height, self.width) = x_shape, y_shape
        sides = [(h, self.height), (w, self.width)]
        if back:
            tables = [resample.transposed(*resample.taps(m, n, method, antialias), m) for n, m in sides]
        else:
            tables = [resample.taps(n, m, method, antialias) for n, m in sides]
        self.kept = [[a.astype(t) for a, t in zip(side, ("q", "q", dtype), strict=True)] for side in tables]
        self.x_width = w

    def __call__(self, x, parts=1):
        """The image computed in so many parts."""
        channels = x.shape[2]
        y = np.full((self.height, self.width, channels), np.nan, x.dtype)
        taps = [Taps(*map(pointer, side)) for side in self.kept]
        r = Resample(self.x_width, self.width, channels, *taps)
        workspace = np.full(self.table.resample_workspace(r), 255, "uint8")
        rows = np.linspace(0, self.height, parts + 1).astype(int)
        for begin, end in pairwise(rows):
            self.table.resample(y, x, int(begin), int(end), r, workspace)
        return y


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("method", METHODS)
def test_weights(method, antialias):
    for n, m in SIZES:
        matrix = dense(*resample.taps(n, m, method, antialias), n)
        np.testing.assert_allclose(matrix, interpolation_matrix(n, m, method, antialias), rtol=0, atol=1e-14)
        np.testing.assert_allclose(matrix.sum(1), 1, rtol=1e-14)


@pytest.mark.parametrize("antialias", [False, True])
@pytest.mark.parametrize("method", METHODS)
def test_transposed_weights(method, antialias):
    for n, m in SIZES:
        taps = resample.taps(n, m, method, antialias)
        np.testing.assert_array_equal(dense(*resample.transposed(*taps, n), m), dense(*taps, n).T)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5, 8, 9, 16, 17, 33])
@pytest.mark.parametrize(("x_shape", "y_shape"), [((5, 4), (11, 13)), ((19, 20), (6, 9)), ((1, 6), (1, 17))])
def test_images(isa, dtype, x_shape, y_shape, channels):
    x = noise(*x_shape, channels, dtype=dtype)
    rows, columns = (interpolation_matrix(n, m, "bicubic") for n, m in zip(x_shape, y_shape, strict=True))
    desired = np.einsum("ip,jq,pqc->ijc", rows, columns, x)
    for name in ("ref", isa):
        image = Image(name, dtype, x_shape, y_shape, "bicubic")
        assert_close(image(x), desired)
        np.testing.assert_array_equal(image(x, parts=3), image(x))


@pytest.mark.parametrize("channels", [1, 3, 17])
@pytest.mark.parametrize("method", METHODS)
def test_adjoint(isa, method, channels):
    x_shape, y_shape = (9, 14), (17, 5)
    x, y = noise(*x_shape, channels), noise(*y_shape, channels, seed=1)
    for name in ("ref", isa):
        forth = Image(name, "float64", x_shape, y_shape, method, antialias=True)
        back = Image(name, "float64", y_shape, x_shape, method, antialias=True, back=True)
        np.testing.assert_allclose((forth(x) * y).sum(), (x * back(y)).sum(), rtol=1e-12)


@pytest.mark.parametrize("channels", [1, 17])
def test_what_is_not_a_number_stays_where_it_counts(isa, dtype, channels):
    x = noise(6, 7, channels, dtype=dtype)
    x[2, 3] = np.nan
    y = Image(isa, dtype, (6, 7), (12, 14), "nearest")(x)
    np.testing.assert_array_equal(np.isnan(y), np.isnan(x).repeat(2, 0).repeat(2, 1))
