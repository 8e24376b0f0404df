"""Images turned at random, against NumPy: four gathered positions for each pixel, with their weights."""

import numpy as np
import pytest

from fastnn.layers import RandomFlip, RandomRotation

BATCH, TURN = 32, 0.1


def turned(x):
    """Every image by the same angle; at the edges the nearest pixel."""
    height, width = x.shape[1:3]
    i, j = np.meshgrid(*[np.arange(n) - (n - 1) / 2 for n in (height, width)], indexing="ij")
    c, s = np.cos(2 * np.pi * TURN), np.sin(2 * np.pi * TURN)
    row, column = s * j + c * i + (height - 1) / 2, c * j - s * i + (width - 1) / 2
    top, left = np.floor(row).astype(int), np.floor(column).astype(int)
    v, u = ((a - b).astype(x.dtype)[..., None] for a, b in ((row, top), (column, left)))
    r0, r1 = (top + k for k in (0, 1))
    q0, q1 = (left + k for k in (0, 1))
    r0, r1, q0, q1 = (np.clip(a, 0, n - 1) for a, n in ((r0, height), (r1, height), (q0, width), (q1, width)))
    return (x[:, r0, q0] * (1 - u) + x[:, r0, q1] * u) * (1 - v) + (
        x[:, r1, q0] * (1 - u) + x[:, r1, q1] * u
    ) * v


@pytest.mark.parametrize("shape", [(28, 28, 1), (96, 96, 3), (32, 32, 32)])
def test_rotation(versus, shape):
    x = np.random.default_rng(0).standard_normal((BATCH, *shape), "float32")
    layer = RandomRotation((TURN, TURN), "nearest")
    np.testing.assert_allclose(layer(x, training=True), turned(x), rtol=0, atol=1e-4)
    versus(f"rotation {BATCH} x {shape}", lambda: layer(x, training=True), lambda: turned(x))


@pytest.mark.parametrize("shape", [(28, 28, 1), (96, 96, 3)])
def test_flip(versus, shape):
    x = np.random.default_rng(0).standard_normal((BATCH, *shape), "float32")
    layer, generator = RandomFlip("horizontal", seed=0), np.random.default_rng(0)

    def theirs():
        return np.where(generator.random((BATCH, 1, 1, 1)) < 0.5, x[:, :, ::-1], x)

    y = layer(x, training=True)
    assert ((y == x) | (y == x[:, :, ::-1])).all()
    versus(f"flip {BATCH} x {shape}", lambda: layer(x, training=True), theirs)
