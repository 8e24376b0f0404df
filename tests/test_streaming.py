"""A stream gives the numbers of the whole sequence, step by step, and keeps its state to itself."""

import numpy as np
import pytest

import fastnn
from fastnn import layers as L

FEATURES, STEPS = 6, 9

STACKS = {
    "last": lambda: [L.LSTM(5), L.Dense(2)],
    "sequences": lambda: [
        L.GRU(5, return_sequences=True), L.Dense(4, "relu"), L.SimpleRNN(3, return_sequences=True),
    ],
    "reset before": lambda: [L.GRU(5, reset_after=False, activation="softsign")],
    "cells": lambda: [L.RNN([L.GRUCell(4), L.LSTMCell(3)], return_sequences=True)],
    "stateful": lambda: [L.LSTM(4, stateful=True)],
    "at each step": lambda: [
        L.Dropout(0.5), L.LayerNormalization(), L.LSTM(5, return_sequences=True), L.BatchNormalization(),
        L.PReLU(shared_axes=1), L.UnitNormalization(), L.TimeDistributed(L.Dense(4)), L.Softmax(),
        L.Rescaling(2.0, [1.0, 2.0, 3.0, 4.0]), L.Normalization(mean=[0.5] * 4, variance=[2.0] * 4),
        L.GaussianNoise(1.0),
    ],
    "behind the last": lambda: [
        L.SimpleRNN(4), L.RepeatVector(3), L.Bidirectional(L.LSTM(2, return_sequences=True)), L.Flatten(),
        L.Dense(1),
    ],
    "masked": lambda: [L.Masking(), L.LSTM(4, return_sequences=True), L.GRU(3)],
    "masked to zero": lambda: [L.Masking(), L.LSTM(4, return_sequences=True, zero_output_for_mask=True)],
}  # fmt: skip


def model_of(layers, dtype="float32"):
    model = fastnn.Sequential([L.Input((None, FEATURES), dtype=dtype), *layers])
    rng = np.random.default_rng(1)
    model.set_weights([w + 0.3 * rng.random(w.shape) for w in model.get_weights()])
    return model


def sequences(rows, dtype="float32"):
    """Rows of which some steps are left out where zeros are."""
    x = np.random.default_rng(rows).standard_normal((rows, STEPS, FEATURES)).astype(dtype)
    x[0, 0] = x[-1, 4:6] = x[0, -1] = 0
    return x


def run(stream, x):
    return [stream.step(np.ascontiguousarray(x[:, t])) for t in range(x.shape[1])]


@pytest.mark.parametrize("rows", [1, 5])
@pytest.mark.parametrize("name", STACKS)
def test_same_bits_as_the_whole_sequence(name, rows):
    model, x = model_of(STACKS[name]()), sequences(rows)
    steps = run(model.stream(rows), x)
    for t in range(STEPS):
        for layer in model.layers:
            if getattr(layer, "stateful", False):
                layer.reset_states()
        whole = model(x[:, : t + 1].copy())
        np.testing.assert_array_equal(steps[t], whole[:, -1] if whole.ndim == 3 else whole)


def test_float64():
    model, x = model_of(STACKS["last"](), "float64"), sequences(2, "float64")
    step = run(model.stream(2), x)[-1]
    assert step.dtype == np.float64
    np.testing.assert_array_equal(step, model(x))


def test_embedding_takes_numbers():
    model = fastnn.Sequential([L.Input((None,)), L.Embedding(7, 3, mask_zero=True), L.LSTM(4), L.Dense(2)])
    x = np.array([[3, 0, 6, 1]])
    one, two = model.stream(), model.stream(2)
    for t in range(4):
        y = one.step(x[0, t])
        both = two.step(np.repeat(x[:, t], 2))
    np.testing.assert_array_equal(y, model(x)[0])
    np.testing.assert_array_equal(both, np.repeat(model(x), 2, 0))
    before = one.states
    with pytest.raises(ValueError, match="x: expected whole numbers from 0 to 6, got 7 in row 0"):
        one.step(7)
    for a, b in zip(one.states, before, strict=True):
        np.testing.assert_array_equal(a, b)


