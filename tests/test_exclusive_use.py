"""Who trains a model has it, and its optimizer, alone; predictions beside that are consistent."""

import io
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import fastnn
from fastnn.callbacks import Callback
from fastnn.layers import Dense, GlobalAveragePooling1D, Layer

X = np.random.default_rng(0).standard_normal((48, 5, 4)).astype("float32")
Y = X[:, 0, :2].copy()
IN_USE = "it is in use already"


def make(optimizer="adam"):
    fastnn.utils.set_random_seed(1)
    model = fastnn.Sequential([fastnn.Input((None, 4)), Dense(8, "relu"), GlobalAveragePooling1D(), Dense(2)])
    model.compile(optimizer, "mse", metrics=["mae"])
    return model


class Pause(Callback):
    """Calls a function once, in the middle of a training."""

    def __init__(self, function):
        super().__init__()
        self.function = function

    def on_train_batch_end(self, batch, logs=None):
        if self.function is not None and batch == 1:
            function, self.function = self.function, None
            function()


def in_thread(function):
    """Run a function in another thread, and raise what it raises."""
    errors = []

    def run():
        try:
            function()
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=run)
    thread.start()
    thread.join()
    if errors:
        raise errors[0]


class Batches:
    """A data set of three batches."""

    def __iter__(self):
        return iter([(X[i : i + 16], Y[i : i + 16]) for i in (0, 16, 32)])


TRAININGS = {
    "fit": lambda model: model.fit(X, Y, batch_size=7, verbose=0),
    "fit of another length": lambda model: model.fit(X[:, :3], Y, verbose=0),
    "fit of a data set": lambda model: model.fit(Batches(), verbose=0),
    "a step": lambda model: model.train_on_batch(X, Y),
    "a step of another length": lambda model: model.train_on_batch(X[:, :3], Y),
    "a weighted step": lambda model: model.train_on_batch(X, Y, sample_weight=np.ones(len(X))),
    "a loop by hand": lambda model: model.optimizer.apply(
        [np.ones(w.shape) for w in model.weights], model.weights
    ),
    "another build": lambda model: model.optimizer.build(model.weights[:1]),
}
DATA = {"arrays": lambda: (X, Y), "a data set": lambda: (Batches(),)}


@pytest.mark.parametrize("data", DATA)
@pytest.mark.parametrize("other", TRAININGS)
@pytest.mark.parametrize("caller", [in_thread, lambda function: function()], ids=["thread", "callback"])
def test_a_second_training_is_refused_and_disturbs_nothing(data, other, caller):
    expected = make()
    expected.train_on_batch(X, Y)
    expected.fit(*DATA[data](), epochs=3, verbose=0)
    model = make()
    model.train_on_batch(X, Y)  # so that the fast way is open
    refused = []

    def interfere():
        with pytest.raises(RuntimeError, match=IN_USE):
            caller(lambda: TRAININGS[other](model))
        refused.append(True)

    model.fit(*DATA[data](), epochs=3, verbose=0, callbacks=[Pause(interfere)])
    assert refused
    for found, wanted in zip(model.get_weights(), expected.get_weights(), strict=True):
        np.testing.assert_array_equal(found, wanted)
    assert model.optimizer.iterations == expected.optimizer.iterations
    for training in TRAININGS.values():  # all is released
        training(model)


@pytest.mark.parametrize("training", TRAININGS)
@pytest.mark.parametrize(
    "error",
    [
        pytest.param((X, Y[:7]), id="labels of another length"),
        pytest.param((X[..., :3], Y), id="samples of another shape"),
        pytest.param((["a"], Y), id="no numbers"),
    ],
)
def test_a_training_that_fails_releases_the_model(training, error):
    model = make()
    model.fit(X, Y, verbose=0)
    for method in (model.fit, model.train_on_batch):
        with pytest.raises((ValueError, TypeError)):
            method(*error)
    TRAININGS[training](model)


