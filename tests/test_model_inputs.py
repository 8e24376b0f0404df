"""Inputs of models: several arguments of `call`, and lists, tuples and dicts, nested at will."""

import copy

import numpy as np
import pytest

import fastnn
from fastnn import Input, Model, layers
from fastnn.models import clone_model, load_model, model_from_json

RNG = np.random.default_rng(0)
A, B = RNG.random((4, 3)).astype("float32"), RNG.random((4, 5)).astype("float32")
Y = RNG.random((4, 2)).astype("float32")


class Pair(Model):
    def __init__(self):
        super().__init__()
        self.one, self.other = layers.Dense(2), layers.Dense(2)

    def call(self, a, b):
        return self.one(a) + self.other(b)


class Optional(Pair):
    def call(self, a, b=None):
        return self.one(a) if b is None else self.one(a) + self.other(b)


class InPython(Pair):
    def train_step(self, data):
        return super().train_step(data)


def structures(a, b):
    return [[a, b], (a, b), {"a": a, "b": b}, {"b": b, "a": a, "more": a}]


def equal(one, other):
    np.testing.assert_allclose(np.asarray(one), np.asarray(other), rtol=1e-6)


@pytest.mark.parametrize("kind", [Pair, Optional])
def test_a_call_with_several_inputs(kind):
    model = kind()
    made = model(A, B)
    one, other = (layer.get_weights() for layer in model.layers)
    np.testing.assert_allclose(made, A @ one[0] + one[1] + B @ other[0] + other[1], rtol=1e-5)
    equal(model(A, b=B), made)
    equal(model(a=A, b=B), made)
    equal(model(A.tolist(), B.tolist()), made)
    equal(model(fastnn.Tensor(A), fastnn.Tensor(B)), made)
    assert isinstance(model(A, B, training=True), fastnn.Tensor)
    for x in structures(A, B):
        equal(model.predict(x), made)
        equal(model.predict(x, batch_size=3), made)
    first, second = Input((3,)), Input((5,))
    for around in (
        Model([first, second], model(first, second)),
        Model([first, second], model(first, b=second)),
    ):
        equal(around([A, B]), made)
    assert (model.input_names, model.output_shape) == (["a", "b"], (None, 2))


def test_an_argument_that_may_be_missing():
    model = Optional()
    model(A, B)
    one = model.layers[0].get_weights()
    np.testing.assert_allclose(model(A), A @ one[0] + one[1], rtol=1e-5)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'b'"):
        Pair()(A)
    built = Pair()
    built(A, B)
    with pytest.raises(TypeError, match="missing 1 required positional argument: 'b'"):
        built(A)


@pytest.mark.parametrize("kind", [Pair, InPython])
@pytest.mark.parametrize("which", range(3))
def test_training_on_several_inputs(kind, which):
    x = structures(A, B)[which]
    model = kind()  # not built before
    model.compile("sgd", "mse", metrics=["mae"])
    before = model.evaluate(x, Y, verbose=0)
    model.fit(x, Y, epochs=5, validation_data=(x, Y), verbose=0)
    model.train_on_batch(x, Y)
    model.fit(iter([(x, Y)] * 2), verbose=0)
    assert model.evaluate(x, Y, verbose=0)[0] < before[0]


@pytest.mark.parametrize("shape", [[(None, 3), (None, 5)], {"a": (None, 3), "b": (None, 5)}])
def test_build_with_several_shapes(shape):
    model = Pair()
    model.build(shape)
    assert [w.shape for w in model.weights] == [(3, 2), (2,), (5, 2), (2,)]
    assert model(A, B).shape == (4, 2)
    assert model.compute_output_shape(shape) == (None, 2)


@pytest.mark.parametrize("kind", [Pair, Optional])
def test_copies_of_a_model_with_several_inputs(kind, tmp_path):
    model = kind()
    model.compile("sgd", "mse")
    model(A, B)
    model.save(tmp_path / "model")
    loaded = load_model(tmp_path / "model", custom_objects={kind.__name__: kind})
    clone = clone_model(model)
    clone.set_weights(model.get_weights())
    for again in (loaded, clone, copy.deepcopy(model)):
        np.testing.assert_array_equal(again.predict([A, B]), model.predict([A, B]))
    loaded.fit([A, B], Y, verbose=0)


