"""Images of another size, against NumPy: gathered rows and columns, or two products with matrices."""

import numpy as np
import pytest

from fastnn.kernels.ops import resample
from fastnn.layers import Resizing, UpSampling2D

BATCH = 8


def matrix(n, m, interpolation, antialias):
    """The weights of m results over n inputs."""
    first, start, weight = resample.taps(n, m, interpolation, antialias)
    w = np.zeros((m, n), "float32")
    for i in range(m):
        count = start[i + 1] - start[i]
        w[i, first[i] : first[i] + count] = weight[start[i] : start[i + 1]]
    return w


@pytest.mark.parametrize("shape", [(56, 56, 64), (14, 14, 256), (112, 112, 3)])
def test_upsampling(versus, shape):
    x = np.random.default_rng(0).standard_normal((BATCH, *shape), "float32")
    layer = UpSampling2D(2)

    def theirs():
        return x.repeat(2, axis=1).repeat(2, axis=2)

    np.testing.assert_array_equal(layer(x), theirs())
    versus(f"upsampling 2 x 2 of {BATCH} x {shape}", lambda: layer(x), theirs)


@pytest.mark.parametrize(
    ("shape", "size", "interpolation", "antialias"),
    [
        ((56, 56, 64), (112, 112), "bilinear", False),
        ((375, 500, 3), (224, 224), "bilinear", False),
        ((375, 500, 3), (224, 224), "lanczos3", True),
        ((28, 28, 1), (32, 32), "bicubic", False),
    ],
)
def test_resizing(versus, shape, size, interpolation, antialias):
    x = np.random.default_rng(0).standard_normal((BATCH, *shape), "float32")
    layer = Resizing(*size, interpolation, antialias=antialias)
    rows, columns = (matrix(n, m, interpolation, antialias) for n, m in zip(shape, size, strict=False))

    def theirs():
        return columns @ (rows @ x.reshape(BATCH, shape[0], -1)).reshape(BATCH, size[0], *shape[1:])

    np.testing.assert_allclose(layer(x), theirs(), rtol=0, atol=1e-4)
    versus(f"{interpolation} {BATCH} x {shape} to {size}", lambda: layer(x), theirs)
