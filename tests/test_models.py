"""`Sequential`: how it is put together, built, described and copied."""

import json

import numpy as np
import pytest
from gradcheck import check_gradients

import fastnn
from fastnn.kernels.ops import dense
from fastnn.layers import Activation, Dense, Dropout, Flatten, PReLU, ReLU, Reshape, Softmax

EVERY_LAYER = [
    *(Reshape((3, 4)), Dense(5, "tanh"), Activation("gelu"), ReLU(max_value=1.0), PReLU(shared_axes=[1])),
    *(Dropout(0.1, (None, 1, None)), Flatten(), Dense(6, use_bias=False, kernel_regularizer="l2"), Softmax()),
]  # fmt: skip


def make(*layers, dtype=None):
    return fastnn.Sequential([fastnn.Input((4,), dtype=dtype), *(layers or (Dense(3, "relu"), Dense(2)))])


def every_layer():
    return fastnn.Sequential(
        [fastnn.Input((12,)), *(type(layer).from_config(layer.get_config()) for layer in EVERY_LAYER)]
    )


# ---- structure ------------------------------------------------------------------------------------------


def test_ways_to_say_the_same():
    models = [
        make(),
        fastnn.Sequential([Dense(3, "relu", input_shape=(4,)), Dense(2)]),
        fastnn.Sequential([Dense(3, "relu"), Dense(2)]),
        fastnn.Sequential(),
    ]
    models[2].build((None, 4))
    models[3].add(fastnn.Input((4,)))
    models[3].add(Dense(3, "relu"))
    models[3].add(Dense(2))
    x = np.random.default_rng(0).standard_normal((5, 4))
    for model in models:
        assert model.built
        assert (model.input_shape, model.output_shape) == ((None, 4), (None, 2))
        assert [w.shape for w in model.weights] == [(4, 3), (3,), (3, 2), (2,)]
        assert model.count_params() == 23
        model.set_weights(models[0].get_weights())
        np.testing.assert_array_equal(model.predict(x), models[0].predict(x))


@pytest.mark.parametrize(
    "use", ["__call__", "predict", "predict_on_batch", "fit", "evaluate", "train_on_batch"]
)
def test_data_build_a_model(use):
    model = fastnn.Sequential([Dense(3), Dense(2)])
    model.compile(loss="mse")
    assert not model.built
    labels = [np.ones((5, 2))] if use in ("fit", "evaluate", "train_on_batch") else []
    getattr(model, use)(np.ones((5, 4)), *labels)
    assert model.input_shape == (None, 4)


@pytest.mark.parametrize(
    "use",
    [
        lambda model: model.input_shape,
        lambda model: model.output_shape,
        lambda model: model.count_params(),
        lambda model: model.set_weights([]),
    ],
)
def test_what_only_a_built_model_knows(use):
    with pytest.raises(ValueError, match="model 'mine' has not been built"):
        use(fastnn.Sequential([Dense(3)], name="mine"))


def test_add_and_pop():
    model = make()
    x = np.ones((3, 4))
    before = model.predict(x)
    model.add(Dense(7))
    assert model.predict(x).shape == (3, 7)
    last = model.pop()
    assert last.units == 7
    np.testing.assert_array_equal(model.predict(x), before)
    while model.layers:
        model.pop()
    assert model.pop().name.startswith("input")
    with pytest.raises(IndexError, match="layers: there is no layer"):
        model.pop()


def test_a_model_in_a_model():
    inner = make()
    model = fastnn.Sequential([Flatten(input_shape=(2, 2)), inner, Dense(1)])
    assert [type(layer).__name__ for layer in model.layers] == ["Flatten", "Sequential", "Dense"]
    assert model.layers[1] is inner
    x = np.random.default_rng(0).standard_normal((5, 2, 2))
    np.testing.assert_array_equal(
        fastnn.Sequential([Flatten(input_shape=(2, 2)), inner]).predict(x), inner.predict(x.reshape(5, 4))
    )


def test_get_layer():
    first, second = Dense(3, name="first"), Dense(2)
    model = make(first, second)
    assert model.get_layer("first") is model.get_layer(index=0) is first
    assert model.get_layer(index=1) is model.get_layer(index=-1) is second
    for arguments, message in [
        ({"name": "third"}, "name: there is no layer 'third'; there are .'first', "),
        ({"index": 2}, "index: .*-2 to 1, got 2"),
        ({"index": -3}, "index: .*got -3"),
        ({}, "name, index: expected one of them"),
        ({"name": "first", "index": 0}, "name, index: expected one of them"),
    ]:
        with pytest.raises(ValueError, match=message):
            model.get_layer(**arguments)


