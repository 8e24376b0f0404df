"""Which weights train, of layers that have others inside: the same in copies of every kind."""

import copy
import io
import itertools

import numpy as np
import pytest

import fastnn
from fastnn import Model, Sequential, layers
from fastnn.layers.base.trainable import flatten_parts
from fastnn.saving.names import named_weights

X = np.random.default_rng(0).standard_normal((4, 5, 3)).astype("float32")


class Residual(layers.Wrapper):
    def call(self, x):
        return x + self.layer(x)


def gru(**kwargs):
    return layers.GRU(2, return_sequences=True, **kwargs)


WRAPPERS = {
    "time_distributed": lambda **kwargs: layers.TimeDistributed(layers.Dense(2), **kwargs),
    "time_distributed model": lambda **kwargs: layers.TimeDistributed(
        Sequential([layers.Dense(2), layers.BatchNormalization()]), **kwargs
    ),
    "bidirectional": lambda **kwargs: layers.Bidirectional(gru(), **kwargs),
    "bidirectional of two": lambda **kwargs: layers.Bidirectional(
        layers.LSTM(2, return_sequences=True),
        backward_layer=gru(go_backwards=True, name="behind"),
        **kwargs,
    ),
    "rnn": lambda **kwargs: layers.RNN(layers.LSTMCell(2), return_sequences=True, **kwargs),
    "stacked": lambda **kwargs: layers.RNN(
        layers.StackedRNNCells([layers.GRUCell(2), layers.SimpleRNNCell(3)]), return_sequences=True, **kwargs
    ),
    "lstm": lambda **kwargs: layers.LSTM(2, return_sequences=True, **kwargs),
    "nested": lambda **kwargs: layers.TimeDistributed(
        layers.TimeDistributed(layers.Dense(2)), input_shape=(5, 3, 1), **kwargs
    ),
    "wrapper": lambda **kwargs: Residual(layers.Dense(3), **kwargs),
    "sequential": lambda **kwargs: Sequential([layers.Dense(2), layers.Bidirectional(gru())], **kwargs),
}
CUSTOM = {"Residual": Residual}


def sample_of(layer):
    return X[..., None] if layer._input_sample_shape == (5, 3, 1) else X


