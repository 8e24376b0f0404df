"""Models as graphs: several inputs and outputs, shared layers, models inside."""

import json

import numpy as np
import pytest
from gradcheck import check_gradients

import fastnn
from fastnn import Input, Model
from fastnn.layers import LSTM, Activation, BatchNormalization, Dense, Dropout, Flatten, InputLayer


def rows(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape).astype("float32")


def relu(x):
    return np.maximum(x, 0)


def dense(x, layer):
    kernel, bias = layer.get_weights()
    return x @ kernel + bias


def branches(dtype=None):
    """Two inputs, a layer shared by two calls, two outputs."""
    a, b = Input((4,), name="a", dtype=dtype), Input((4,), name="b", dtype=dtype)
    shared = Dense(3, activation="tanh", name="shared")
    one, other = shared(a), shared(b)
    return Model([a, b], [Dense(2, name="left")(one), Dense(1, name="right")(other)])


def test_several_inputs_and_outputs():
    model = branches()
    a, b = rows(5, 4), rows(5, 4, seed=1)
    left, right = model.predict([a, b])
    shared = model.get_layer("shared")
    np.testing.assert_allclose(left, dense(np.tanh(dense(a, shared)), model.get_layer("left")), rtol=1e-5)
    np.testing.assert_allclose(right, dense(np.tanh(dense(b, shared)), model.get_layer("right")), rtol=1e-5)
    for given in ({"b": b, "a": a}, (a, b), [a.tolist(), b.tolist()]):
        again = model.predict(given)
        assert all(np.array_equal(x, y) for x, y in zip((left, right), again, strict=True))
    batched = model.predict([a, b], batch_size=2)
    assert all(np.array_equal(x, y) for x, y in zip((left, right), batched, strict=True))
    assert model.input_shape == [(None, 4), (None, 4)]
    assert model.output_shape == [(None, 2), (None, 1)]
    assert model.input_names == ["a", "b"]
    assert model.output_names == ["left", "right"]
    assert [layer.name for layer in model.layers] == ["a", "b", "shared", "left", "right"]
    assert len(model.weights) == 6


@pytest.mark.parametrize("weights", [None, [0.5, 2.0], {"right": 3.0}])
def test_the_loss_is_the_sum_of_those_of_the_outputs(weights):
    model = branches()
    a, b, y, z = rows(8, 4), rows(8, 4, seed=1), rows(8, 2, seed=2), rows(8, 1, seed=3)
    model.compile("sgd", ["mse", "mae"], loss_weights=weights, metrics={"left": ["mae"]})
    found = model.evaluate([a, b], [y, z], return_dict=True, verbose=0)
    left, right = model.predict([a, b])
    one, other = ((left - y) ** 2).mean(), np.abs(right - z).mean()
    f, g = {"None": (1, 1), "[0.5, 2.0]": (0.5, 2)}.get(str(weights), (1, 3))
    np.testing.assert_allclose(found["left_loss"], one, rtol=1e-5)
    np.testing.assert_allclose(found["right_loss"], other, rtol=1e-5)
    np.testing.assert_allclose(found["loss"], f * one + g * other, rtol=1e-5)
    np.testing.assert_allclose(found["left_mae"], np.abs(left - y).mean(), rtol=1e-5)
    assert model.metrics_names == list(found) == ["loss", "left_loss", "right_loss", "left_mae"]
    history = model.fit([a, b], {"right": z, "left": y}, epochs=2, batch_size=3, verbose=0).history
    assert list(history) == list(found)


def test_gradients_of_shared_layers_add_up():
    model = branches("float64")
    inputs = [rows(4, 4).astype(float), rows(4, 4, seed=1).astype(float)]
    check_gradients(model, ["mse", "mae"], inputs, {"left": rows(4, 2, seed=2), "right": rows(4, 1, seed=3)})


def test_a_value_read_by_several_layers():
    x = Input((3,), dtype="float64")
    first = Dense(4, activation="tanh")(x)
    outputs = [Dense(2)(first) for _ in range(25)]  # more than one step of the sum takes
    model = Model(x, [first, *outputs])
    labels = [rows(5, 4, seed=9), *(rows(5, 2, seed=i) for i in range(25))]
    check_gradients(model, "mse", rows(5, 3).astype(float), labels, directions=1)


def test_an_output_that_is_an_input_or_is_there_twice():
    x = Input((3,))
    y = Dense(2)(x)
    flat = Flatten()(y)
    model = Model(x, [x, y, y, flat])
    given = rows(4, 3)
    same, one, other, last = model.predict(given)
    assert np.array_equal(same, given)
    assert np.array_equal(one, other)
    assert np.array_equal(one, last)
    one[...] = 0
    assert other.any()


