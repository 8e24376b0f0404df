"""Ctrl-C ends long computations between their pieces, and leaves the model as it was."""

import _thread
import signal
import threading

import numpy as np
import pytest

import fastnn
from fastnn.layers import Dense

X = np.random.default_rng(0).standard_normal((60_000, 256)).astype("float32")


@pytest.fixture(autouse=True)
def signals():
    """Ctrl-C raises KeyboardInterrupt, also where a shell has started the tests in its background."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


def make(layers):
    model = fastnn.Sequential([fastnn.Input((256,)), *(Dense(256, "relu") for _ in range(layers)), Dense(2)])
    model.compile("sgd", "mse")
    model.predict(X[:1])
    model.train_on_batch(X[:1], X[:1, :2])
    return model


def interrupt_when(begun, work):
    """Interrupt the main thread once the work has begun, and expect that it ends with that."""
    done = threading.Event()

    def interrupt():
        while not begun() and not done.is_set():
            pass
        _thread.interrupt_main()

    thread = threading.Thread(target=interrupt)
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            work()
            done.set()
            thread.join()
    finally:
        thread.join()


def test_a_prediction():
    model = make(2)
    runs = model._counted_runs()
    before = runs.sum()
    interrupt_when(lambda: runs.sum() > before, lambda: model.predict(X))
    assert runs.sum() - before < len(X) // 256
    assert model.predict(X[:3]).shape == (3, 2)


@pytest.mark.parametrize("method", ["train_on_batch", "fit"])
def test_a_step_leaves_the_weights(method):
    model, rows = make(16), 4096
    optimizer, weights = model.optimizer, model.get_weights()
    before = optimizer.iterations
    options = {"batch_size": rows, "verbose": 0} if method == "fit" else {}
    train = getattr(model, method)
    interrupt_when(
        lambda: optimizer.iterations > before, lambda: train(X[:rows], X[:rows, :2].copy(), **options)
    )
    assert optimizer.iterations == before
    for found, expected in zip(model.get_weights(), weights, strict=True):
        np.testing.assert_array_equal(found, expected)
    model.fit(X[:32], X[:32, :2], verbose=0)


def test_an_evaluation():
    model, y = make(2), X[:, :2].copy()
    expected = model.evaluate(X, y, verbose=0)
    began = threading.Event()

    class Begin(fastnn.callbacks.Callback):
        def on_test_begin(self, logs=None):
            began.set()

    interrupt_when(began.is_set, lambda: model.evaluate(X, y, verbose=0, callbacks=[Begin()]))
    assert model.evaluate(X, y, verbose=0) == expected
