"""Rows of a table by their numbers, and a step that changes them, against NumPy."""

import numpy as np
import pytest

import fastnn
from fastnn.layers import Embedding

SHAPES = [(32, 100, 10_000, 64), (256, 100, 10_000, 16), (1, 100, 10_000, 64)]  # rows, steps, table, width


def indices(rows, steps, size):
    return np.random.default_rng(0).integers(0, size, (rows, steps)).astype("float32")


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_embedding(versus, shape):
    rows, steps, size, width = shape
    x, layer = indices(rows, steps, size), Embedding(size, width)

    def theirs():
        return np.take(table, x.astype("int32"), axis=0)

    layer(x)
    (table,) = layer.get_weights()
    np.testing.assert_array_equal(layer(x), theirs())
    versus(f"embedding {rows} x {steps} of {size} x {width}", lambda: layer(x), theirs)


def step(x, y, table):
    """A step of gradient descent on the mean squared error, in place."""
    index = x.astype("int32")
    dy = np.take(table, index, axis=0)
    dy -= y
    dy *= np.float32(2 / y.size)
    np.subtract.at(table, index, dy)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_embedding_step(versus, shape):
    rows, steps, size, width = shape
    x = indices(rows, steps, size)
    y = np.random.default_rng(1).standard_normal((rows, steps, width), "float32")
    model = fastnn.Sequential([fastnn.Input((steps,)), Embedding(size, width)])
    model.compile(fastnn.optimizers.SGD(1.0), "mse")
    (table,) = model.get_weights()
    model.train_on_batch(x, y)
    step(x, y, table)
    np.testing.assert_allclose(model.get_weights()[0], table, rtol=1e-4, atol=1e-6)
    label = f"embedding {rows} x {steps} of {size} x {width} step"
    versus(label, lambda: model.train_on_batch(x, y), lambda: step(x, y, table))
