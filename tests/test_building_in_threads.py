"""Threads that are the first to use a model build it once, and get the same answers."""

import os
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

import fastnn
from fastnn import Input, Model, Sequential
from fastnn.layers import GRU, BatchNormalization, Dense, Layer
from fastnn.making import making

X = np.random.default_rng(0).standard_normal((6, 5, 4)).astype("float32")
THREADS = 4
ROUNDS = 20


@pytest.fixture(autouse=True)
def _frequent_switches():
    before = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(before)


class Own(Layer):
    """Makes weights of its own in `build`, and has a layer inside."""

    def __init__(self, **options):
        super().__init__(**options)
        self.inner = Dense(3)

    def build(self, input_shape):
        self.scale = self.add_weight(shape=(3,), initializer="random_normal")

    def call(self, x):
        return self.inner(x) * self.scale


class Written(Model):
    def __init__(self):
        super().__init__()
        self.first, self.last = Own(), Dense(1)

    def call(self, x):
        return self.last(self.first(x))


class Built(Written):
    """Makes layers in a `build` of its own."""

    def build(self, input_shape):
        self.last = Dense(2)


def nested():
    return Sequential([Sequential([Dense(3), Own()]), Dense(1)])


MODELS = {
    "Sequential": (lambda: Sequential([Dense(5), BatchNormalization(), GRU(3), Dense(1)]), 11),
    "nested": (nested, 7),
    "a layer of one's own": (lambda: Sequential([Own()]), 3),
    "Model": (Written, 5),
    "Model with build": (Built, 5),
}
CALLS = {
    "predict": lambda model: model.predict(X, verbose=0),
    "call": lambda model: np.asarray(model(X)),
    "call on a tensor": lambda model: np.asarray(model(fastnn.Tensor(X))),
}


def at_once(functions):
    """Run functions in threads that start together, and return what they return."""
    barrier = threading.Barrier(len(functions))

    def run(function):
        barrier.wait()
        return function()

    with ThreadPoolExecutor(len(functions)) as pool:
        return list(pool.map(run, functions))


@pytest.mark.parametrize("call", CALLS.values(), ids=CALLS)
@pytest.mark.parametrize(("make", "n_weights"), MODELS.values(), ids=MODELS)
def test_threads_build_a_model_once(make, n_weights, call):
    for _ in range(ROUNDS):
        model = make()
        results = at_once([lambda model=model: call(model)] * THREADS)
        assert len(model.weights) == n_weights
        for result in results:
            np.testing.assert_array_equal(result, results[0])
        np.testing.assert_array_equal(call(model), results[0])


def test_threads_build_a_layer_once():
    for make, n_weights in ((lambda: Dense(3), 2), (Own, 3)):
        for _ in range(ROUNDS):
            layer = make()
            results = at_once([lambda layer=layer: np.asarray(layer(X))] * THREADS)
            assert len(layer.weights) == n_weights
            for result in results:
                np.testing.assert_array_equal(result, results[0])


def test_models_that_share_layers_are_built_at_once():
    for _ in range(ROUNDS):
        shared = [Dense(3), Own()]
        models = [Sequential([*order, Dense(1)]) for order in (shared, shared[::-1])]
        for model in models:
            model.compile("sgd", "mse")
        at_once([lambda m=model: m.fit(X[..., :3], X[..., :1], verbose=0) for model in models])
        assert [len(layer.weights) for layer in shared] == [2, 3]
        assert [len(model.weights) for model in models] == [7, 7]
        assert {id(w) for w in models[0].weights[:5]} == {id(w) for w in models[1].weights[:5]}


def test_graphs_that_share_a_layer_are_built_at_once():
    def graph(layer):
        x = Input((4,))
        return Model(x, layer(x))

    for _ in range(ROUNDS):
        layer = Dense(3)
        models = at_once([lambda layer=layer: graph(layer)] * THREADS)
        assert len(layer.weights) == 2
        assert all(len(model.weights) == 2 for model in models)


def test_a_built_model_is_not_kept_waiting():
    model = Sequential([Dense(5), Dense(1)])
    expected = model.predict(X, verbose=0)
    for call in (lambda: model.build(X.shape), lambda: model.summary(print_fn=str), lambda: model(X)):
        with making():
            thread = threading.Thread(target=call, daemon=True)
            thread.start()
            thread.join(20)
            assert not thread.is_alive()
    np.testing.assert_array_equal(model.predict(X, verbose=0), expected)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="the platform does not fork")
def test_a_child_forked_while_another_thread_builds_can_build():
    held, done = threading.Event(), threading.Event()

    def hold():
        with making():
            held.set()
            done.wait()

    thread = threading.Thread(target=hold)
    thread.start()
    held.wait()
    child = os.fork()
    if child == 0:
        taken = making().acquire(timeout=1)
        os._exit(0 if taken else 1)
    done.set()
    thread.join()
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0


class Unnamed(Layer):
    def build(self, input_shape):
        self.made = [self.add_weight(shape=(input_shape[-1], 3)), self.add_weight(shape=(3,))]


class Extended(Dense):
    def build(self, input_shape):
        super().build(input_shape)
        self.more = self.add_weight(shape=(2,))


@pytest.mark.parametrize("make", [Unnamed, lambda: Extended(3), lambda: Dense(3), BatchNormalization])
def test_build_in_many_threads_makes_weights_once(make):
    """Also of a class whose `build` calls that of its base, and of weights without names."""
    once = make()
    once.build((None, 4))
    for _ in range(ROUNDS):
        layer, start = make(), threading.Barrier(THREADS)

        def build(layer=layer, start=start):
            start.wait()
            layer.build((None, 4))

        threads = [threading.Thread(target=build) for _ in range(THREADS)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert [v.shape for v in layer.weights] == [v.shape for v in once.weights]
        assert layer._builds_running == 0
