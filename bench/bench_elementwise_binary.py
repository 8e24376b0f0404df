"""Arithmetic of two inputs or of an input and a number, against NumPy."""

import numpy as np
import pytest

import fastnn

CASES = {
    "multiply by channel": (lambda a, b: a * b, [(64, 32, 32, 64), (64, 1, 1, 64)]),
    "multiply by pixel": (lambda a, b: a * b, [(64, 32, 32, 64), (64, 32, 32, 1)]),
    "divide": (lambda a, b: a / b, [(256, 1024)] * 2),
    "(2 x - 1)^2": (lambda x: (2 * x - 1) ** 2, [(256, 1024)]),
    "x^3": (lambda x: x**3, [(256, 256)]),
}


@pytest.mark.parametrize("name", CASES)
def test_arithmetic(versus, name):
    function, shapes = CASES[name]
    rng = np.random.default_rng(0)
    xs = [rng.standard_normal(shape, "float32") for shape in shapes]
    starts = [fastnn.Input(shape[1:]) for shape in shapes]
    model = fastnn.Model(starts, function(*starts))
    given = xs if len(xs) > 1 else xs[0]
    np.testing.assert_allclose(model(given), function(*xs), rtol=1e-5, atol=1e-6)
    versus(name, lambda: model(given), lambda: function(*xs))


def test_maximum(versus):
    rng, layer = np.random.default_rng(0), fastnn.layers.Maximum()
    xs = list(rng.standard_normal((2, 256, 1024), "float32"))
    np.testing.assert_array_equal(layer(xs), np.maximum(*xs))
    versus("maximum", lambda: layer(xs), lambda: np.maximum(*xs))
