"""Variables that a user's layer or model makes are found wherever they are held, trained and saved."""

import numpy as np
import pytest

import fastnn
from fastnn import Model, Sequential, Variable, layers

X = np.random.default_rng(0).standard_normal((8, 2)).astype("float32")


class Held(layers.Layer):
    """Variables in an attribute, a list and a dict."""

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        self.w = Variable(np.ones(2))
        self.more = [Variable(1.0), {"shift": Variable("zeros", shape=(2,))}]
        self.count = Variable(3)

    def call(self, x):
        return x * self.w * self.more[0] + self.more[1]["shift"] * self.count


class Own(Model):
    def __init__(self):
        super().__init__()
        self.scale = Variable(np.ones(2), name="scale")
        self.inner = [Held()]

    def call(self, x):
        return self.inner[0](x) * self.scale


def test_they_are_weights_from_the_start():
    layer = Held()
    assert [v.name for v in layer.weights] == ["variable", "variable_1", "variable_2", "variable_3"]
    assert layer.trainable_weights == [layer.w, layer.more[0], layer.more[1]["shift"]]
    assert layer.non_trainable_weights == [layer.count]
    layer.more.append(Variable(2.0))
    assert len(layer.trainable_weights) == 4
    assert len(Own().weights) == 5


@pytest.mark.parametrize("floatx", ["float32", "float64"])
@pytest.mark.parametrize(
    "make", [lambda: Sequential([Held(), layers.Dense(1)]), Own, lambda: Sequential([Held()])]
)
def test_they_are_trained_and_saved(make, floatx, tmp_path):
    before = fastnn.config.floatx()
    fastnn.config.set_floatx(floatx)
    try:
        model = make()
        model.compile("adam", "mse")
        start = [w.copy() for w in (model(X), *model.get_weights())][1:]
        model.fit(X, np.full((8, model(X).shape[1]), 7.0), epochs=2, verbose=0)
        for variable, w in zip(model.weights, start, strict=True):
            assert (variable.numpy() != w).any() is np.bool_(variable.trainable)
            assert variable.dtype == (floatx if variable.trainable else "int32")
        model.save_weights(tmp_path / "w")
        other = make()
        other.build((None, 2))
        other.load_weights(tmp_path / "w")
        np.testing.assert_array_equal(other(X), model(X))
        assert [w.dtype for w in other.get_weights()] == [w.dtype for w in model.get_weights()]
    finally:
        fastnn.config.set_floatx(before)


def test_a_frozen_layer_keeps_them():
    layer = Held(trainable=False)
    assert layer.trainable_weights == []
    model = Sequential([layer, layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, X[:, :1], verbose=0)
    np.testing.assert_array_equal(layer.w.numpy(), 1)
    layer.trainable = True
    assert len(layer.trainable_weights) == 3


def test_add_weight_of_whole_numbers():
    layer = layers.Dense(2)
    count = layer.add_weight(shape=(2,), initializer="ones", dtype="int32", name="count")
    assert count.dtype == "int32"
    assert not count.trainable
    layer.trainable = True
    assert not count.trainable
    assert layer.add_weight(shape=(), dtype="float32", name="one").trainable
    with pytest.raises(ValueError, match="dtype: expected one of numbers, got 'str'"):
        layer.add_weight(shape=(), dtype="str", name="text")


def test_what_variables_are_made_of():
    assert Variable([1.0, 2.0]).dtype == "float32"
    assert Variable([1, 2]).dtype == "int32"
    assert Variable(np.ones(2)).dtype == "float64"
    assert Variable(np.ones(2), dtype="float32").dtype == "float32"
    assert Variable("ones", shape=(2, 3), dtype="int32").numpy().tolist() == [[1] * 3] * 2
    assert Variable(lambda shape, dtype: np.full(shape, 2.0), shape=(2,)).numpy().tolist() == [2, 2]
    with pytest.raises(ValueError, match="shape: expected a tuple .* for the initializer 'ones', got None"):
        Variable("ones")
    with pytest.raises(TypeError, match="initializer: expected numbers"):
        Variable(["a"])


def test_an_inner_layer_of_a_frozen_model_does_not_train():
    model = Sequential([layers.Dense(2, input_shape=(2,)), layers.Dense(1)])
    model.trainable = False
    model.layers[0].trainable = True
    assert model.trainable_weights == []
    assert len(model.non_trainable_weights) == 4
    assert len(model.layers[0].trainable_weights) == 2
    model.compile("sgd", "mse")
    before = model.get_weights()
    with pytest.warns(UserWarning, match="any trainable weights"):
        model.fit(X, X[:, :1], verbose=0)
    for one, other in zip(before, model.get_weights(), strict=True):
        np.testing.assert_array_equal(one, other)
    around = Sequential([model, layers.Dense(1)])
    around.build((None, 2))
    assert len(around.trainable_weights) == 4  # as in Keras: flags of weights inside count


@pytest.mark.parametrize("where", ["before", "after"])
def test_a_flag_that_is_set_by_hand_stays(where):
    """Whether a variable becomes part of a layer before or after it is frozen, by itself or in a list."""

    class Two(layers.Layer):
        def __init__(self):
            super().__init__()
            first, second = Variable(np.ones(2)), Variable(np.ones(2))
            if where == "before":
                first.trainable = second.trainable = False
            self.first, self.rest = first, [second]
            if where == "after":
                first.trainable = second.trainable = False
            self.free = Variable(np.ones(2))

        def call(self, x):
            return x * self.first * self.rest[0] * self.free

    layer = Two()
    assert layer.trainable_weights == [layer.free]
    model = Sequential([layer])
    model.compile("sgd", "mse")
    model.train_on_batch(X, X + 1)
    assert [(v.numpy() != 1).any() for v in (layer.first, *layer.rest, layer.free)] == [False, False, True]
    layer.trainable = True  # which is said for all of them
    assert len(layer.trainable_weights) == 3


def test_a_call_is_not_tried_on_samples_of_any_size():
    with pytest.raises(ValueError, match="call: it is tried on samples of at most 16777216 elements"):
        fastnn.Sequential([fastnn.Input((10**9, 4)), fastnn.layers.Lambda(fastnn.activations.tanh)])
