"""Recurrent layers: against a NumPy loop, the share of the peak by size, and numbers that decay."""

import numpy as np
import pytest

import fastnn
from fastnn.bench.measure import alternate, clock, ratio
from fastnn.bench.peak import Peak
from fastnn.layers import GRU, LSTM, Dense, SimpleRNN

LAYERS = {"SimpleRNN": (SimpleRNN, 1, 1), "LSTM": (LSTM, 4, 8), "GRU": (GRU, 3, 8)}
UNITS, STEPS, ROWS = 50, 100, 32
SIZES = [
    *((units, 100, 32) for units in (16, 32, 64, 128, 256, 512)),
    *((50, steps, 32) for steps in (1, 10, 1000)),
    *((50, 100, rows) for rows in (1, 4, 8, 16, 64, 256)),
]
ROUNDS, TURN = 5, 0.03


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


class Loop:
    """SimpleRNN or LSTM and a dense layer in NumPy, one step after the other, and gradient descent.

    Parameters
    ----------
    weights : list of ndarray
        W, U and b, then those of the dense layer.
    """

    def __init__(self, weights):
        self.weights = [w.copy() for w in weights]
        self.units = len(weights[1])
        self.lstm = weights[0].shape[1] == 4 * self.units

    def forward(self, x):
        """The output, and what backward needs of each step."""
        w, u, b, v, d = self.weights
        n, h, c = self.units, np.zeros((len(x), self.units), x.dtype), np.zeros((len(x), self.units), x.dtype)
        projected, kept = x @ w + b, []
        for t in range(x.shape[1]):
            z = projected[:, t] + h @ u
            if self.lstm:
                gates = sigmoid(z)
                gates[:, 2 * n : 3 * n] = np.tanh(z[:, 2 * n : 3 * n])
                before, c = (h, c), gates[:, n : 2 * n] * c + gates[:, :n] * gates[:, 2 * n : 3 * n]
                squashed = np.tanh(c)
                kept.append((before, gates, squashed))
                h = gates[:, 3 * n :] * squashed
            else:
                kept.append((h, None, None))
                h = np.tanh(z)
        return h @ v + d, h, kept

    def train(self, x, y, rate=0.01):
        """A step on the mean squared error."""
        w, u, b, v, _ = self.weights
        out, last, kept = self.forward(x)
        slope = 2 * (out - y) / y.size
        gradients = [np.zeros_like(w), np.zeros_like(u), np.zeros_like(b), last.T @ slope, slope.sum(0)]
        h, dh, dc = last, slope @ v.T, 0
        for t in range(x.shape[1] - 1, -1, -1):
            before, gates, squashed = kept[t]
            if self.lstm:
                before, c = before
                i, f, g, o = np.split(gates, 4, axis=1)
                dc = dc + dh * o * (1 - squashed**2)
                dz = np.concatenate(
                    [
                        dc * g * i * (1 - i),
                        dc * c * f * (1 - f),
                        dc * i * (1 - g * g),
                        dh * squashed * o * (1 - o),
                    ],
                    1,
                )
                dc = dc * f
            else:
                dz = dh * (1 - h * h)
            gradients[0] += x[:, t].T @ dz
            gradients[1] += before.T @ dz
            gradients[2] += dz.sum(0)
            dh, h = dz @ u.T, before
        for weight, gradient in zip(self.weights, gradients, strict=True):
            weight -= rate * gradient


def make(name, units=UNITS, steps=STEPS, rows=ROWS):
    """A model, its input and targets."""
    cls, _, inputs = LAYERS[name]
    fastnn.utils.set_random_seed(1)
    model = fastnn.Sequential([cls(units, input_shape=(steps, inputs)), Dense(1)])
    model.compile(fastnn.optimizers.SGD(0.01), "mse")
    rng = np.random.default_rng(1)
    x = rng.standard_normal((rows, steps, inputs)).astype("float32")
    return model, x, rng.standard_normal((rows, 1)).astype("float32")


