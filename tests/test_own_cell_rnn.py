"""`RNN` around cells that are written in Python: as an equal cell of the library, masked, stacked, saved."""

import numpy as np
import pytest

import fastnn
from fastnn import Input, Model, Sequential, layers

X = np.random.default_rng(0).standard_normal((4, 5, 3)).astype("float32")
MASK = np.array([[1, 1, 1, 0, 0], [0, 1, 1, 1, 1], [1, 0, 1, 0, 1], [1, 1, 1, 1, 1]], bool)


@fastnn.saving.register_keras_serializable("tests")
class Plain(layers.Layer):
    """A `SimpleRNNCell` by hand."""

    def __init__(self, units, **kwargs):
        super().__init__(**kwargs)
        self.units = self.state_size = units

    def build(self, input_shape):
        self.kernel = self.add_weight((input_shape[-1], self.units), name="kernel")
        self.recurrent = self.add_weight((self.units, self.units), name="recurrent")
        self.bias = self.add_weight((self.units,), "zeros", name="bias")

    def call(self, inputs, states):
        h = np.tanh(inputs @ self.kernel + states[0] @ self.recurrent + self.bias)
        return h, [h]

    def get_config(self):
        return super().get_config() | {"units": self.units}


def pair(**options):
    """A layer around the cell by hand, and the library's with the same weights."""
    own, twin = layers.RNN(Plain(2), **options), layers.SimpleRNN(2, **options)
    own(X), twin(X)
    twin.set_weights([w.numpy() for w in own.cell.weights])
    return own, twin


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"return_sequences": True},
        {"return_state": True},
        {"return_sequences": True, "go_backwards": True},
        {"return_sequences": True, "return_state": True},
    ],
)
def test_it_computes_what_the_library_does(options, masked):
    own, twin = pair(**options)
    call = {"mask": MASK} if masked and not options.get("go_backwards") else {}
    started: dict = {} if masked else {"initial_state": [np.full((4, 2), 0.5, "float32")]}
    for initial in ({}, started):
        for one, other in zip(
            as_list(own(X, **call, **initial)), as_list(twin(X, **call, **initial)), strict=True
        ):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def as_list(made):
    return made if isinstance(made, list) else [made]


