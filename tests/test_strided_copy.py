"""Boxes copied in C, by any strides, and windows of images that reach beyond them."""

import numpy as np
import pytest
from ctable import Table
from kernelcheck import noise
from numpy.lib.stride_tricks import as_strided

BOXES = [  # sizes, strides in y, strides in x
    ((3, 40), (50, 1), (40, 1)),
    ((40, 3), (5, 1), (3, 1)),
    ((4, 19), (19, 1), (1, 0)),
    ((33, 70), (70, 1), (1, 33)),
    ((70, 33), (1, 72), (33, 1)),
    ((3, 100), (100, 1), (1, 3)),
    ((100, 3), (3, 1), (1, 100)),
    ((5, 7), (14, 2), (3, 20)),
    ((2, 17, 18), (18, 36, 1), (17, 1, 34)),
    ((2, 3, 4, 5), (60, 20, 5, 1), (1, 2, 6, 24)),
    ((0, 4), (4, 1), (4, 1)),
    ((4, 0), (4, 1), (4, 1)),
]


def extent(sizes, strides):
    return 1 + sum(max(n - 1, 0) * stride for n, stride in zip(sizes, strides, strict=True))


def box(array, sizes, strides):
    """The box as a view of a flat array."""
    return as_strided(array, sizes, [stride * array.itemsize for stride in strides])


@pytest.mark.parametrize("case", BOXES, ids=str)
def test_boxes(isa, dtype, case):
    sizes, y_strides, x_strides = (np.array(numbers, np.int64) for numbers in case)
    x = noise(extent(sizes, x_strides), dtype=dtype)
    x[::5] = np.nan
    for table in (Table("ref", dtype), Table(isa, dtype)):
        y = noise(extent(sizes, y_strides), dtype=dtype, seed=1)
        desired = y.copy()
        box(desired, sizes, y_strides)[...] = box(x, sizes, x_strides)
        table.strided_copy(y, x, len(sizes), sizes, y_strides, x_strides)
        np.testing.assert_array_equal(y, desired)