def combinations(layer):
    """Flags for all that is inside, or some of them where these are many."""
    count = len(flatten_parts(layer))
    found = list(itertools.product([True, False], repeat=count))
    return found if count <= 4 else found[:: max(1, len(found) // 24)]


def freeze(layer, flags):
    """Set the flags as a program does: the outer ones first, which pass theirs on."""
    for part, flag in zip(flatten_parts(layer), flags, strict=True):
        part.trainable = flag


def training(layer):
    """The names of the weights that train."""
    return [w.structure for w in named_weights(model_with(layer)) if w.variable.trainable]


def model_with(layer):
    return layer if isinstance(layer, Model) else _Holder(layer)


class _Holder:
    def __init__(self, layer):
        self._sublayers = [layer]
        self.weights = layer.weights


def copies_of(layer):
    """The layer from its config, cloned, saved and loaded, and copied, all of them built."""
    x = sample_of(layer)
    with fastnn.utils.custom_object_scope(CUSTOM):
        twin = type(layer).from_config(layer.get_config())
        twin(x)
        yield "config", twin
        start = fastnn.Input(x.shape[1:])
        model = Model(start, layer(start))
        at = [type(part) for part in model._sublayers].index(type(layer))
        yield "clone", fastnn.models.clone_model(model)._sublayers[at]
        file = io.BytesIO()
        model.save(file)
        file.seek(0)
        yield "file", fastnn.saving.load_model(file)._sublayers[at]
    yield "copy", copy.deepcopy(layer)


@pytest.mark.parametrize("built", [False, True], ids=["new", "built"])
@pytest.mark.parametrize("name", WRAPPERS)
def test_copies_train_the_same_weights(name, built):
    make = WRAPPERS[name]
    for flags in combinations(make()):
        layer = make()
        x = sample_of(layer)
        if built:
            layer(x)
        freeze(layer, flags)
        with fastnn.utils.custom_object_scope(CUSTOM):
            early = type(layer).from_config(layer.get_config())
        layer(x)
        expected = training(layer)
        early(x)
        assert training(early) == expected
        for way, twin in copies_of(layer):
            assert training(twin) == expected, (way, flags)


@pytest.mark.parametrize("name", WRAPPERS)
def test_an_argument_freezes_all_that_is_inside(name):
    layer = WRAPPERS[name](trainable=False)
    with fastnn.utils.custom_object_scope(CUSTOM):
        twin = type(layer).from_config(layer.get_config())
    layer(sample_of(layer))
    assert training(layer) == []
    twin(sample_of(twin))
    assert training(twin) == []
    layer.trainable = True
    assert len(training(layer)) == len([v for v in layer.weights if v.learns])


def test_a_frozen_half_comes_back_alone():
    layer = layers.Bidirectional(gru())
    layer.forward_layer.trainable = False
    twin = layers.Bidirectional.from_config(layer.get_config())
    assert (twin.forward_layer.trainable, twin.backward_layer.trainable) == (False, True)
    twin(X)
    assert twin.trainable_weights == twin.backward_layer.weights


def test_a_config_of_keras_has_no_second_half():
    layer = layers.Bidirectional(gru(trainable=False))
    config = layer.get_config()
    del config["backward_layer"]
    twin = layers.Bidirectional.from_config(config)
    assert twin.backward_layer.go_backwards
    twin(X)
    assert not twin.trainable_weights


def test_a_cell_is_frozen_by_itself():
    layer = layers.RNN([layers.GRUCell(2), layers.LSTMCell(3)])
    layer.cell.cells[0].trainable = False
    model = Sequential([fastnn.Input((5, 3)), layer, layers.Dense(1)])
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.fit(X, X[:, 0, :1], verbose=0)
    same = [np.array_equal(a, b) for a, b in zip(before, model.get_weights(), strict=True)]
    assert [v.name.split("/")[0] for v, unchanged in zip(model.weights, same, strict=True) if unchanged] == [
        "cell_0"
    ] * 3


def test_a_cell_that_is_frozen_before_the_model_is_built():
    layer = layers.RNN([layers.GRUCell(2), layers.LSTMCell(3)])
    layer.cell.cells[0].trainable = False
    model = Sequential([layer, layers.Dense(1)])
    model.compile("sgd", "mse")
    model.fit(X, X[:, 0, :1], verbose=0, epochs=1)
    trained = model.optimizer.trainable_variables
    assert not any(v.name.startswith("cell_0") for v in trained)
    assert sum(v.name.startswith("cell_1") for v in trained) == 3


def test_layers_added_to_a_frozen_model_are_frozen():
    model = Sequential([fastnn.Input((3,)), layers.Dense(2)], trainable=False)
    model.add(layers.Dense(2))
    assert not model.trainable_weights
    twin = Sequential.from_config(model.get_config())
    assert not twin.trainable_weights
    model.layers[1].trainable = True
    twin = Sequential.from_config(model.get_config())
    assert twin.layers[1].trainable_weights == twin.layers[1].weights
    assert not twin.trainable_weights


def test_flags_of_weights_do_not_change_their_order():
    model = fastnn.Sequential(
        [fastnn.Input((5, 4)), fastnn.layers.SimpleRNN(4, use_bias=False), fastnn.layers.BatchNormalization()]
    )
    names = [variable.name for variable in model.weights]
    for variable in model.weights:
        variable.trainable = False
        assert [one.name for one in model.weights] == names


class Holder(fastnn.layers.Layer):
    """Makes its layer in `build`."""

    def build(self, input_shape):
        self.inner = fastnn.layers.Dense(3)

    def call(self, x):
        return self.inner(x)


@pytest.mark.parametrize("trains", [True, False])
def test_layers_made_in_build_train_as_their_holder_did_at_compile(trains):
    model = fastnn.Sequential([Holder(), fastnn.layers.Dense(1)])
    model.layers[0].trainable = trains
    model.compile("sgd", "mse")
    model.layers[0].trainable = not trains
    x, y = np.ones((4, 2)), np.ones((4, 1))
    model.predict(x, verbose=0)
    before = model.layers[0].get_weights()
    model.fit(x, y, verbose=0)
    changed = not np.array_equal(before[1], model.layers[0].get_weights()[1])
    assert changed == trains


class Outer(fastnn.layers.Layer):
    def __init__(self, **options):
        super().__init__(**options)
        self.inner = fastnn.layers.Dense(3)

    def call(self, x):
        return self.inner(x)


def chain(*made):
    return fastnn.Sequential([fastnn.Input((4,)), *made])


def graph(*made):
    x = y = fastnn.Input((4,))
    for layer in made:
        y = layer(y)
    return fastnn.Model(x, y)


@pytest.mark.parametrize("make", [chain, graph])
@pytest.mark.parametrize("part", ["inner layer", "inner weight", "weight", "layer"])
def test_from_config_restores_what_is_frozen_inside(make, part):
    model = make(Outer(name="holder"), fastnn.layers.Dense(2, name="dense"))
    holder, dense = model.get_layer("holder"), model.get_layer("dense")
    if part == "inner layer":
        holder.inner.trainable = False
    elif part == "layer":
        dense.trainable = False
    else:
        (holder.inner if part == "inner weight" else dense).bias.trainable = False
    other = type(model).from_config(model.get_config(), custom_objects={"Outer": Outer})
    trained = [w.name for w in model.trainable_weights]
    assert [w.name for w in other.trainable_weights] == trained != [w.name for w in model.weights]
