"""Losses and metrics of arrays, against NumPy."""

import numpy as np
import pytest

from fastnn import losses, metrics

EPSILON = np.float32(1e-7)


def data(shape):
    """One-hot labels and probabilities."""
    rng = np.random.default_rng(0)
    p = rng.random(shape, "float32") + np.float32(0.01)
    return np.eye(shape[1], dtype="float32")[rng.integers(0, shape[1], shape[0])], p / p.sum(1, keepdims=True)


def crossentropy(y, p):
    return -np.einsum("ij,ij->", y, np.log(np.clip(p, EPSILON, 1 - EPSILON))) / len(y)


def squared_error(y, p):
    error = p - y
    return np.vdot(error, error) / error.size


def log_cosh(y, p):
    error = p - y
    return np.mean(np.logaddexp(error, -error)) - np.log(np.float32(2))


def accuracy(y, p):
    return np.mean(y.argmax(1) == p.argmax(1))


def of_batch(metric):
    """The value of a metric for one batch."""

    def value(y, p):
        metric.reset_state()
        return metric(y, p)

    return value


CASES = {
    "mean squared error": (losses.MeanSquaredError(), squared_error),
    "log cosh": (losses.LogCosh(), log_cosh),
    "categorical cross-entropy": (losses.CategoricalCrossentropy(), crossentropy),
    "categorical accuracy": (of_batch(metrics.CategoricalAccuracy()), accuracy),
}


@pytest.mark.parametrize("shape", [(32, 10), (4096, 10), (256, 1000)])
@pytest.mark.parametrize("name", CASES)
def test_loss_metric(versus, name, shape):
    (function, theirs), (y, p) = CASES[name], data(shape)
    np.testing.assert_allclose(float(function(y, p)), theirs(y, p), rtol=1e-4, atol=1e-6)
    versus(f"{name} {shape}", lambda: function(y, p), lambda: theirs(y, p))
