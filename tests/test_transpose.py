"""Permutations of a row's axes as boxes: as few dimensions as they take, in the order that kernels like."""

from itertools import permutations

import numpy as np
import pytest
from numpy.lib.stride_tricks import as_strided

from fastnn.kernels.ops import transpose


@pytest.mark.parametrize(
    ("shape", "axes", "box"),
    [
        ((), (), [[], [], []]),
        ((5,), (0,), [[5], [1], [1]]),
        ((3, 4, 5), (0, 1, 2), [[60], [1], [1]]),
        ((3, 4, 1), (2, 0, 1), [[12], [1], [1]]),
        ((4, 5, 3), (2, 0, 1), [[3, 20], [20, 1], [1, 3]]),
        ((3, 4, 5), (1, 2, 0), [[20, 3], [3, 1], [1, 20]]),
        ((3, 4, 5), (1, 0, 2), [[4, 3, 5], [15, 5, 1], [5, 20, 1]]),
        ((3, 4, 5), (2, 1, 0), [[4, 5, 3], [3, 12, 1], [5, 1, 20]]),
    ],
)
def test_box(shape, axes, box):
    np.testing.assert_array_equal(transpose.box_of(shape, axes), box)


@pytest.mark.parametrize("shape", [(2, 3, 4, 5), (1, 3, 1, 2), (2, 2, 2, 2, 2)])
def test_every_permutation(shape):
    x = np.arange(np.prod(shape))
    for axes in permutations(range(len(shape))):
        sizes, to, source = transpose.box_of(shape, axes)
        y = np.full_like(x, -1)
        as_strided(y, sizes, to * y.itemsize)[...] = as_strided(x, sizes, source * x.itemsize)
        np.testing.assert_array_equal(y, x.reshape(shape).transpose(axes).ravel())
