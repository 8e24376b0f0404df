"""`AlphaDropout`: mean 0 and variance 1 stay, and what is dropped is what selu saturates at."""

import numpy as np
import pytest
from harness import check_layer
from kernelcheck import noise

import fastnn
from fastnn.layers import AlphaDropout, Dense, Dropout

SATURATION = -1.7580993408473766


@pytest.mark.parametrize("noise_shape", [None, (None, 1, None)])
def test_alpha_dropout(noise_shape):
    arguments = {"rate": 0.4, "noise_shape": noise_shape, "seed": 3}
    check_layer(AlphaDropout, arguments, (2, 3, 5), (2, 3, 5), 0, oracle=lambda x: x)


@pytest.mark.parametrize("rate", [0.1, 0.5, 0.9])
@pytest.mark.parametrize("noise_shape", [None, (None, 1)])
def test_the_map_of_klambauer(isa, dtype, rate, noise_shape):
    x = noise(300, 40, dtype=dtype)
    kept = Dropout(rate, noise_shape, seed=1, dtype=dtype)(np.ones_like(x), training=True) != 0
    a = ((1 - rate) * (1 + rate * SATURATION**2)) ** -0.5
    expected = a * np.where(kept, x.astype("float64"), SATURATION) - a * rate * SATURATION
    y = AlphaDropout(rate, noise_shape, seed=1, dtype=dtype)(x, training=True)
    np.testing.assert_allclose(y, expected, rtol=0, atol={"float32": 3e-6, "float64": 1e-14}[dtype])


@pytest.mark.parametrize("rate", [0.05, 0.3, 0.6])
def test_mean_and_variance_stay(rate):
    y = AlphaDropout(rate, seed=1)(noise(400, 500), training=True)
    assert abs(y.mean()) < 0.01
    assert abs(y.var() - 1) < 0.02


def test_what_is_dropped_gets_no_gradient():
    layers = [Dense(100, kernel_initializer="ones"), AlphaDropout(0.75, seed=2)]
    model = fastnn.Sequential([fastnn.Input((1,)), *layers])
    model.compile(fastnn.optimizers.SGD(1.0), "mse")
    model.train_on_batch(np.ones((1, 1)), np.zeros((1, 100)))
    kept = Dropout(0.75, seed=2)(np.ones((1, 100)), training=True)[0] != 0
    assert np.array_equal(layers[0].kernel.numpy()[0] != 1, kept)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="rate: .*1.5"):
        AlphaDropout(1.5)
    with pytest.raises(ValueError, match="noise_shape: "):
        AlphaDropout(0.5, noise_shape=(None, 2, 3))(np.ones((2, 3)))