def test_an_error_in_a_callback_releases_the_model():
    model = make()

    def fail():
        raise KeyError("own")

    with pytest.raises(KeyError):
        model.fit(X, Y, verbose=0, batch_size=8, callbacks=[Pause(fail)])
    for training in TRAININGS.values():
        training(model)


def test_a_callback_may_predict_and_evaluate():
    model, seen = make(), []
    pause = Pause(lambda: seen.append((model.predict(X[:2]), model.evaluate(X, Y, verbose=0))))
    model.fit(X, Y, batch_size=8, verbose=0, callbacks=[pause])
    assert seen


def test_an_evaluation_within_an_evaluation_leaves_its_totals():
    model = make()

    class Watching(Callback):
        def on_test_batch_end(self, batch, logs=None):
            pass

    class Nested(Callback):
        def on_test_batch_end(self, batch, logs=None):
            with pytest.raises(RuntimeError, match=IN_USE):
                model.evaluate(X[:8], Y[:8], batch_size=8, verbose=0)

    expected = model.evaluate(X, Y, batch_size=8, verbose=0, callbacks=[Watching()])
    assert model.evaluate(X, Y, batch_size=8, verbose=0, callbacks=[Nested()]) == expected


def test_a_prediction_sees_all_old_weights_or_all_new_ones():
    """Weights are replaced while a prediction is between its layers: they wait for its end."""
    between, replaced = threading.Event(), threading.Event()

    class Halfway(Layer):
        def call(self, x):
            assert len(x.data)  # numbers, which keep the call from being compiled
            if watching:
                between.set()
                assert not replaced.wait(0.05)  # it cannot end before the run does
            return x

    watching = []
    layers = [Dense(4, use_bias=False, kernel_initializer="identity") for _ in range(2)]
    model = fastnn.Sequential([fastnn.Input((4,)), layers[0], Halfway(), layers[1]])
    x = np.ones((3, 4), "float32")
    assert (model(x) == 1).all()
    watching.append(True)

    def replace():
        between.wait()
        model.set_weights([w * 3 for w in model.get_weights()])
        replaced.set()

    thread = threading.Thread(target=replace)
    thread.start()
    first = model.predict(x)
    thread.join()
    watching.clear()
    assert (first == 1).all()
    assert (model.predict(x) == 9).all()


def test_a_layer_may_set_weights_of_another_model_while_it_runs():
    other = make()
    new = [w + 1 for w in other.get_weights()]

    class Setter(Layer):
        def call(self, x):
            assert len(x.data)
            other.set_weights(new)
            return x

    model = fastnn.Sequential([fastnn.Input((4,)), Setter()])
    model.predict(np.ones((3, 4), "float32"))
    np.testing.assert_array_equal(other.get_weights()[0], new[0])


BESIDE = {
    "training": lambda model, other: model.fit(X, Y, verbose=0),
    "a step": lambda model, other: model.train_on_batch(X, Y),
    "compile": lambda model, other: model.compile(fastnn.optimizers.SGD(0.001), "mse"),
    "set_weights": lambda model, other: model.set_weights(other),
    "save": lambda model, other: model.save(io.BytesIO()),
    "evaluate": lambda model, other: model.evaluate(X, Y, verbose=0),
    "other shapes": lambda model, other: model.predict(X[:, :3]),
    "trainable": lambda model, other: setattr(model.layers[0], "trainable", not model.layers[0].trainable),
}


