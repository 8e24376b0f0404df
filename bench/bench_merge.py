"""Sums and means of several inputs, against NumPy.

Both are bound by memory traffic. For n inputs, a sum of all of them reads n arrays and writes one; NumPy,
which adds two at a time, reads and writes the partial sums too: 3 (n - 1) arrays against n + 1.
"""

import numpy as np
import pytest

import fastnn
from fastnn import layers


def arrays(*shapes):
    rng = np.random.default_rng(0)
    return [rng.standard_normal(shape, "float32") for shape in shapes]


def add(xs):
    y = np.add(xs[0], xs[1])
    for x in xs[2:]:
        y += x
    return y


@pytest.mark.parametrize(("count", "rows"), [(2, 256), (4, 256), (4, 2048)])
def test_add(versus, count, rows):
    xs, layer = arrays(*[(rows, 1024)] * count), layers.Add()
    np.testing.assert_allclose(layer(xs), add(xs), rtol=1e-5, atol=1e-5)
    versus(f"add {count} of ({rows}, 1024)", lambda: layer(xs), lambda: add(xs))


def step(x, w, target):
    """A step of gradient descent of y = mean of x w_0, x w_1, x w_2 on the mean squared error."""
    y = x @ w[0]
    y += x @ w[1]
    y += x @ w[2]
    y -= 3 * target
    y *= np.float32(2 / 9 / y.size)
    gradient = x.T @ y
    return [one - gradient for one in w]


def test_average_step(versus):
    x, target = arrays((256, 128), (256, 128))
    start = fastnn.Input((128,))
    made = layers.Average()([layers.Dense(128, use_bias=False)(start) for _ in range(3)])
    model = fastnn.Model(start, made)
    model.compile(fastnn.optimizers.SGD(1.0), "mse")
    weights = model.get_weights()
    model.train_on_batch(x, target)
    for ours, theirs in zip(model.get_weights(), step(x, weights, target), strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-3, atol=1e-5)
    versus(
        "mean of three layers, step",
        lambda: model.train_on_batch(x, target),
        lambda: step(x, weights, target),
    )
