"""Vectors for sets of categories, against NumPy."""

import numpy as np
import pytest

from fastnn.layers import CategoryEncoding


@pytest.mark.parametrize(("rows", "numbers", "depth"), [(32, 200, 10000), (256, 1, 10), (1024, 20, 1000)])
def test_multi_hot(versus, rows, numbers, depth):
    x = np.random.default_rng(0).integers(0, depth, (rows, numbers)).astype("float32")
    layer, every = CategoryEncoding(depth), np.arange(rows)[:, None]

    def theirs():
        y = np.zeros((rows, depth), "float32")
        y[every, x.astype(np.int32)] = 1
        return y

    np.testing.assert_array_equal(layer(x), theirs())
    versus(f"{numbers} of {depth} categories, {rows} rows", lambda: layer(x), theirs)