def test_streams_are_independent_and_start_anew():
    model, x, z = model_of(STACKS["sequences"]()), sequences(1), -sequences(1)
    one, other = model.stream(), model.stream()
    for t in range(STEPS):
        a, b = one.step(x[0, t]), other.step(z[0, t])
    np.testing.assert_array_equal(a, model(x)[0, -1])
    np.testing.assert_array_equal(b, model(z)[0, -1])
    one.reset()
    np.testing.assert_array_equal(one.step(z[0, 0]), model(z)[0, 0])


def test_states_are_given_and_taken():
    model, x = model_of(STACKS["cells"]()), sequences(3)
    stream = model.stream(3)
    run(stream, x[:, :4])
    states = stream.states
    assert [s.shape for s in states] == [(3, 4), (3, 3), (3, 3)]
    after = run(stream, x[:, 4:])[-1]
    other = model.stream(3)
    other.reset(states)
    np.testing.assert_array_equal(run(other, x[:, 4:])[-1], after)
    with pytest.raises(ValueError, match=r"states: expected 3 arrays, got 2"):
        other.reset(states[:2])
    with pytest.raises(ValueError, match=r"states\[1\]: expected shape \(3, 3\), got \(3, 4\)"):
        other.reset([states[0], states[0], states[2]])


@pytest.mark.parametrize("change", ["fit", "set_weights", "in place", "another model"])
def test_new_weights_are_noticed(change):
    model, x = model_of(STACKS["last"]()), sequences(1)
    model.compile("sgd", "mse")
    stream = model.stream()
    stream.step(x[0, 0])
    if change == "fit":
        model.fit(x, np.ones((1, 2)), verbose=0)
    elif change == "set_weights":
        model.set_weights([2 * w for w in model.get_weights()])
    elif change == "in place":
        model.weights[0].value[...] *= 2
        stream.reset()
    else:
        fastnn.Sequential([model.layers[0], L.Dense(3)])(x)
        model.set_weights([2 * w for w in model.get_weights()])
    state = stream.states
    y = stream.step(x[0, 1])
    lstm = model.layers[0]
    expected = model.layers[1](lstm(x[:, 1:2], initial_state=state))
    np.testing.assert_array_equal(y, expected[0])


def test_shapes_follow_the_input():
    model = model_of(STACKS["last"]())
    stream, other = model.stream(), model.stream()
    x = sequences(1)[0, 1]
    assert stream.step(x).shape == (2,)
    assert stream.step(x[None]).shape == (1, 2)
    assert stream.step(x.tolist()).dtype == np.float32
    assert stream.step(x.astype(int)).shape == (2,)
    stream.reset()
    np.testing.assert_array_equal(stream.step(np.repeat(x, 2)[::2]), other.step(x))


def test_out_is_written_to():
    model = model_of(STACKS["last"]())
    stream, x, out = model.stream(), sequences(1)[0, 1], np.full((2,), np.nan, "float32")
    assert stream.step(x, out=out) is out
    np.testing.assert_array_equal(out, model(x[None, None])[0])
    for wrong in (np.empty(3, "f4"), np.empty(2, "f8"), np.empty((1, 2), "f4"), np.empty(4, "f4")[::2]):
        with pytest.raises(ValueError, match=r"out: expected a contiguous float32 array of shape \(2,\)"):
            stream.step(x, out=wrong)
    with pytest.raises(TypeError, match="out: expected an array, got 3"):
        stream.step(x, out=3)
    out.flags.writeable = False
    with pytest.raises(ValueError, match="read-only"):
        stream.step(x, out=out)
    memory = np.zeros(FEATURES + 1, "f4")
    with pytest.raises(ValueError, match="out: expected memory of its own"):
        stream.step(memory[:FEATURES], out=memory[FEATURES - 1 :])


