"""A dense layer by itself: a prediction and a training step, against the same in NumPy."""

import numpy as np
import pytest
from fastnn.bench.models import DenseModel
from fastnn.bench.report import NO_LEARNING, verify

LAYERS = [
    DenseModel(f"dense {inputs} to {units}, {activation}, {rows} rows", inputs, ((units, activation),), "mse", rows)
    for rows, inputs, units, activation in [
        (1, 784, 128, "relu"),
        (32, 100, 64, "relu"),
        (128, 784, 128, "relu"),
        (128, 784, 128, "tanh"),
        (256, 1024, 1024, "relu"),
    ]
]


@pytest.fixture(params=LAYERS, ids=lambda model: model.name)
def model(request):
    verify(request.param)
    return request.param


def test_predict(versus, model):
    ours, theirs = model.make()
    x, _ = model.data(model.batch)
    versus(f"{model.name}: predict", lambda: ours(x), lambda: theirs.predict(x))


def test_training_step(versus, model):
    ours, theirs = model.make(NO_LEARNING)
    x, y = model.data(model.batch)
    versus(f"{model.name}: training step", lambda: ours.train_on_batch(x, y), lambda: theirs.train_step(x, y))
