"""The numbers of losses and metrics are those of `compile`, whenever plans are made."""

import copy

import numpy as np
import pytest

import fastnn
from fastnn import Input, Sequential, losses, metrics
from fastnn.layers import Dense

SETTINGS_OF_LOSSES = [
    (lambda: losses.Huber(delta=0.25), "delta", 4.0),
    (lambda: losses.BinaryCrossentropy(), "label_smoothing", 0.5),
    (lambda: losses.BinaryFocalCrossentropy(), "gamma", 0.5),
    (lambda: losses.MeanSquaredError(), "reduction", "sum"),
    (lambda: losses.LogCosh(), "reduction", "sum"),
]
SETTINGS_OF_METRICS = [
    (lambda: metrics.BinaryAccuracy(threshold=0.2), "threshold", 0.9),
    (lambda: metrics.FBetaScore(beta=3.0, threshold=0.3), "beta", 0.1),
    (lambda: metrics.FBetaScore(beta=3.0, threshold=0.3), "threshold", 0.9),
    (lambda: metrics.Precision(thresholds=0.2), "thresholds", [0.9]),
    (lambda: metrics.AUC(num_thresholds=5), "num_thresholds", 50),
    (lambda: metrics.MeanMetricWrapper(losses.Huber(delta=0.25)), "loss.delta", 4.0),
    (lambda: losses.Huber(delta=0.25), "delta", 4.0),
    (lambda: metrics.Precision(thresholds=0.2), "name", "other"),
]


def assign(thing, path, value):
    *outer, last = path.split(".")
    for name in outer:
        thing = getattr(thing, name)
    setattr(thing, last, value)


def sequences(steps):
    rng = np.random.default_rng(steps)
    return rng.standard_normal((6, steps, 2), "float32"), rng.integers(0, 2, (6, steps, 1)).astype("float32")


def sequence_model(steps_in_python=False):
    fastnn.utils.set_random_seed(3)
    base = Sequential
    if steps_in_python:

        class base(Sequential):
            def train_step(self, data):
                return super().train_step(data)

            def test_step(self, data):
                return super().test_step(data)

    return base([Input((None, 2)), Dense(1, "sigmoid")])


def numbers_of(model):
    """Return what a model computes, for lengths that it has seen and others."""
    found = [model.evaluate(*sequences(steps), verbose=0, return_dict=True) for steps in (3, 4)]
    found += [model.train_on_batch(*sequences(steps), return_dict=True) for steps in (3, 5)]
    return found


CASES = [(*case, "loss") for case in SETTINGS_OF_LOSSES] + [
    (*case, "metrics") for case in SETTINGS_OF_METRICS
]


@pytest.mark.parametrize("steps_in_python", [False, True])
@pytest.mark.parametrize(("make", "name", "value", "role"), CASES)
def test_numbers_of_losses_and_metrics_are_fixed(make, name, value, role, steps_in_python, tmp_path):
    """Changes wait for the next compile, whatever plans there are, in the model and its copies."""

    def compiled(thing):
        model = sequence_model(steps_in_python)
        model.compile("sgd", **({"loss": thing} if role == "loss" else {"loss": "mse", "metrics": [thing]}))
        return model

    def first(model):
        model.evaluate(*sequences(3), verbose=0)
        model.train_on_batch(*sequences(3))

    unchanged, thing = compiled(make()), make()
    model = compiled(thing)
    for one in (unchanged, model):
        first(one)
    assign(thing, name, value)
    twin = copy.deepcopy(model)
    expected = numbers_of(unchanged)
    assert numbers_of(model) == expected
    assert numbers_of(twin) == expected
    if not steps_in_python:
        model.save(tmp_path / "model")
        again = fastnn.models.load_model(tmp_path / "model")
        assert numbers_of(again) == numbers_of(model)
    changed = make()
    assign(changed, name, value)
    other = compiled(changed)
    first(other)
    assert numbers_of(other) != expected


def test_shown_losses_and_metrics_are_not_those_in_use():
    model = sequence_model()
    model.compile("sgd", "huber", metrics=["accuracy", losses.Huber(name="huber")])
    expected = model.evaluate(*sequences(3), verbose=0)
    model.loss.delta = 9.0
    model.metrics[0].threshold = 0.99
    model.metrics[1].loss.delta = 9.0
    model.build((None, None, 2))
    model.compile("sgd", "huber", metrics=["accuracy", losses.Huber(name="huber")])
    model.loss.delta = 9.0
    model.metrics[0].threshold = 0.99
    assert model.evaluate(*sequences(3), verbose=0) == expected


def test_metrics_keep_their_identity():
    given = metrics.BinaryAccuracy()
    model = sequence_model(steps_in_python=True)
    model.compile("sgd", "mse", metrics=[given])
    results = model.evaluate(*sequences(3), verbose=0, return_dict=True)
    assert model.metrics[-1] is given
    assert given.result() == results["binary_accuracy"]


def test_call_of_a_loss_that_extends_one_with_a_kernel():
    class Doubled(losses.Huber):
        def call(self, y_true, y_pred):
            return 2 * super().call(y_true, y_pred)

    x, y = sequences(3)
    plain, doubled = sequence_model(), sequence_model()
    plain.compile("sgd", losses.Huber(0.5))
    doubled.compile("sgd", Doubled(0.5))
    np.testing.assert_allclose(
        doubled.evaluate(x, y, verbose=0), 2 * plain.evaluate(x, y, verbose=0), rtol=1e-6
    )
    np.testing.assert_allclose(Doubled(0.5)(y, y * 0), 2 * losses.Huber(0.5)(y, y * 0), rtol=1e-6)