@pytest.mark.parametrize(
    ("shape", "rows", "message"),
    [
        ((5,), 1, r"x: expected one step, of shape \(1, 6\) or \(6,\), got \(5,\)"),
        ((2, 6), 1, r"got \(2, 6\)"),
        ((1, 1, 6), 1, r"got \(1, 1, 6\)"),
        ((6,), 3, r"x: expected one step, of shape \(3, 6\), got \(6,\)"),
        ((2, 6), 3, r"got \(2, 6\)"),
    ],
)
def test_wrong_shapes_are_named(shape, rows, message):
    stream = model_of(STACKS["last"]()).stream(rows)
    with pytest.raises(ValueError, match=message):
        stream.step(np.zeros(shape))


@pytest.mark.parametrize(
    "layer",
    [
        lambda: L.Bidirectional(L.LSTM(2, return_sequences=True)),
        lambda: L.Flatten(),
        lambda: L.GlobalAveragePooling1D(),
        lambda: L.Conv1D(2, 1),
        lambda: L.Permute((2, 1)),
        lambda: L.Softmax(axis=1),
        lambda: L.UnitNormalization(axis=1),
        lambda: L.GroupNormalization(2),
    ],
)
def test_layers_that_need_the_whole_sequence_are_named(layer):
    layer = layer()
    model = fastnn.Sequential([L.Input((4, FEATURES)), L.LSTM(4, return_sequences=True), layer])
    with pytest.raises(ValueError, match=f"layer '{layer.name}' in a stream: .* needs the whole sequence"):
        model.stream()


@pytest.mark.parametrize(
    ("layers", "message"),
    [
        ([L.BatchNormalization(axis=1, name="over_steps")], "layer 'over_steps' in a stream"),
        ([L.PReLU(name="by_step")], "layer 'by_step' in a stream"),
        (
            [L.LSTM(2, go_backwards=True, name="back")],
            "layer 'back' in a stream: go_backwards: expected False",
        ),
        (
            [L.LSTM(2), L.RepeatVector(2), L.GRU(2, stateful=True, name="second")],
            "layer 'second' in a stream: stateful: expected False behind the last step, got True",
        ),
    ],
)
def test_what_no_stream_can_do_is_refused(layers, message):
    model = fastnn.Sequential([L.Input((4, FEATURES)), *layers])
    with pytest.raises(ValueError, match=message):
        model.stream()


def test_models_that_take_no_sequences_are_refused():
    with pytest.raises(ValueError, match="has not been built"):
        fastnn.Sequential([L.LSTM(2)]).stream()
    with pytest.raises(ValueError, match=r"layer 'dense.*' in a stream"):
        fastnn.Sequential([L.Input((4,)), L.Dense(2)]).stream()
    with pytest.raises(ValueError, match=r"model: expected one that takes sequences"):
        fastnn.Sequential([L.Input((3, None, 2)), L.TimeDistributed(L.LSTM(2))]).stream()
    with pytest.raises(ValueError, match="rows: expected"):
        model_of(STACKS["last"]()).stream(0)


def test_large_steps_release_the_lock():
    model, x = model_of([L.LSTM(200, return_sequences=True)]), sequences(32)
    np.testing.assert_array_equal(np.stack(run(model.stream(32), x), 1), model(x))


def test_a_failed_stream_leaves_the_model_as_it_was():
    model = fastnn.Sequential(
        [L.Input((4, FEATURES)), L.LSTM(4, return_sequences=True), L.Flatten(), L.Dense(1)]
    )
    x = np.zeros((2, 4, FEATURES))
    before = model(x)
    with pytest.raises(ValueError, match="Flatten"):
        model.stream()
    np.testing.assert_array_equal(model(x), before)