def test_names_are_numbered():
    names = [layer.name for layer in (Dense(1), Dense(1), PReLU(), Dense(1, name="mine"))]
    kind, number = names[0].rpartition("_")[::2] if "_" in names[0] else (names[0], 0)
    assert names[1] == f"{kind or 'dense'}_{int(number or 0) + 1}"
    assert names[2].startswith("p_re_lu")
    assert names[3] == "mine"


layer = Dense(2, name="twice")


@pytest.mark.parametrize(
    ("layers", "error", "message"),
    [
        ([Dense(2), "relu"], TypeError, "layers: .*'relu'"),
        ([Dense], TypeError, "layers: .*Dense"),
        ([layer, layer], ValueError, "layers: 'twice' is in the model already"),
        ([Dense(2, name="a"), Dense(2, name="a")], ValueError, "layers: .*'a' is taken"),
        ([Dense(2), fastnn.Input((2,))], ValueError, "layers: .*may only come first"),
        (
            [fastnn.Input((4,)), Reshape((3,), name="r")],
            ValueError,
            r"layer 'r' on rows of shape \(4,\): target_shape",
        ),
        (
            [Dense(2, dtype="float32"), Dense(2, dtype="float64", input_shape=(2,))],
            ValueError,
            "dtype: .*one dtype",
        ),
    ],
)
def test_what_is_no_model_is_told(layers, error, message):
    with pytest.raises(error, match=message):
        model = fastnn.Sequential(layers)
        model.build((None, 4))


def test_a_layer_whose_building_is_interrupted_is_not_added():
    class Interrupted(Dense):
        def build(self, input_shape):
            raise KeyboardInterrupt

    model = make()
    with pytest.raises(KeyboardInterrupt):
        model.add(Interrupted(4))
    assert len(model.layers) == 2
    assert model.predict(np.ones((3, 4))).shape == (3, 2)


def test_a_layer_that_does_not_fit_is_not_added():
    model = make()
    with pytest.raises(ValueError, match="target_shape"):
        model.add(Reshape((3,)))
    assert len(model.layers) == 2
    assert model.predict(np.ones((3, 4))).shape == (3, 2)


def test_another_shape_than_it_was_built_for():
    model = make()
    with pytest.raises(ValueError, match="these rows need"):
        model.build((None, 5))
    assert model.predict(np.ones((2, 4))).shape == (2, 2)


# ---- weights --------------------------------------------------------------------------------------------


def test_weights_go_out_and_in():
    model = make()
    weights = model.get_weights()
    model.set_weights([w + 1 for w in weights])
    for old, new in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(old + 1, new)
    model.layers[0].set_weights(weights[:2])
    np.testing.assert_array_equal(model.get_weights()[0], weights[0])
    model.set_weights([w.tolist() for w in weights])
    np.testing.assert_array_equal(model.get_weights()[3], weights[3])


@pytest.mark.parametrize(
    ("change", "error", "message"),
    [
        (lambda w: w[:3], ValueError, "weights: expected 4 arrays .*, got 3"),
        (lambda w: [*w, w[0]], ValueError, "weights: expected 4 arrays .*, got 5"),
        (
            lambda w: [*w[:3], np.zeros(3)],
            ValueError,
            r"weights\[3\]: expected shape \(2,\) for 'bias', got \(3,\)",
        ),
        (lambda w: [w[0].T, *w[1:]], ValueError, r"weights\[0\]: expected shape \(4, 3\)"),
        (lambda w: [*w[:3], np.array(["a", "b"])], TypeError, r"weights\[3\]: expected numbers"),
        (lambda w: [*w[:3], w[3] * 1j], TypeError, r"weights\[3\]: expected numbers, got dtype complex"),
    ],
)
def test_weights_that_do_not_fit_change_nothing(change, error, message):
    model = make()
    before = model.get_weights()
    with pytest.raises(error, match=message):
        model.set_weights(change([w + 1 for w in before]))
    for a, b in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_kinds_of_weights():
    model = make(Dense(3), Dense(2))
    model.layers[0].trainable = False
    assert len(model.weights) == len(model.variables) == 4
    assert model.trainable_weights == model.layers[1].weights
    assert model.non_trainable_weights == model.layers[0].weights
    model.trainable = False
    assert not model.trainable_variables
    model.trainable = True
    assert len(model.trainable_variables) == 4


