"""Recurrent layers: against plain NumPy, the share of the peak by size, and numbers that decay."""

import numpy as np
import pytest

import fastnn
from fastnn.bench import report
from fastnn.bench.measure import alternate, clock, ratio
from fastnn.bench.models import MODELS
from fastnn.bench.peak import Peak
from fastnn.layers import GRU, LSTM, Dense, SimpleRNN

# The class, its gates, the inputs that it is measured with, and tanh and sigmoid of each unit and step.
LAYERS = {"SimpleRNN": (SimpleRNN, 1, 1, 1), "LSTM": (LSTM, 4, 8, 5), "GRU": (GRU, 3, 8, 3)}
FUNCTION = 16  # multiply-adds and the like in tanh or sigmoid, see csrc/simd/math.h
UNITS, STEPS, ROWS = 50, 100, 32
SIZES = [
    *((units, 100, 32) for units in (16, 32, 64, 128, 256, 512)),
    *((50, steps, 32) for steps in (1, 10, 1000)),
    *((50, 100, rows) for rows in (1, 4, 8, 16, 64, 256)),
]
ROUNDS, TURN = 5, 0.03


def make(name, units=UNITS, steps=STEPS, rows=ROWS):
    """A model, its input and targets."""
    cls, _, inputs, _ = LAYERS[name]
    fastnn.utils.set_random_seed(1)
    model = fastnn.Sequential([cls(units, input_shape=(steps, inputs)), Dense(1)])
    model.compile(fastnn.optimizers.SGD(0.01), "mse")
    rng = np.random.default_rng(1)
    x = rng.standard_normal((rows, steps, inputs)).astype("float32")
    return model, x, rng.standard_normal((rows, 1)).astype("float32")


def flops(name, units, steps, rows):
    """Multiply-adds of the products forward, times two, and with those of the functions of the gates."""
    _, gates, inputs, functions = LAYERS[name]
    unit = 2.0 * rows * steps * units
    return unit * gates * (units + inputs), unit * (gates * (units + inputs) + functions * FUNCTION)


@pytest.fixture(params=["rnn_100", "lstm_100", "gru_100"])
def pair(request):
    """A model of `fastnn bench`, verified; it and plain NumPy, which do not learn; input and targets."""
    model = MODELS[request.param]
    report.verify(model)
    ours, _ = model.make(report.NO_LEARNING)
    return model, ours, model.make_plain(report.NO_LEARNING), *model.data(model.batch)


def test_training_step(versus, pair):
    model, ours, theirs, x, y = pair
    versus(
        f"{model.title}: training step",
        lambda: ours.train_on_batch(x, y),
        lambda: theirs.train_step(x, y),
        at_least=10,
    )


@pytest.mark.parametrize("rows", [1, ROWS])
def test_predict(versus, pair, rows):
    model, ours, theirs, x, _ = pair
    x = x[:rows].copy()
    versus(f"{model.title}: predict {rows}", lambda: ours(x), lambda: theirs.predict(x))


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
    products, forward = flops(name, units, steps, rows)
    for side, work, whole in (
        ("predict", products, forward),
        ("train", 3 * products, 2 * products + forward),
    ):
        share, busy = (ratio(times["peak"], times[side], each / peak.flops) for each in (work, whole))
        unit = f"% of the FMA peak, {100 * busy.median:.0f} % with the gates' functions"
        figure(f"{name}({units}), {steps} steps, batch {rows}: {side}", share, unit)


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
