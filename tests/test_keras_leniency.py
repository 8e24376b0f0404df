"""Calls that Keras takes, and those that it refuses."""

import operator

import numpy as np
import pytest

import fastnn
from fastnn import Input, Model, Sequential, layers

X = np.array([[0.1, 0.6, 0.9]], "float32")


@pytest.mark.parametrize("name", ["gt", "ge", "lt", "le"])
def test_comparisons_of_symbolic_tensors(name):
    compare = getattr(operator, name)
    x, y = Input((3,)), Input((3,))
    other = np.array([[0.1, 0.9, 0.6]], "float32")
    for made, expected in (
        (Model(x, compare(x, 0.6))(X), compare(X, np.float32(0.6))),
        (Model(x, compare(0.6, x))(X), compare(np.float32(0.6), X)),
        (Model(x, compare(x, other[0]))(X), compare(X, other)),
        (Model([x, y], compare(x, y))([X, other]), compare(X, other)),
    ):
        assert made.dtype == "bool"
        np.testing.assert_array_equal(made, expected)
    with_nan = np.array([[np.nan, 0.6, np.inf]], "float32")
    np.testing.assert_array_equal(Model(x, compare(x, 0.6))(with_nan), compare(with_nan, np.float32(0.6)))


def test_boolean_operators_of_symbolic_tensors():
    x = Input((3,))
    low, high = x < 0.8, x > 0.5
    for made, expected in (
        (low & high, [0, 1, 0]),
        (low | high, [1, 1, 1]),
        (low ^ high, [1, 0, 1]),
        (~low, [0, 0, 1]),
        (True & low, [1, 1, 0]),
    ):
        found = Model(x, made)(X)
        assert found.dtype == "bool"
        assert found.tolist() == [[bool(n) for n in expected]]
    np.testing.assert_array_equal(Model(x, x * high)(X), X * [0, 1, 1])
    np.testing.assert_allclose(Model(x, x % 0.5)(X), X % 0.5, rtol=1e-6)
    np.testing.assert_allclose(Model(x, 2 % x)(X), 2 % X, rtol=1e-6)
    np.testing.assert_array_equal(Model(x, x // 0.5)(X), X // 0.5)


def test_comparisons_have_no_gradient_and_are_saved(tmp_path):
    x = Input((3,))
    hidden = layers.Dense(3)(x)
    model = Model(x, layers.Dense(1)(hidden * (hidden > 0)))
    model.compile("sgd", "mse")
    model.fit(X, np.ones((1, 1)), verbose=0)
    model.save(tmp_path / "m")
    np.testing.assert_array_equal(fastnn.saving.load_model(tmp_path / "m").predict(X), model.predict(X))


def test_reshape_where_a_dimension_is_open():
    x = Input((None,))
    y = layers.Reshape((2, 2))(x)
    assert y.shape == (None, 2, 2)
    model = Model(x, y)
    assert model(np.ones((3, 4))).shape == (3, 2, 2)
    with pytest.raises(ValueError, match="cannot take shape"):
        model(np.ones((3, 5)))
    assert layers.Reshape((-1, 2))(x).shape == (None, None, 2)


@pytest.mark.parametrize(
    ("layer", "x"),
    [
        (layers.Dense(2, "relu"), -np.ones((1, 3))),
        (layers.Conv1D(2, 2, activation="relu"), -np.ones((1, 4, 3))),
        (layers.DepthwiseConv1D(2, activation="relu"), -np.ones((1, 4, 3))),
        (layers.SeparableConv1D(2, 2, activation="relu"), -np.ones((1, 4, 3))),
        (layers.Conv1DTranspose(2, 2, activation="relu"), -np.ones((1, 4, 3))),
        (layers.Activation("relu"), -np.ones((1, 3))),
    ],
    ids=lambda value: value.name if isinstance(value, layers.Layer) else "",
)
def test_an_activation_may_be_set_later(layer, x):
    around = Sequential([Sequential([layer])])
    for call in (layer, around, around.predict):
        layer.activation = "relu"
        assert (call(x) >= 0).all()
        layer.activation = None
        y = call(x)
        layer.activation = lambda t: t * 2.0
        np.testing.assert_allclose(call(x), 2 * y, rtol=1e-6)
    layer.activation = "tanh"
    assert layer.get_config()["activation"] == "tanh"
    if layer.weights:
        around.compile("sgd", "mse")
        around.fit(x, around(x) * 0, verbose=0)


def test_other_keys_of_a_dict_are_ignored():
    a = Input((2,), name="a")
    for model in (Model({"a": a}, layers.Dense(1)(a)), Model(a, layers.Dense(1)(a))):
        data = {"a": np.ones((4, 2)), "z": np.ones((4, 9))}
        assert model(data).shape == model.predict(data).shape == (4, 1)
        model.compile("sgd", "mse")
        model.fit(data, np.ones((4, 1)), verbose=0)
        with pytest.raises(ValueError, match="x: expected the inputs"):
            model({"z": np.ones((4, 9))})


def test_constants_may_be_arrays():
    constant = fastnn.initializers.Constant
    np.testing.assert_array_equal(constant(np.arange(3.0))((2, 3)), [[0, 1, 2]] * 2)
    layer = layers.Dense(2, kernel_initializer="zeros", bias_initializer=constant([1.0, 2.0]))
    np.testing.assert_array_equal(layer(X), [[1, 2]])
    np.testing.assert_array_equal(layers.Dense.from_config(layer.get_config())(X), [[1, 2]])
    with pytest.raises(ValueError, match="value: expected an array that broadcasts to shape"):
        constant([1.0, 2.0])((3,))
    with pytest.raises(ValueError, match="value: expected finite numbers"):
        constant([1.0, np.nan])


def test_an_embedding_is_built_without_a_shape():
    layer = layers.Embedding(5, 2)
    layer.build()
    assert layer.embeddings.shape == (5, 2)


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (lambda: layers.Dropout(0.5, noise_shape=(1, -1)), "noise_shape: expected positive"),
        (lambda: layers.Dropout(0.5, noise_shape=(1, 1.5)), "noise_shape: expected positive"),
        (
            lambda: layers.InputLayer(batch_size=2, batch_shape=(2, 3)),
            "batch_size, batch_shape: expected one",
        ),
        (lambda: Input(batch_size=2, batch_shape=(2, 3)), "batch_size, batch_shape: expected one"),
        (lambda: layers.InputLayer(shape=(3,), batch_shape=(2, 3)), "shape, batch_shape: expected one"),
    ],
)
def test_what_keras_refuses(make, message):
    with pytest.raises(ValueError, match=message):
        make()