def test_structures_of_outputs():
    x = Input((3,))
    y = Dense(2)(x)
    given = rows(4, 3)
    expected = Model(x, y).predict(given)
    assert np.array_equal(Model([x], [y]).predict(given), expected)
    named = Model({"in": x}, {"out": y, "twice": Dense(1)(y)})
    assert np.array_equal(named.predict({"in": given})["out"], expected)
    assert named.output_names == ["out", "twice"]
    named.compile("sgd", {"out": "mse", "twice": "mse"})
    assert np.isfinite(named.train_on_batch({"in": given}, {"out": rows(4, 2), "twice": rows(4, 1)})[0])


def test_models_inside():
    inner_in = Input((4,))
    inner = Model(inner_in, [Dense(3, name="p")(inner_in), Dense(2, name="q")(inner_in)], name="inner")
    x = Input((4,))
    p, q = inner(x)
    chain = fastnn.Sequential([Dense(5), Activation("relu")], name="chain")
    model = Model(x, [chain(p), q])
    given = rows(6, 4)
    one, two = inner.predict(given)
    made = model.predict(given)
    np.testing.assert_allclose(made[0], chain.predict(one), rtol=1e-6)
    assert np.array_equal(made[1], two)
    assert [layer.name for layer in model.layers][1:] == ["inner", "chain"]
    assert len(model.weights) == 6
    model.trainable = False
    assert not model.trainable_weights
    assert not inner.get_layer("p").trainable
    lines = []
    model.summary(print_fn=lines.append, expand_nested=True)
    assert "chain (Sequential)" in lines[0]
    assert "Connected to" in lines[0]
    assert "  p (Dense)" in lines[0]


def test_part_of_a_model():
    model = fastnn.Sequential([Input((4,)), Dense(3, name="hidden"), Dense(2)])
    features = Model(model.inputs, model.get_layer("hidden").output)
    given = rows(5, 4)
    np.testing.assert_allclose(features.predict(given), dense(given, model.layers[0]), rtol=1e-5)
    head = Model(model.layers[1].input, model.layers[1].output)  # from the middle of a graph
    np.testing.assert_allclose(head.predict(features.predict(given)), model.predict(given), rtol=1e-5)
    assert np.array_equal(Model.from_config(head.get_config()).input_shape, (None, 3))


@pytest.mark.parametrize("make", [branches, lambda: Model(*nested())])
def test_configs_make_equal_models(make):
    model = make()
    config = json.loads(json.dumps(model.get_config()))
    twin = Model.from_config(config)
    twin.set_weights(model.get_weights())
    shapes = as_list(model.input_shape)
    given = [rows(3, *(n or 6 for n in shape[1:]), seed=i) for i, shape in enumerate(shapes)]
    for a, b in zip(as_list(model(given)), as_list(twin(given)), strict=True):
        assert np.array_equal(a, b)
    assert twin.get_config() == config


def as_list(x):
    return x if isinstance(x, list) else [x]


def nested():
    x = Input((None, 3))
    inner = fastnn.Sequential([Dense(4), Dropout(0.5), Dense(2)])
    return x, LSTM(2)(inner(x, training=False))


@pytest.mark.filterwarnings("ignore:loss:fastnn.FastnnWarning")  # one output has no weights
def test_a_call_says_whether_random_layers_act():
    x = Input((50,))
    always, never = Model(x, Dropout(0.5)(x, training=True)), Model(x, Dropout(0.5)(x, training=False))
    given = np.ones((4, 50), "float32")
    assert (always.predict(given) == 0).any()
    assert np.array_equal(np.asarray(never(given, training=True)), given)
    norm = BatchNormalization()
    frozen = Model(x, norm(x, training=False))
    frozen.compile("sgd", "mse")
    frozen.fit(given, 2 * given, verbose=0)
    assert not norm.get_weights()[2].any()


def test_lengths_that_vary():
    a, b = Input((None, 3)), Input((None, 3))
    shared = LSTM(4)
    model = Model([a, b], [shared(a), shared(b)])
    for length in (2, 7):
        one, other = model.predict([rows(3, length, 3), rows(3, 5, 3)])
        np.testing.assert_allclose(one, shared(rows(3, length, 3)), atol=1e-6)
        np.testing.assert_allclose(other, shared(rows(3, 5, 3)), atol=1e-6)


