"""A depthwise convolution of 3 by 3 in the shapes of MobileNet, against NumPy tap by tap."""

import numpy as np
import pytest

from fastnn.layers import DepthwiseConv2D

SHAPES = [(112, 32, 1), (56, 128, 2), (14, 512, 1), (7, 1024, 1)]


def tap_by_tap(x, w, stride, out):
    """One multiplication and one addition over the whole image for each tap."""
    side = x.shape[1]
    spare = (out - 1) * stride + 3 - side
    x = np.pad(x, [(0, 0), *((spare // 2, spare - spare // 2),) * 2, (0, 0)])
    y = np.zeros((len(x), out, out, x.shape[-1]), x.dtype)
    for k, j in np.ndindex(3, 3):
        part = x[:, k : k + stride * out : stride, j : j + stride * out : stride]
        y += part[:, :out, :out] * w[k, j, :, 0]
    return y


@pytest.mark.parametrize("rows", [1, 8])
@pytest.mark.parametrize(("side", "channels", "stride"), SHAPES)
def test_depthwise(versus, rows, side, channels, stride):
    x = np.random.default_rng(0).standard_normal((rows, side, side, channels), "float32")
    layer = DepthwiseConv2D(3, stride, "same", use_bias=False)
    ours = layer(x)
    w, out = layer.get_weights()[0], ours.shape[1]
    np.testing.assert_allclose(ours, tap_by_tap(x, w, stride, out), rtol=1e-4, atol=1e-5)
    versus(
        f"depthwise 3 x 3, {rows} x {side} x {side} x {channels}, stride {stride}",
        lambda: layer(x),
        lambda: tap_by_tap(x, w, stride, out),
    )
