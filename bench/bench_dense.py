"""A dense layer by itself: a prediction and a training step, against the same in NumPy."""

import pytest

from fastnn.bench.models import Model
from fastnn.bench.report import NO_LEARNING, verify

LAYERS = [
    Model("1 row", (784,), ((128, "relu"),), "mse", 1),
    Model("small", (100,), ((64, "relu"),), "mse", 32),
    Model("medium", (784,), ((128, "relu"),), "mse", 128),
    Model("medium, tanh", (784,), ((128, "tanh"),), "mse", 128),
    Model("wide", (1024,), ((1024, "relu"),), "mse", 256),
]


def label(model):
    return f"{model.title}, {model.layers[0][1]}"


@pytest.fixture(params=LAYERS, ids=lambda model: model.name)
def model(request):
    verify(request.param)
    return request.param


def test_predict(versus, model):
    ours, theirs = model.make()
    x, _ = model.data(model.batch)
    versus(f"dense {label(model)}: predict", lambda: ours(x), lambda: theirs.predict(x))


def test_training_step(versus, model):
    ours, theirs = model.make(NO_LEARNING)
    x, y = model.data(model.batch)
    versus(
        f"dense {label(model)}: training step",
        lambda: ours.train_on_batch(x, y),
        lambda: theirs.train_step(x, y),
    )