def test_what_is_wrong_is_named():
    x, other = Input((3,), name="x"), Input((3,), name="other")
    y = Dense(2)(x)
    with pytest.raises(ValueError, match="depend on 'x'"):
        Model(other, y)
    with pytest.raises(TypeError, match="outputs: expected symbolic tensors"):
        Model(x, [y, 3])
    with pytest.raises(ValueError, match="inputs, outputs"):
        Model(x)
    with pytest.raises(ValueError, match="a name of its own, 'twin'"):
        Model(x, Dense(2, name="twin")(Dense(3, name="twin")(x)))
    with pytest.raises(ValueError, match="share one dtype"):
        Dense(2, dtype="float64")(x)
    with pytest.raises(TypeError, match="numbers that are not there yet"):
        np.asarray(y)
    model = branches()
    with pytest.raises(TypeError, match="list of 2 arrays"):
        model.predict(rows(3, 4))
    with pytest.raises(ValueError, match="expected 2 inputs"):
        model.predict([rows(3, 4)])
    with pytest.raises(ValueError, match=r"the inputs \['a', 'b'\], got \['a', 'c'\]"):
        model.predict({"a": rows(3, 4), "c": rows(3, 4)})
    with pytest.raises(ValueError, match=r"x\['b'\]: expected shape \(rows, 4\)"):
        model.predict([rows(3, 4), rows(3, 5)])
    with pytest.raises(ValueError, match=r"as many rows in each input, got \[3, 2\]"):
        model.predict([rows(3, 4), rows(2, 4)])
    with pytest.raises(ValueError, match=r"loss: expected the outputs \['left', 'right'\] as keys"):
        model.compile("sgd", {"middle": "mse"})
    model.compile("sgd", ["mse", None])
    assert model.metrics_names == ["loss"]
    with pytest.warns(fastnn.FastnnWarning, match="right/kernel, right/bias"):
        assert np.isfinite(model.train_on_batch([rows(3, 4), rows(3, 4)], [rows(3, 2), None]))
    with pytest.raises(ValueError, match=r"y: expected a list of 2 arrays, or a dict, for the outputs"):
        model.fit([rows(3, 4), rows(3, 4)], rows(3, 2), verbose=0)
    with pytest.raises(ValueError, match="class_weight: expected a model with one output"):
        model.fit([rows(3, 4), rows(3, 4)], [rows(3, 2), None], class_weight={0: 1.0}, verbose=0)
    with pytest.raises(ValueError, match="nodes: expected one of the 1 before, got 5"):
        config = Model(x, y).get_config()
        config["nodes"][0]["x"] = {"node": 5, "output": 0}
        Model.from_config(config)
    with pytest.raises(AttributeError, match="in no model yet"):
        _ = Dense(3).output


def test_weights_of_samples_by_output():
    model = branches()
    a, b, y, z = rows(6, 4), rows(6, 4, seed=1), rows(6, 2, seed=2), rows(6, 1, seed=3)
    weights = {"right": np.arange(6.0)}
    model.compile("sgd", "mse")
    found = model.evaluate([a, b], [y, z], sample_weight=weights, return_dict=True, verbose=0)
    _, right = model.predict([a, b])
    np.testing.assert_allclose(found["right_loss"], ((right - z)[:, 0] ** 2 * np.arange(6)).mean(), rtol=1e-5)


def test_whole_numbers_as_inputs():
    x = Input((3,), dtype="int32")
    assert isinstance(x.node.layer, InputLayer)
    assert fastnn.Model(x, Dense(2)(x)).dtype == "float32"


class OwnModel(fastnn.Model):
    def __init__(self):
        super().__init__()
        self.inner = Dense(2)

    def call(self, x):
        return self.inner(x)


@pytest.mark.parametrize("inner", [lambda: fastnn.Sequential([Dense(2)]), OwnModel, lambda: Dense(2)])
def test_models_inside_that_are_not_built_compute_in_the_dtype_around_them(inner):
    made = [
        fastnn.Sequential([Dense(3, dtype="float64"), inner()]),
        fastnn.Sequential([inner(), Dense(3, dtype="float64")]),
        fastnn.Sequential([fastnn.Input((3,), dtype="float64"), fastnn.Sequential([inner()])]),
        fastnn.Sequential([inner()], name="given"),
    ]
    x = fastnn.Input((3,), dtype="float64")
    made.append(fastnn.Model(x, inner()(x)))
    made[3].dtype = "float64"
    for model in made:
        assert model(np.ones((4, 3))).dtype == np.float64
        assert {weight.dtype for weight in model.weights} == {"float64"}
    with pytest.raises(ValueError, match="share one dtype"):
        fastnn.Sequential([Dense(3, dtype="float64"), fastnn.Sequential([Dense(2, dtype="float32")])]).build(
            (None, 3)
        )


def test_a_call_that_would_never_run_is_refused():
    class Doubled(fastnn.Sequential):
        def call(self, x):
            return super().call(x) * 2

    class Graph(fastnn.Model):
        def __init__(self):
            x = fastnn.Input((4,))
            super().__init__(x, fastnn.layers.Dense(2)(x))

        def call(self, x):
            return super().call(x) * 2

    with pytest.raises(TypeError, match=r"Doubled\.call: .* derive from Model"):
        Doubled([fastnn.layers.Dense(2)])(np.zeros((3, 4)))
    with pytest.raises(TypeError, match=r"Graph\.call: "):
        Graph()
