"""Intervals, against NumPy's search."""

import numpy as np
import pytest

from fastnn.layers import Discretization


@pytest.mark.parametrize(("bins", "size"), [(10, 1000), (100, 1000), (10, 100_000), (500, 100_000)])
def test_discretization(versus, bins, size):
    random = np.random.default_rng(0)
    x = random.standard_normal((1, size), "float32")
    bounds = np.sort(random.standard_normal(bins).astype("float32"))
    layer = Discretization(bounds.tolist())

    def theirs():
        return np.digitize(x, bounds)

    np.testing.assert_array_equal(layer(x), theirs())
    versus(f"{bins} bounds, {size} numbers", lambda: layer(x), theirs)
