"""One time step of a stream: from Python, against the same step in NumPy and against a call of the model."""

import numpy as np
import pytest

import fastnn
from fastnn.bench.measure import alternate, clock, ratio
from fastnn.layers import GRU, LSTM, Dense, Input, SimpleRNN

ROUNDS, TURN = 7, 0.03
FEATURES = 8


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class Step:
    """LSTM and a dense layer, one step at a time, in NumPy."""

    def __init__(self, weights):
        self.weights = weights
        self.h = self.c = np.zeros(len(weights[1]), "float32")

    def __call__(self, x):
        w, u, b, v, d = self.weights
        i, f, g, o = np.split(x @ w + self.h @ u + b, 4)
        self.c = sigmoid(f) * self.c + sigmoid(i) * np.tanh(g)
        self.h = sigmoid(o) * np.tanh(self.c)
        return self.h @ v + d


@pytest.fixture(params=[SimpleRNN, LSTM, GRU], ids=lambda layer: layer.__name__)
def model(request):
    fastnn.utils.set_random_seed(1)
    return fastnn.Sequential([Input((None, FEATURES)), request.param(50), Dense(1)])


def test_step(figure, model):
    x = np.random.default_rng(1).standard_normal((100, FEATURES)).astype("float32")
    stream, out = model.stream(), np.empty(1, "float32")
    for x_t in x:
        stream.step(x_t, out)
    np.testing.assert_array_equal(out, model(x[None])[0])
    label = f"{type(model.layers[0]).__name__}(50) on {FEATURES} inputs, Dense(1)"
    x_t, one = x[0], x[:1, None].copy()
    sides = {
        "step": lambda: stream.step(x_t),
        "out": lambda: stream.step(x_t, out),
        "model": lambda: model(one),
    }
    if isinstance(model.layers[0], LSTM):
        loop = Step(model.get_weights())
        for step in x:
            y = loop(step)
        np.testing.assert_allclose(out, y, atol=1e-5)
        sides["numpy"] = lambda: loop(x_t)
    times = alternate(sides, ROUNDS, TURN, clock(1))
    microsecond = [1e-6] * ROUNDS
    figure(f"{label}: step", ratio(times["step"], microsecond), "us", at_most=3)
    figure(f"{label}: step with out", ratio(times["out"], microsecond), "us", at_most=3)
    figure(f"{label}: step", ratio(times["model"], times["step"]), "x model(x) of one step")
    if "numpy" in times:
        figure(f"{label}: step", ratio(times["numpy"], times["step"]), "x NumPy")
