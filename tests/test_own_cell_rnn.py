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
    with pytest.raises(TypeError, match="cell: expected layers with a state_size"):
        layers.RNN(layers.Dense(2))
    with pytest.raises(TypeError, match="cell: expected layers with a state_size"):
        layers.RNN([Plain(2), layers.LSTMCell(2)])
    with pytest.raises(ValueError, match="stateful: expected False"):
        layers.RNN(Plain(2), stateful=True)
