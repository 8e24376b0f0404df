"""Transposing images between channels last and channels first, against NumPy's copy of a transposed view."""

import numpy as np
import pytest

from fastnn.layers import Permute


@pytest.mark.parametrize(
    ("shape", "dims"),
    [
        ((28, 28, 32), (3, 1, 2)),
        ((32, 28, 28), (2, 3, 1)),
        ((56, 56, 64), (3, 1, 2)),
        ((64, 56, 56), (2, 3, 1)),
        ((224, 224, 3), (3, 1, 2)),
        ((3, 224, 224), (2, 3, 1)),
    ],
)
def test_transpose(versus, shape, dims):
    x = np.random.default_rng(0).standard_normal((8, *shape), "float32")
    layer, axes = Permute(dims), (0, *dims)

    def theirs():
        return np.ascontiguousarray(x.transpose(axes))

    np.testing.assert_array_equal(layer(x), theirs())
    versus(f"transpose 8 x {shape} to {dims}", lambda: layer(x), theirs)