def flops(name, units, steps, rows):
    """Multiply-adds of the products forward, times two; a training step has three times as many."""
    _, gates, inputs = LAYERS[name]
    return 2.0 * rows * steps * gates * units * (units + inputs)


@pytest.fixture(params=["SimpleRNN", "LSTM"])
def pair(request):
    """A model and the same in NumPy, which compute and learn the same; input and targets."""
    model, x, y = make(request.param)
    loop = Loop(model.get_weights())
    np.testing.assert_allclose(model(x), loop.forward(x)[0], atol=1e-5)
    model.train_on_batch(x, y)
    loop.train(x, y)
    for ours, theirs in zip(model.get_weights(), loop.weights, strict=True):
        np.testing.assert_allclose(ours, theirs, atol=1e-5)
    return f"{request.param}({UNITS}) on {x.shape[1:]}", model, loop, x, y


def test_training_step(versus, pair):
    label, model, loop, x, y = pair
    versus(
        f"{label}: training step on {ROWS} rows",
        lambda: model.train_on_batch(x, y),
        lambda: loop.train(x, y),
        at_least=10,
    )


@pytest.mark.parametrize("rows", [1, ROWS])
def test_predict(versus, pair, rows):
    label, model, loop, x, _ = pair
    x = x[:rows].copy()
    versus(f"{label}: predict {rows}", lambda: model(x), lambda: loop.forward(x))


def test_gru_against_lstm(figure):
    gru, x, y = make("GRU")
    lstm, _, _ = make("LSTM")
    for label, sides in (
        (
            "training step",
            {"gru": lambda: gru.train_on_batch(x, y), "lstm": lambda: lstm.train_on_batch(x, y)},
        ),
        ("predict", {"gru": lambda: gru(x), "lstm": lambda: lstm(x)}),
    ):
        times = alternate(sides, ROUNDS, TURN, clock(fastnn.num_threads()))
        figure(
            f"GRU({UNITS}): {label}", ratio(times["gru"], times["lstm"]), "of the LSTM's time", at_most=0.85
        )


@pytest.mark.parametrize("name", LAYERS)
@pytest.mark.parametrize(("units", "steps", "rows"), SIZES, ids=lambda n: str(n))
def test_share_of_the_peak(figure, name, units, steps, rows):
    model, x, y = make(name, units, steps, rows)
    threads = fastnn.num_threads()
    peak = Peak(threads)
    sides = {"predict": lambda: model(x), "train": lambda: model.train_on_batch(x, y), "peak": peak}
    times = alternate(sides, 3, TURN, clock(threads))
    for side, factor in (("predict", 1), ("train", 3)):
        share = ratio(times["peak"], times[side], factor * flops(name, units, steps, rows) / peak.flops)
        figure(f"{name}({units}), {steps} steps, batch {rows}: {side}", share, "% of the FMA peak")


@pytest.mark.parametrize("name", ["SimpleRNN", "LSTM"])
def test_numbers_that_decay(figure, name):
    """A state that halves at each step is subnormal after 126, and its gradients are too."""
    sides = {}
    for kind, scale in (("decaying", 0.5), ("normal", 1.0)):
        model, x, y = make(name, steps=600)
        for weight in model.layers[0].weights:
            if weight.name == "recurrent_kernel":
                weight.assign(scale * weight.numpy())
            elif weight.name == "bias":
                weight.assign(0 * weight.numpy())
        if kind == "decaying":
            x[:, 1:] = 0
            y = y * 1e-30
        model.compile(fastnn.optimizers.SGD(0.0), "mse")
        sides[kind] = lambda m=model, x=x, y=y: m.train_on_batch(x, y)
    times = alternate(sides, ROUNDS, TURN, clock(fastnn.num_threads()))
    figure(
        f"{name}: decaying", ratio(times["decaying"], times["normal"]), "of a normal one's time", at_most=1.1
    )
