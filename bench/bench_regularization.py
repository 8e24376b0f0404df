"""L1 and L2 penalties of weights and of outputs with their gradients, against NumPy."""

import numpy as np
import pytest

import fastnn
from fastnn.layers import ActivityRegularization, Dense

RATE, L1, L2 = np.float32(1e-6), np.float32(1e-4), np.float32(1e-3)


def make(**arguments):
    """A dense layer that is trained on a row of zeros, so that the penalty is all that moves its kernel."""
    model = fastnn.Sequential([fastnn.Input((1000,)), Dense(500, use_bias=False, **arguments)])
    model.compile(fastnn.optimizers.SGD(float(RATE)), "mse")
    return model


def test_weights(versus):
    """Time of the penalty alone: a step with it against the same step without it, and NumPy's lines."""
    x, y = np.zeros((1, 1000), "float32"), np.zeros((1, 500), "float32")
    model = make(kernel_regularizer=fastnn.regularizers.L1L2(float(L1), float(L2)))
    (w,) = model.get_weights()

    def theirs():
        penalty = L1 * np.abs(w).sum() + L2 * np.vdot(w, w)
        gradient = w * (2 * L2)
        gradient += L1 * np.sign(w)
        return penalty, w - RATE * gradient

    penalty, expected = theirs()
    np.testing.assert_allclose(model.train_on_batch(x, y), penalty, rtol=1e-4)
    np.testing.assert_allclose(model.get_weights()[0], expected, rtol=1e-5, atol=1e-7)
    versus("l1 and l2 of 500,000 weights, step", lambda: model.train_on_batch(x, y), theirs)


@pytest.mark.parametrize("shape", [(32, 128), (256, 1024)])
def test_outputs(versus, shape):
    x, y = np.random.default_rng(0).standard_normal((2, *shape), "float32")
    model = fastnn.Sequential([fastnn.Input(shape[1:]), ActivityRegularization(l1=float(L1), l2=float(L2))])
    model.compile(loss="mse")

    def theirs():
        return np.square(x - y).mean() + (L1 * np.abs(x).sum() + L2 * np.vdot(x, x)) / len(x)

    def ours():
        return model.evaluate(x, y, batch_size=len(x), verbose=0)

    np.testing.assert_allclose(ours(), theirs(), rtol=1e-4)
    versus(f"activity regularization {shape}, evaluate", ours, theirs)