def test_it_learns_what_the_library_does():
    own, twin = pair()
    weights = []
    for layer in (own, twin):
        fastnn.utils.set_random_seed(3)
        model = Sequential([Input((5, 3)), layer, layers.Dense(1)])
        model.compile("sgd", "mse")
        model.fit(X, np.ones((4, 1)), epochs=3, shuffle=False, verbose=0)
        weights.append(model.get_weights())
    for one, other in zip(*weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


def test_cells_on_top_of_each_other_and_any_length():
    class Pair(Plain):
        def __init__(self, units):
            super().__init__(units)
            self.state_size = [units, units]

        def call(self, inputs, states):
            y, [h] = super().call(inputs, states[:1])
            return y + states[1], [h, states[1] + 1.0]

    layer = layers.RNN([Pair(2), Plain(3)], return_state=True)
    y, (h, count), last = layer(X)
    assert (y.shape, h.shape, last.shape) == ((4, 3), (4, 2), (4, 3))
    np.testing.assert_array_equal(count, 5)
    x = Input((None, 3))
    model = Model(x, layers.RNN(Plain(2))(x))
    assert model(X[:, :2]).shape == model(X).shape == (4, 2)


def test_it_is_saved(tmp_path):
    model = Sequential([Input((5, 3)), layers.RNN(Plain(2), return_sequences=True), layers.Dense(1)])
    model.save(tmp_path / "m")
    np.testing.assert_array_equal(fastnn.saving.load_model(tmp_path / "m").predict(X), model.predict(X))


def test_what_is_no_cell_is_refused():
    for cell in (layers.Dense(2), [Plain(2), layers.Dense(2)]):
        with pytest.raises(TypeError, match="cell: expected cells, or layers with a state_size"):
            layers.RNN(cell)


def stacks(**options):
    """A stack of an own cell and one of the library, and the same of the library's alone."""
    own = layers.RNN([Plain(2), layers.LSTMCell(3)], **options)
    twin = layers.RNN(layers.StackedRNNCells([layers.SimpleRNNCell(2), layers.LSTMCell(3)]), **options)
    own(X), twin(X)
    twin.set_weights(own.get_weights())
    return own, twin


def flat(made):
    return [part for one in made for part in flat(one)] if isinstance(made, list) else [made]


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"return_sequences": True, "return_state": True},
        {"return_sequences": True, "zero_output_for_mask": True},
        {"go_backwards": True},
    ],
)
def test_own_cells_and_those_of_the_library_on_top_of_each_other(options, masked):
    call = {"mask": MASK} if masked else {}
    for initial in (None,) if masked else (None, [X[:, 0, :2], [X[:, 1], X[:, 2]]]):
        own, twin = stacks(**options)
        made = flat(own(X, initial_state=initial, **call))
        for one, other in zip(made, flat(twin(X, initial_state=initial, **call)), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    assert layers.RNN(layers.StackedRNNCells([Plain(2), Plain(3)]))(X).shape == (4, 3)


def test_mixed_cells_learn_what_the_library_does_and_are_saved(tmp_path):
    weights = []
    for layer in stacks():
        fastnn.utils.set_random_seed(3)
        model = Sequential([Input((5, 3)), layer, layers.Dense(1)])
        model.compile("sgd", "mse")
        model.fit(X, np.ones((4, 1)), epochs=3, shuffle=False, verbose=0)
        weights.append(model.get_weights())
        model.save(tmp_path / "m")
        np.testing.assert_array_equal(fastnn.saving.load_model(tmp_path / "m").predict(X), model.predict(X))
    for one, other in zip(*weights, strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("where", ["alone", "in a model"])
def test_a_stateful_own_cell_goes_on(where, tmp_path):
    layer = layers.RNN(Plain(2), stateful=True, return_sequences=True)
    whole = layers.RNN(layer.cell, return_sequences=True)
    model = Sequential([Input((None, 3)), layer])
    expected = whole(X)
    use = layer if where == "alone" else model.predict
    for _ in range(2):
        made = [use(X[:, start:end]) for start, end in ((0, 2), (2, 5))]
        np.testing.assert_allclose(np.concatenate(made, 1), expected, rtol=1e-5, atol=1e-6)
        np.testing.assert_allclose(layer.states[0], expected[:, -1], rtol=1e-5, atol=1e-6)
        model.reset_states()
    layer.reset_states([expected[:, 1]])
    np.testing.assert_allclose(use(X[:, 2:]), expected[:, 2:], rtol=1e-5, atol=1e-6)
    with pytest.raises(ValueError, match="keeps the state of 4 rows, got 3"):
        use(X[:3])
    model.save(tmp_path / "m")
    loaded = fastnn.saving.load_model(tmp_path / "m").layers[0]
    assert loaded.stateful
    np.testing.assert_array_equal(loaded.states, layer.states)
    with pytest.raises(ValueError, match="reset_states: .* keeps no state"):
        whole.reset_states()


@pytest.mark.parametrize("masked", [False, True])
@pytest.mark.parametrize(
    "options",
    [{}, {"return_sequences": True}, {"return_state": True}, {"return_sequences": True, "stateful": True}],
)
@pytest.mark.parametrize("merge_mode", ["concat", None])
def test_both_ways(options, masked, merge_mode):
    own = layers.Bidirectional(layers.RNN(Plain(2), **options), merge_mode)
    twin = layers.Bidirectional(layers.SimpleRNN(2, **options), merge_mode)
    call = {"mask": MASK} if masked else {}
    own(X), twin(X)
    twin.set_weights(own.get_weights())
    for layer in (own, twin):
        if options.get("stateful"):
            layer.reset_states()
    for _ in range(2):
        for one, other in zip(as_list(own(X, **call)), as_list(twin(X, **call)), strict=True):
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)
    states = [X[:, 0, :2], X[:, 1, :2]]
    if not options.get("stateful"):
        made = zip(as_list(own(X, initial_state=states)), as_list(twin(X, initial_state=states)), strict=True)
        for one, other in made:
            np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def test_both_ways_in_a_model(tmp_path):
    model = Sequential(
        [Input((5, 3)), layers.Bidirectional(layers.RNN([Plain(2), layers.GRUCell(2)])), layers.Dense(1)]
    )
    model.compile("sgd", "mse")
    before = model.evaluate(X, np.ones((4, 1)), verbose=0)
    model.fit(X, np.ones((4, 1)), epochs=5, verbose=0)
    assert model.evaluate(X, np.ones((4, 1)), verbose=0) < before
    model.save(tmp_path / "m")
    np.testing.assert_array_equal(fastnn.saving.load_model(tmp_path / "m").predict(X), model.predict(X))
