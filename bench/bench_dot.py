"""Products of two inputs row by row, against NumPy."""

import numpy as np
import pytest

from fastnn.layers import Dot

CASES = {
    "dot of vectors": (1, [(1024, 128)] * 2, lambda a, b: np.einsum("ij,ij->i", a, b)[:, None]),
    "dot of short vectors": (1, [(4096, 16)] * 2, lambda a, b: np.einsum("ij,ij->i", a, b)[:, None]),
    "matrices times vectors": ((2, 1), [(256, 50, 64), (256, 64)], lambda a, b: (a @ b[..., None])[..., 0]),
    "vectors times matrices": (1, [(256, 64), (256, 64, 50)], lambda a, b: (a[:, None] @ b)[:, 0]),
    "dot of matrices": ((2, 1), [(64, 64, 64)] * 2, np.matmul),
    "dot along the last axes": (2, [(64, 48, 64), (64, 96, 64)], lambda a, b: a @ b.transpose(0, 2, 1)),
}


@pytest.mark.parametrize("name", CASES)
def test_dot(versus, name):
    axes, shapes, theirs = CASES[name]
    rng, layer = np.random.default_rng(0), Dot(axes)
    xs = [rng.standard_normal(shape, "float32") for shape in shapes]
    np.testing.assert_allclose(layer(xs), theirs(*xs), rtol=1e-4, atol=1e-4)
    versus(name, lambda: layer(xs), lambda: theirs(*xs))
