"""Slices of tensors, against NumPy's as contiguous arrays."""

import numpy as np
import pytest

import fastnn

SLICES = {
    "x[:, ::2]": lambda x: x[:, ::2],
    "x[:, -1]": lambda x: x[:, -1],
    "x[..., ::-1]": lambda x: x[..., ::-1],
}


@pytest.mark.parametrize("name", SLICES)
def test_slice(versus, name):
    function, shape = SLICES[name], (256, 64, 64)
    x = np.random.default_rng(0).standard_normal(shape, "float32")
    start = fastnn.Input(shape[1:])
    model = fastnn.Model(start, function(start))

    def theirs():
        return np.ascontiguousarray(function(x))

    np.testing.assert_array_equal(model(x), theirs())
    versus(name, lambda: model(x), theirs)
