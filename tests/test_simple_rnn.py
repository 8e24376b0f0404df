"""`SimpleRNN`, and what all recurrent layers have of `RNN`."""

import copy

import numpy as np
import pytest
from gradcheck import check_gradients
from harness import check_layer
from recurrence import STEPS, oracle, recur

import fastnn
from fastnn.layers import GRU, LSTM, RNN, Dense, SimpleRNN
from fastnn.layers.base.recurrent_state import KeptState

LAYERS = [
    (SimpleRNN, "simple_rnn", {}),
    (LSTM, "lstm", {}),
    (GRU, "gru", {}),
    (GRU, "gru", {"reset_after": False}),
]
IDS = ["simple_rnn", "lstm", "gru", "gru_reset_before"]
every_layer = pytest.mark.parametrize(("cls", "name", "arguments"), LAYERS, ids=IDS)


def noise(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def relu(x):
    return np.maximum(x, 0)


def built(cls, shape, **arguments):
    layer = cls(dtype="float64", bias_initializer="random_normal", **arguments)
    layer._build_once((None, *shape))
    return layer


def close(actual, desired):
    np.testing.assert_allclose(actual, desired, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "shape", "options"),
    [
        ({"units": 2, "return_sequences": True}, (3, 1, 3), {}),
        ({"units": 17, "go_backwards": True}, (1, 5, 9), {"sequences": False, "backwards": True}),
        ({"units": 5, "activation": "relu", "use_bias": False}, (4, 3, 20), {"sequences": False, "f": relu}),
        ({"units": 4, "activation": "silu", "dropout": 0.2, "recurrent_dropout": 0.3}, (2, 4, 2), None),
    ],
)  # fmt: skip
def test_layer(arguments, shape, options):
    units, inputs = arguments["units"], shape[2]
    sequences = arguments.get("return_sequences", False)
    check_layer(
        SimpleRNN,
        arguments,
        shape,
        (*shape[: 1 + sequences], units),
        units * (inputs + units + arguments.get("use_bias", True)),
        None if options is None else oracle("simple_rnn", **options),
    )


CELLS = {
    "class_name": "StackedRNNCells",
    "config": {
        "name": "cells",
        "cells": [
            {"class_name": "LSTMCell", "config": {"units": 5, "name": "below"}},
            {"class_name": "SimpleRNNCell", "config": {"units": 3, "name": "above"}},
        ],
    },
}


def test_rnn():
    check_layer(RNN, {"cell": CELLS, "go_backwards": True}, (2, 4, 6), (2, 3), 4 * 5 * 12 + 3 * 9)


def test_cells_on_top_of_each_other():
    cells = [fastnn.layers.LSTMCell(5), fastnn.layers.GRUCell(3)]
    layer = RNN(cells, return_sequences=True, dtype="float64")
    x = noise(4, 6, 2)
    y = layer(x)
    w = layer.get_weights()
    below, _ = recur(STEPS["lstm"], x, w[:3])
    close(y, recur(STEPS["gru"], below, w[3:])[0])


MASKS = {
    "right": [[1, 1, 1, 0, 0], [1, 1, 1, 1, 0], [1, 0, 0, 0, 0]],
    "left": [[0, 0, 1, 1, 1], [0, 1, 1, 1, 1], [0, 0, 0, 0, 1]],
    "all": [[0, 0, 0, 0, 0], [1, 0, 1, 0, 1], [1, 1, 1, 1, 1]],
}


@every_layer
@pytest.mark.parametrize("padding", MASKS)
@pytest.mark.parametrize("zero", [False, True])
@pytest.mark.parametrize("backwards", [False, True])
def test_masks_and_states(cls, name, arguments, padding, zero, backwards):
    mask = np.array(MASKS[padding])
    x = noise(3, 5, 2)
    for sequences in (False, True):
        layer = built(
            cls, (5, 2), units=4, return_sequences=sequences, return_state=True, go_backwards=backwards,
            zero_output_for_mask=zero, **arguments,
        )  # fmt: skip
        states = [noise(3, 4, seed=i) for i in range(layer.cell._states)]
        y, *last = layer(x, mask=mask, initial_state=states)
        expected, after = recur(
            STEPS[name], x, layer.get_weights(), states, mask, backwards, zero, sequences=sequences
        )
        close(y, expected)
        for actual, desired in zip(last, after, strict=True):
            close(actual, desired)


@every_layer
def test_a_row_alone_is_the_row_among_others(cls, name, arguments):
    x = noise(40, 7, 3).astype("float32")
    layer = cls(50, **arguments)
    expected = layer(x)
    for rows in (1, 2, 3, 5, 17, 33):
        np.testing.assert_array_equal(layer(x[:rows]), expected[:rows])


@every_layer
def test_a_sequence_in_pieces(cls, name, arguments):
    x = noise(2, 6, 3)
    whole = built(cls, (6, 3), units=4, stateful=True, return_sequences=True, **arguments)
    expected = whole(x)
    assert len(whole.states) == whole.cell._states
    whole.reset_states()
    np.testing.assert_array_equal(whole(x), expected)
    assert (whole(x) != expected).any()
    pieces = built(cls, (2, 3), units=4, stateful=True, return_sequences=True, **arguments)
    pieces.set_weights(whole.get_weights())
    parts = [pieces(x[:, t : t + 2]) for t in (0, 2, 4)]
    np.testing.assert_array_equal(np.concatenate(parts, axis=1), expected)
    pieces.reset_states([np.zeros((2, 4)) for _ in range(pieces.cell._states)])
    np.testing.assert_array_equal(pieces(x[:, :2], mask=np.ones((2, 2))), expected[:, :2])
    np.testing.assert_array_equal(pieces(x[:, 2:4]), expected[:, 2:4])


