"""Pooling layers, against NumPy on the windows of an image."""

import numpy as np
import pytest

from fastnn.layers import AveragePooling2D, GlobalAveragePooling2D, MaxPooling2D


def over_pairs(function, x):
    """The function of windows of 2 by 2: NumPy does it fastest between slices."""
    rows = function(x[:, ::2], x[:, 1::2])
    return function(rows[:, :, ::2], rows[:, :, 1::2])


def mean(a, b):
    return (a + b) * np.float32(0.5)


@pytest.mark.parametrize(("layer", "function"), [(MaxPooling2D(2), np.maximum), (AveragePooling2D(2), mean)])
@pytest.mark.parametrize(("rows", "side", "channels"), [(1, 24, 32), (32, 24, 32), (1, 112, 64), (8, 28, 8)])
def test_pooling(versus, rows, side, channels, layer, function):
    x = np.random.default_rng(0).standard_normal((rows, side, side, channels), "float32")
    np.testing.assert_allclose(layer(x), over_pairs(function, x), rtol=1e-5, atol=1e-6)
    versus(
        f"{type(layer).__name__}, {rows} x {side} x {side} x {channels}",
        lambda: layer(x),
        lambda: over_pairs(function, x),
    )


@pytest.mark.parametrize(("side", "channels"), [(7, 1024), (56, 64)])
def test_global_average(versus, side, channels):
    x = np.random.default_rng(0).standard_normal((8, side, side, channels), "float32")
    layer = GlobalAveragePooling2D()
    np.testing.assert_allclose(layer(x), x.mean((1, 2)), rtol=1e-4, atol=1e-5)
    versus(f"global average, 8 x {side} x {side} x {channels}", lambda: layer(x), lambda: x.mean((1, 2)))
