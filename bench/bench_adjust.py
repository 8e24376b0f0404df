"""Random contrast and brightness of images, against NumPy with the same draws."""

import numpy as np
import pytest

import fastnn
from fastnn.layers import RandomBrightness, RandomContrast


def trained(layer, x):
    """A model of the layer, called as in training."""
    model = fastnn.Sequential([fastnn.Input(x.shape[1:]), layer])
    return lambda: np.asarray(model(x, training=True))


def contrast(x):
    mean = x.mean((1, 2), keepdims=True)
    return np.clip((x - mean) * np.float32(1.0) + mean, 0, 255)


def brightness(x):
    return np.clip(x + np.float32(0.0), 0, 255)


@pytest.mark.parametrize("rows", [1, 64])
@pytest.mark.parametrize(("cls", "theirs"), [(RandomContrast, contrast), (RandomBrightness, brightness)])
def test_adjust(versus, cls, theirs, rows):
    x = np.random.default_rng(0).uniform(0, 255, (rows, 32, 32, 3)).astype("float32")
    # A range of nearly nothing: each image has a draw of its own, and yet the expected values are known.
    ours = trained(cls(1e-7, value_range=(0, 255)), x)
    np.testing.assert_allclose(ours(), theirs(x), rtol=1e-3, atol=1e-2)
    versus(f"{cls.__name__} of {rows} images", ours, lambda: theirs(x))
