"""Models that are written as `call` return tuples and dicts as `call` does, and train by the keys."""

import copy

import numpy as np
import pytest

import fastnn
from fastnn import Model, layers

X = np.ones((4, 3), "float32")


class Named(Model):
    def __init__(self):
        super().__init__()
        self.one, self.other = layers.Dense(2), layers.Dense(1)

    def call(self, x):
        return {"p": self.one(x), "q": self.other(x)}


class Pair(Named):
    def call(self, x):
        return self.one(x), self.other(x) * 1.0


@pytest.mark.parametrize("way", ["call", "predict", "tensor", "symbolic"])
def test_outputs_are_as_call_returns_them(way):
    given = {"tensor": fastnn.Tensor(X), "symbolic": fastnn.Input((3,))}.get(way, X)
    for _ in range(2):
        for model in (Named(), Pair()):
            made = model.predict(given) if way == "predict" else model(given)
            assert type(made) is (dict if type(model) is Named else tuple)
            parts = list(made.values()) if isinstance(made, dict) else made
            assert [part.shape[-1] for part in parts] == [2, 1]
    again = copy.deepcopy(model)
    assert type(again(X)) is tuple


def test_they_train():
    named, pair = Named(), Pair()
    named(X)
    named.compile("sgd", {"p": "mse", "q": "mae"})
    history = named.fit(X, {"p": X[:, :2], "q": X[:, :1]}, verbose=0).history
    assert {"p_loss", "q_loss"} <= set(history)
    pair.compile("sgd", ["mse", "mae"])
    pair.fit(X, [X[:, :2], X[:, :1]], verbose=0)
    pair.fit(X, (X[:, :2], X[:, :1]), verbose=0)
    assert type(pair.predict(X)) is tuple


class ByName(Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(2)

    def call(self, inputs):
        return {"p": self.dense(inputs["a"]), "q": (self.dense(inputs["b"]), inputs["a"] * 1.0)}


def test_inputs_by_name_of_a_model_written_as_call():
    data = {"a": X, "b": 2 * X}
    start = {"a": fastnn.Input((3,)), "b": fastnn.Input((3,))}
    model = ByName()
    for made in (model(data), model.predict(data), ByName()(data), model({"b": 2 * X, "a": X, "z": X})):
        assert list(made) == ["p", "q"]
        assert type(made["q"]) is tuple
        np.testing.assert_array_equal(made["q"][1], X)
    symbolic = ByName()(start)
    assert symbolic["q"][0].shape == (None, 2)
    around = Model(start, model(start)["q"][0])
    np.testing.assert_allclose(around(data), model(data)["q"][0], rtol=1e-6)
    sums = type("Sums", (Model,), {"call": lambda self, inputs: inputs["a"] * 2.0 + inputs["b"]})()
    np.testing.assert_array_equal(sums.predict(data), 4 * X)
