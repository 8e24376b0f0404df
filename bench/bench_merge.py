"""Layers of several inputs, against NumPy.

Sums and products of few operations move memory and nothing else. Bytes of rows of n values each: an n-ary sum
reads n and writes 1; NumPy, two at a time, reads and writes the partial sums too: 3 (n - 1) against n + 1.
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


CASES = {
    "add 2 of (256, 1024)": (layers.Add(), [(256, 1024)] * 2, add),
    "add 4 of (256, 1024)": (layers.Add(), [(256, 1024)] * 4, add),
    "add 4 of (2048, 1024)": (layers.Add(), [(2048, 1024)] * 4, add),
    "multiply by channel": (layers.Multiply(), [(64, 32, 32, 64), (64, 1, 1, 64)], lambda xs: xs[0] * xs[1]),
    "multiply by pixel": (layers.Multiply(), [(64, 32, 32, 64), (64, 32, 32, 1)], lambda xs: xs[0] * xs[1]),
    "maximum": (layers.Maximum(), [(256, 1024)] * 2, lambda xs: np.maximum(*xs)),
    "concatenate channels": (
        layers.Concatenate(),
        [(64, 32, 32, 32), (64, 32, 32, 64)],
        lambda xs: np.concatenate(xs, -1),
    ),
    "concatenate 3 of few": (layers.Concatenate(), [(4096, 10)] * 3, lambda xs: np.concatenate(xs, -1)),
    "dot of vectors": (
        layers.Dot(1),
        [(1024, 128)] * 2,
        lambda xs: np.einsum("ij,ij->i", *xs)[:, None],
    ),
    "dot of matrices": (layers.Dot((2, 1)), [(64, 64, 64)] * 2, lambda xs: xs[0] @ xs[1]),
    "dot along the last axes": (
        layers.Dot(2),
        [(64, 48, 64), (64, 96, 64)],
        lambda xs: xs[0] @ xs[1].transpose(0, 2, 1),
    ),
}


@pytest.mark.parametrize("name", CASES)
def test_merge(versus, name):
    layer, shapes, theirs = CASES[name]
    xs = arrays(*shapes)
    np.testing.assert_allclose(layer(xs), theirs(xs), rtol=1e-4, atol=1e-4)
    versus(name, lambda: layer(xs), lambda: theirs(xs))


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


EXPRESSIONS = {
    "(2 x - 1)^2": (lambda x: (2 * x - 1) ** 2, (256, 1024)),
    "x^3": (lambda x: x**3, (256, 256)),
    "x[:, ::2]": (lambda x: x[:, ::2], (256, 64, 64)),
}


@pytest.mark.parametrize("name", EXPRESSIONS)
def test_operators(versus, name):
    function, shape = EXPRESSIONS[name]
    (x,) = arrays(shape)
    start = fastnn.Input(shape[1:])
    model = fastnn.Model(start, function(start))

    def theirs():
        return np.ascontiguousarray(function(x))

    np.testing.assert_allclose(model(x), theirs(), rtol=1e-5, atol=1e-6)
    versus(name, lambda: model(x), theirs)