@pytest.mark.parametrize("change", BESIDE)
def test_predictions_go_on_beside_everything_else(change):
    """They are numbers of the model, and afterwards it computes what its weights say, streams included."""
    recurrent = fastnn.Sequential([fastnn.Input((None, 4)), fastnn.layers.GRU(8), Dense(2)])
    for model in (make(), recurrent):
        model.compile("sgd", "mse")
        stream = model.stream() if model is recurrent else None
        stopping, errors, other = threading.Event(), [], [w * 0.5 for w in model.get_weights()]

        def use(model=model, stream=stream, stopping=stopping, errors=errors):
            try:
                while not stopping.is_set():
                    found = model.predict(X) if stream is None else stream.step(X[0, 0])
                    assert np.isfinite(found).all()
            except BaseException as error:
                errors.append(error)

        threads = [threading.Thread(target=use) for _ in range(1 if stream else 3)]
        for thread in threads:
            thread.start()
        try:
            for _ in range(20):
                BESIDE[change](model, other)
        finally:
            stopping.set()
            for thread in threads:
                thread.join()
        assert not errors, errors
        again = fastnn.models.clone_model(model)
        again.set_weights(model.get_weights())
        np.testing.assert_array_equal(model.predict(X), again.predict(X))
        if stream is not None:
            fresh = model.stream()
            stream.reset()
            for x in X[0]:
                np.testing.assert_array_equal(stream.step(x), fresh.step(x))


# ---- forked children ----------------------------------------------------------------------------------

PROGRAM = """
import os, signal, sys, threading
import numpy as np
import fastnn

x = np.random.default_rng(0).standard_normal((48, 4)).astype("float32")
y = x[:, :2].copy()
layers = fastnn.layers


def make(*inner):
    model = fastnn.Sequential([fastnn.Input((4,)), *inner, layers.Dense(2)])
    model.compile("adam", "mse")
    return model


def check_child(work):
    # A child of this process does the work and ends.
    pid = os.fork()
    if not pid:
        signal.alarm(60)
        work()
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) == 0
"""

CHILDREN = {
    "while another thread makes a plan": """
entered, leave = threading.Event(), threading.Event()

class Slow(layers.Layer):
    def call(self, x):
        assert len(x.data)      # numbers, which keep the call from being compiled
        entered.set()
        leave.wait()
        return x

ready, model = make(), make()
thread = threading.Thread(target=lambda: make(Slow()).predict(x), daemon=True)
thread.start()
entered.wait()
check_child(lambda: (ready.predict(x), ready.fit(x, y, verbose=0), make().fit(x, y, verbose=0)))
leave.set()
thread.join()
""",
    "while another thread trains": """
entered, leave = threading.Event(), threading.Event()

class Wait(fastnn.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        entered.set()
        leave.wait()

model = make()
thread = threading.Thread(target=lambda: model.fit(x, y, verbose=0, callbacks=[Wait()]), daemon=True)
thread.start()
entered.wait()
check_child(lambda: (model.fit(x, y, verbose=0), model.train_on_batch(x, y), model.evaluate(x, y, verbose=0)))
leave.set()
thread.join()
model.fit(x, y, verbose=0)
""",
    "in a callback of a training": """
model = make()

class Fork(fastnn.callbacks.Callback):
    def on_train_batch_end(self, batch, logs=None):
        check_child(lambda: model.fit(x, y, verbose=0))

model.fit(x, y, verbose=0, callbacks=[Fork()])
model.fit(x, y, verbose=0)
""",
    "while seeds are drawn": """
from fastnn.utils.random import _stream

with _stream._lock:
    check_child(lambda: make().fit(x, y, verbose=0))
""",
    "while weights wait for the end of a prediction": """
entered, leave = threading.Event(), threading.Event()

class Slow(layers.Layer):
    def call(self, x):
        assert len(x.data)
        entered.set()
        leave.wait()
        return x

leave.set()
slow, model = make(Slow()), make()
slow.predict(x)
leave.clear()
entered.clear()
weights = slow.get_weights()
threads = [threading.Thread(target=work, daemon=True)
           for work in (lambda: slow.predict(x), lambda: slow.set_weights(weights))]
threads[0].start()
entered.wait()
threads[1].start()
check_child(lambda: (model.predict(x), model.set_weights(model.get_weights())))
leave.set()
for thread in threads:
    thread.join()
""",
}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="no fork() here")
@pytest.mark.parametrize("moment", CHILDREN)
def test_a_forked_child_computes(moment, tmp_path):
    got = subprocess.run(
        [sys.executable, "-c", PROGRAM + CHILDREN[moment]],
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert got.returncode == 0, got.stderr[-2000:]