def test_a_copy_of_a_kept_state_has_arrays_of_its_own():
    kept = KeptState()
    kept.allocate(2, 3, "float32")
    twin = copy.deepcopy(kept)
    assert twin.addresses.tolist() == [array.ctypes.data for array in twin.arrays]
    assert not set(twin.addresses) & set(kept.addresses)


def test_a_stateful_model_learns_from_where_it_was():
    layer = SimpleRNN(3, stateful=True, input_shape=(4, 2))
    model = fastnn.Sequential([layer, Dense(1)])
    model.compile("sgd", "mse")
    x, y = noise(6, 4, 2), noise(6, 1)
    model.train_on_batch(x, y)
    assert layer.states[0].any()
    with pytest.raises(ValueError, match="keeps the state of 6 rows, got 5"):
        model.train_on_batch(x[:5], y[:5])
    with pytest.raises(ValueError, match="keeps the state of 6 rows, got 1"):
        model.predict(x[:1])
    model.predict(x)
    layer.reset_state()
    model.predict(x[:1])


def test_gradients_through_layers_on_top_of_each_other():
    below = [fastnn.Input((4, 2), dtype="float64"), Dense(3, "tanh"), LSTM(4, return_sequences=True)]
    model = fastnn.Sequential([*below, GRU(3, go_backwards=True, return_sequences=True), SimpleRNN(2)])
    check_gradients(model, "mse", noise(5, 4, 2), noise(5, 2, seed=1))


def test_weights_that_do_not_learn():
    model = fastnn.Sequential([Dense(2, input_shape=(5, 2)), SimpleRNN(3, trainable=False), Dense(1)])
    model.compile("sgd", "mse")
    before = model.get_weights()
    model.train_on_batch(noise(4, 5, 2), noise(4, 1))
    names = [v.name for v in model.weights]
    same = {
        n
        for n, v, b in zip(names, model.get_weights(), before, strict=False)
        if v.shape == b.shape and (v == b).all()
    }
    assert "recurrent_kernel" in same


def test_regularizers():
    model = fastnn.Sequential([SimpleRNN(3, recurrent_regularizer="l2", input_shape=(4, 2))])
    model.compile("sgd", "mse")
    x = noise(3, 4, 2)
    loss = model.evaluate(x, model.predict(x), verbose=0)
    u = model.layers[0].cell.recurrent_kernel.numpy()
    assert loss == pytest.approx(0.01 * (u**2).sum(), rel=1e-5)


def test_dropout_acts_in_training_alone_and_is_the_same_at_every_step():
    layer = SimpleRNN(8, "linear", dropout=0.5, seed=1, recurrent_initializer="zeros", return_sequences=True)
    x = np.ones((3, 4, 6), "float32")
    y = layer(x, training=True)
    assert (y != layer(x)).any()
    np.testing.assert_array_equal(y, np.repeat(y[:, :1], 4, axis=1))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda: SimpleRNN(0), "units: expected"),
        (lambda: SimpleRNN(2, activation="softmax"), "activation: expected an elementwise"),
        (lambda: SimpleRNN(2, dropout=1), "dropout: expected"),
        (lambda: SimpleRNN(2)(noise(2, 0, 3)), "dimension 0"),
        (lambda: SimpleRNN(2)(noise(2, 3)), r"expects rows \(steps, inputs\)"),
        (lambda: SimpleRNN(2)(noise(2, 3, 1), initial_state=noise(2, 3)), r"\[0\]: expected shape \(2, 2\)"),
        (lambda: SimpleRNN(2)(noise(2, 3, 1), initial_state=[noise(2, 2)] * 2), "expected 1 arrays, got 2"),
        (lambda: SimpleRNN(2)(noise(2, 3, 1), mask=noise(2, 4)), r"mask: expected shape \(2, 3\)"),
        (lambda: SimpleRNN(2, return_state=True)(noise(3, 1)), r"expects rows \(steps, inputs\)"),
        (lambda: SimpleRNN(2).reset_states(), "needs stateful=True"),
        (lambda: RNN([]), "at least one cell"),
        (lambda: fastnn.Sequential([SimpleRNN(2, return_state=True)])(noise(2, 3, 1)), "has 2 outputs"),
        (lambda: RNN(fastnn.layers.StackedRNNCells([fastnn.layers.LSTMCell(2)] * 2)), "each cell once"),
    ],
)  # fmt: skip
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call()


def test_what_is_not_a_cell():
    with pytest.raises(TypeError, match="cell: expected"):
        RNN(3)
    with pytest.raises(TypeError, match="unexpected arguments"):
        fastnn.layers.LSTMCell(3, colour="red")


def test_a_cell_has_one_layer():
    cell = fastnn.layers.GRUCell(2)
    RNN(cell)(noise(1, 2, 3))
    with pytest.raises(ValueError, match="belongs to the layer"):
        RNN(cell)(noise(1, 2, 3))


@pytest.mark.parametrize("cell", [fastnn.layers.SimpleRNNCell, fastnn.layers.LSTMCell, fastnn.layers.GRUCell])
def test_a_cell_steps_as_its_layer_does(cell):
    layer = RNN(cell(4), return_state=True)
    x = noise(2, 3, 5).astype("float32")
    expected = layer(x)
    states = [np.zeros((2, 4))] * layer.cell._states
    for t in range(3):
        y, states = layer.cell(x[:, t], states)
    for actual, desired in zip([y, *states], expected, strict=True):
        np.testing.assert_array_equal(actual, desired)
