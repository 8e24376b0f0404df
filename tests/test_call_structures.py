"""Arguments and results of `call`: several tensors, in lists, tuples and dicts, by position and by name."""

import numpy as np
import pytest

import fastnn
from fastnn import Input, Model, layers

A = np.random.default_rng(0).standard_normal((3, 4)).astype("float32")
B = np.random.default_rng(1).standard_normal((3, 4)).astype("float32")


class Product(layers.Layer):
    def call(self, a, b):
        return a * b


class Built(layers.Layer):
    def build(self, a_shape, b_shape):
        self.shapes = a_shape, b_shape
        self.one = self.add_weight(shape=(a_shape[-1], 2), initializer="ones")
        self.other = self.add_weight(shape=(b_shape[-1], 2), initializer="ones")

    def call(self, a, b):
        return a @ self.one + b @ self.other

    def compute_output_shape(self, a_shape, b_shape):
        return (*a_shape[:-1], 2)


class Scaled(layers.Layer):
    def call(self, x, factor, training):
        return x * factor


class Swap(layers.Layer):
    def call(self, pair):
        assert isinstance(pair, tuple)
        first, second = pair
        return second * 1.0, first * 1.0


class Named(layers.Layer):
    def build(self, input_shape):
        assert set(input_shape) == {"a", "rest"}
        assert input_shape["rest"] == [input_shape["a"]] * 2

    def call(self, inputs):
        first, second = inputs["rest"]
        return {"sum": inputs["a"] + first, "more": (second * 2.0, [inputs["a"] * 3.0])}


class NamedOfLayers(layers.Layer):
    def __init__(self):
        super().__init__()
        self.add, self.twice = layers.Add(), layers.Rescaling(2.0)

    def call(self, inputs):
        return {"sum": self.add([inputs["a"], inputs["b"]]), "twice": (self.twice(inputs["a"]),)}


def ways(layer, *inputs, **options):
    """Yield what a layer makes of arrays, of tensors and in a model."""
    yield layer(*inputs, **options)
    wrapped = [structure(fastnn.Tensor, x) for x in inputs]
    yield structure(np.asarray, layer(*wrapped, **options))
    starts = []

    def start(array):
        starts.append((Input(array.shape[1:]), array))
        return starts[-1][0]

    outputs = layer(*[structure(start, x) for x in inputs], **options)
    yield Model([tensor for tensor, _ in starts], outputs)([array for _, array in starts])


def structure(function, x):
    if isinstance(x, dict):
        return {key: structure(function, part) for key, part in x.items()}
    return type(x)(structure(function, part) for part in x) if isinstance(x, (list, tuple)) else function(x)


def assert_same(found, expected):
    assert type(found) is type(expected)
    if isinstance(expected, dict):
        assert list(found) == list(expected)
        for key in expected:
            assert_same(found[key], expected[key])
    elif isinstance(expected, (list, tuple)):
        assert len(found) == len(expected)
        for one, other in zip(found, expected, strict=True):
            assert_same(one, other)
    else:
        np.testing.assert_allclose(found, expected, rtol=1e-5)


CASES = {
    "two": (Product, (A, B), {}, A * B),
    "two, built": (Built, (A, B), {}, np.tile((A + B).sum(1, keepdims=True), 2)),
    "required": (Scaled, (A,), {"factor": 3.0}, A * 3),
    "tuple": (Swap, ((A, B),), {}, (B, A)),
    "nested": (Named, ({"a": A, "rest": [B, A]},), {}, {"sum": A + B, "more": (A * 2, [A * 3])}),
    "traced": (NamedOfLayers, ({"a": A, "b": B},), {}, {"sum": A + B, "twice": (A * 2,)}),
}


@pytest.mark.parametrize("case", CASES)
def test_every_way_gives_the_same(case):
    kind, inputs, options, expected = CASES[case]
    layer = kind()
    for found in ways(layer, *inputs, **options):
        assert_same(found, expected)


def test_arguments_by_name():
    assert_same(Product()(A, b=B), A * B)
    assert_same(Product()(a=A, b=B), A * B)
    assert_same(layers.Dense(2, kernel_initializer="ones")(inputs=A), np.tile(A.sum(1, keepdims=True), 2))
    layer = Built()
    layer(A, B)
    assert layer.shapes == ((None, 4), (None, 4))
    with pytest.raises(TypeError, match="missing what to call the layer on"):
        Product()()


def test_gradients_reach_all_arguments():
    x, y = Input((4,)), Input((4,))
    model = Model([x, y], layers.Dense(1)(Product()(layers.Dense(3)(x), layers.Dense(3)(y))))
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.train_on_batch([A, B], np.ones((3, 1)))
    assert all((w != v).any() for w, v in zip(before[::2], model.get_weights()[::2], strict=True))
