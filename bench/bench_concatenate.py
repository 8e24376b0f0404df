"""Concatenation, against NumPy."""

import numpy as np
import pytest

from fastnn.layers import Concatenate

CASES = {
    "concatenate channels": [(64, 32, 32, 32), (64, 32, 32, 64)],
    "concatenate 3 of few": [(4096, 10)] * 3,
}


@pytest.mark.parametrize("name", CASES)
def test_concatenate(versus, name):
    rng, layer = np.random.default_rng(0), Concatenate()
    xs = [rng.standard_normal(shape, "float32") for shape in CASES[name]]
    np.testing.assert_array_equal(layer(xs), np.concatenate(xs, -1))
    versus(name, lambda: layer(xs), lambda: np.concatenate(xs, -1))