@pytest.mark.parametrize(
    ("x", "message"),
    [
        ([A], r"expected 2 inputs, \['a', 'b'\], got 1"),
        ({"a": A}, r"expected the inputs \['a', 'b'\], got \['a'\]"),
        ([A, A], r"x\['b'\]: expected shape \(rows, 5\)"),
        ([A, B[:2]], "as many rows"),
    ],
)
def test_inputs_that_do_not_fit(x, message):
    model = Pair()
    model(A, B)
    with pytest.raises(ValueError, match=message):
        model.predict(x)


class Nested(Model):
    def __init__(self):
        super().__init__()
        self.dense = layers.Dense(2)

    def call(self, x):
        assert type(x["b"]) is tuple
        assert type(x["c"]) is list
        first, second = x["b"]
        return {"sum": (self.dense(x["a"]), first + second), "rest": [x["c"][0] * 2.0]}


NESTED = {"a": A, "b": (B, B), "c": [A]}


def test_nested_inputs_of_an_own_model(tmp_path):
    model = Nested()
    made = model(NESTED)
    assert [type(part) for part in made.values()] == [tuple, list]
    np.testing.assert_array_equal(made["sum"][1], 2 * B)
    for again in (model.predict(NESTED), model.predict(NESTED, batch_size=3), model(NESTED, training=True)):
        assert [type(part) for part in again.values()] == [tuple, list]
        equal(again["sum"][0], made["sum"][0])
    tensors = {"a": Input((3,)), "b": (Input((5,)), Input((5,))), "c": [Input((3,))]}
    around = Model(tensors, model(tensors))
    around.save(tmp_path / "model")
    loaded = load_model(tmp_path / "model", custom_objects={"Nested": Nested})
    for again in (around(NESTED), loaded(NESTED), copy.deepcopy(around).predict(NESTED)):
        assert type(again["sum"]) is tuple
        equal(again["sum"][0], made["sum"][0])
    with pytest.raises(ValueError, match=r"got \['a', 'b'\]; they are arranged as .*'b': \('b_0', 'b_1'\)"):
        model.predict({"a": A, "b": (B, B)})


def test_a_predict_step_gets_inputs_as_they_are_given():
    class Own(Nested):
        def predict_step(self, data):
            assert type(data["b"]) is tuple
            return self(data)

    for size in (None, 3):
        np.testing.assert_array_equal(Own().predict(NESTED, batch_size=size)["sum"][1], 2 * B)


def functional():
    i, j, k = Input((3,), name="i"), Input((5,), name="j"), Input((5,), name="k")
    first, second = layers.Dense(1, name="d1")(i), layers.Dense(2, name="d2")(j)
    return Model({"x": i, "y": (j, [k])}, {"u": (first, second), "v": layers.Dense(3, name="d3")(k)})


GIVEN = {"x": A, "y": (B, [2 * B])}


def test_nested_structures_of_functional_models():
    model = functional()
    made = model(GIVEN)
    assert type(made["u"]) is tuple
    for x in ([A, B, 2 * B], {"x": A, "j": B, "k": 2 * B}, [A, (B, [2 * B])], {"x": A, "y": [B, (2 * B,)]}):
        for again in (model(x), model.predict(x), model.predict(x, batch_size=3)):
            assert type(again["u"]) is tuple
            equal(again["v"], made["v"])
    assert model.input["y"][0].name == "j"
    assert model.compute_output_shape({"x": (None, 3), "y": ((None, 5), [(None, 5)])}) == {
        "u": ((None, 1), (None, 2)),
        "v": (None, 3),
    }
    symbolic = model({"x": Input((3,)), "y": (Input((5,)), [Input((5,))])})
    assert [tensor.shape for tensor in symbolic["u"]] == [(None, 1), (None, 2)]


def test_copies_of_nested_functional_models(tmp_path):
    model = functional()
    model.save(tmp_path / "model")
    copies = [
        load_model(tmp_path / "model"),
        clone_model(model),
        copy.deepcopy(model),
        Model.from_config(model.get_config()),
        model_from_json(model.to_json()),
    ]
    for again in copies:
        again.set_weights(model.get_weights())
        assert type(again.input["y"]) is tuple
        made = again(GIVEN)
        assert type(made["u"]) is tuple
        np.testing.assert_array_equal(made["u"][1], model(GIVEN)["u"][1])