# ---- dtype ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("how", ["input", "layer", "floatx"])
def test_float64(how):
    if how == "floatx":
        fastnn.config.set_floatx("float64")
    first = Dense(3, dtype="float64" if how == "layer" else None)
    model = make(first, Dense(2), dtype="float64" if how == "input" else None)
    fastnn.config.set_floatx("float32")
    assert model.dtype == "float64"
    assert {w.dtype for w in model.weights} == {"float64"}
    x = np.random.default_rng(0).standard_normal((5, 4))
    for given in (x, x.astype("float32")):
        assert model(given).dtype == "float64"
    w, b, v, c = model.get_weights()
    np.testing.assert_allclose(model(x), (x @ w + b) @ v + c, rtol=1e-13)


# ---- descriptions ---------------------------------------------------------------------------------------


@pytest.mark.parametrize("model", [every_layer, make, lambda: fastnn.Sequential([Dense(2)])])
def test_config(model):
    model = model()
    config = json.loads(json.dumps(model.get_config()))
    twin = fastnn.Sequential.from_config(config)
    assert json.loads(json.dumps(twin.get_config())) == config
    assert (twin.name, twin.built) == (model.name, model.built)
    if model.built:
        twin.set_weights(model.get_weights())
        x = np.random.default_rng(0).standard_normal((5, *model.input_shape[1:]))
        np.testing.assert_array_equal(twin(x), model(x))


def test_summary():
    lines = []
    model = every_layer()
    model.layers[1].trainable = False
    model.summary(print_fn=lines.append, show_trainable=True)
    text = "\n".join(lines)
    for layer in model.layers:
        assert f"{layer.name} ({type(layer).__name__})" in text
    assert "(None, 3, 5)" in text
    assert f"Total params: {model.count_params()}" in text
    assert "Non-trainable params: 25 " in text
    assert max(map(len, text.splitlines())) <= 100


def test_summary_of_an_unbuilt_model(capsys):
    fastnn.Sequential([Dense(3)], name="mine").summary()
    text = capsys.readouterr().out
    assert 'Model: "mine"' in text
    assert "not built" in text


def test_repr():
    assert repr(fastnn.Sequential([Dense(2)], name="m")) == "<Sequential name='m' layers=1 built=False>"
    assert repr(Dense(2, name="d")) == "<Dense name='d' built=False>"


# ---- layers alone ---------------------------------------------------------------------------------------


def test_a_layer_alone_is_the_layer_of_its_model():
    layer = Dense(3, "relu")
    x = np.random.default_rng(0).standard_normal((5, 4))
    y = layer(x)
    assert layer.built
    model = fastnn.Sequential([fastnn.Input((4,)), layer])
    np.testing.assert_array_equal(model(x), y)
    model.compile("sgd", "mse")
    model.fit(x, y + 1, verbose=0)
    assert not np.array_equal(layer(x), y)
    np.testing.assert_array_equal(model(x), layer(x))


def test_a_layer_alone_takes_any_rows_that_fit():
    for layer in (Dropout(0.5), Flatten(), Softmax(), ReLU(), Reshape((-1, 2))):
        for shape in [(2, 4), (3, 6), (2, 2, 4), (0, 4)]:
            assert layer(np.ones(shape)).shape == layer.compute_output_shape(shape)


class Twice(fastnn.layers.Layer):
    """A layer of one's own: a weight that is used twice."""

    def build(self, input_shape):
        n = input_shape[-1]
        self.kernel = self.add_weight((n, n), fastnn.initializers.get("he_normal"), "kernel")

    def _emit(self, plan, x):
        for _ in range(2):
            x = dense.emit(plan, x, self.kernel, None, ("tanh",))
        return x


def test_a_layer_of_ones_own():
    layer = Twice()
    x = np.random.default_rng(0).standard_normal((5, 4))
    y = layer(x)
    w = layer.kernel.numpy()
    np.testing.assert_allclose(y, np.tanh(np.tanh(x @ w) @ w), rtol=1e-5, atol=1e-6)
    check_gradients(make(Twice(), Dense(2), dtype="float64"), "mse", x, x[:, :2])


def test_a_layer_without_call_is_told():
    with pytest.raises(TypeError, match=r"Empty defines no call\(self, x\)"):
        type("Empty", (fastnn.layers.Layer,), {})()(np.ones((2, 3)))
