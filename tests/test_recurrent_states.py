"""States of recurrent layers as values of a model: given out, taken in, and learned through."""

import numpy as np
import pytest
from gradcheck import check_gradients
from recurrence import STEPS, recur

import fastnn
from fastnn.layers import (
    GRU,
    LSTM,
    RNN,
    Add,
    Bidirectional,
    Concatenate,
    Dense,
    GRUCell,
    Input,
    LSTMCell,
    Masking,
    SimpleRNN,
    SimpleRNNCell,
)
from fastnn.models import Model

LAYERS = {
    "simple_rnn": (SimpleRNN, "simple_rnn", {}),
    "lstm": (LSTM, "lstm", {}),
    "gru": (GRU, "gru", {}),
    "gru reset before": (GRU, "gru", {"reset_after": False}),
}
every_layer = pytest.mark.parametrize(("cls", "step", "arguments"), LAYERS.values(), ids=LAYERS)


def noise(*shape, seed=0):
    return np.random.default_rng(seed).standard_normal(shape)


def sequences(rows=4, steps=5, features=3):
    """Rows padded at the end, at the start, everywhere and nowhere."""
    x = noise(rows, steps, features)
    x[0, 3:] = x[1, :2] = x[2] = 0
    return x


def inputs(*rows):
    return [Input(row, dtype="float64") for row in rows]


X = noise(2, 5, 3)


@every_layer
@pytest.mark.parametrize("backwards", [False, True])
def test_numbers(cls, step, arguments, backwards):
    count = 2 if cls is LSTM else 1
    first, second = (
        cls(4, return_sequences=True, return_state=True, go_backwards=backwards, **arguments)
        for _ in range(2)
    )
    a, *given = inputs((5, 3), *[(4,)] * count)
    y, *states = first(Masking()(a), initial_state=given)
    z, *last = second(y, initial_state=states)
    model = Model([a, *given], [y, z, *last])
    model.set_weights([w + noise(*w.shape, seed=i) for i, w in enumerate(model.get_weights())])
    x, start = sequences(), [noise(4, 4, seed=i) for i in range(count)]
    made = model.predict([x, *start])
    mask = (x != 0).any(-1)
    expected, after = recur(STEPS[step], x, first.get_weights(), start, mask, backwards)
    np.testing.assert_allclose(made[0], expected, atol=1e-12)
    expected, after = recur(STEPS[step], expected, second.get_weights(), after, mask, backwards)
    np.testing.assert_allclose(made[1], expected, atol=1e-12)
    for actual, desired in zip(made[2:], after, strict=True):
        np.testing.assert_allclose(actual, desired, atol=1e-12)


@every_layer
@pytest.mark.parametrize("masked", [False, True])
def test_gradients_through_states(cls, step, arguments, masked):
    """Of an encoder whose output nobody reads, and of the state that it starts from."""
    a, b, s = inputs((5, 3), (2, 3), (4,))
    given = [Dense(4, "tanh")(s) for _ in range(2 if cls is LSTM else 1)]
    _, *states = cls(4, return_state=True, **arguments)(Masking()(a) if masked else a, initial_state=given)
    y, *last = cls(4, return_sequences=True, return_state=True, **arguments)(b, initial_state=states)
    model = Model([a, b, s], [Dense(2)(y), Dense(1)(Concatenate()([*last, *states]))])
    check_gradients(
        model,
        "mse",
        [sequences(), noise(4, 2, 3), noise(4, 4)],
        [noise(4, 2, 2, seed=1), noise(4, 1, seed=2)],
    )


def test_part_of_a_state_is_read():
    a = inputs((5, 3))[0]
    _, _, c = LSTM(4, return_state=True)(a)
    check_gradients(Model(a, Dense(1)(c)), "mse", sequences(), noise(4, 1))


def cells():
    return [GRUCell(5), LSTMCell(4), SimpleRNNCell(3)]


@pytest.mark.parametrize("backwards", [False, True])
def test_stacked_cells_with_masks_and_states(backwards):
    layer = RNN(cells(), return_sequences=True, return_state=True, go_backwards=backwards, dtype="float64")
    x = sequences()
    mask = (x != 0).any(-1)
    start = [noise(4, width, seed=width) for width in (5, 4, 4, 3)]
    y, h, (h2, c2), h3 = layer(x, mask=mask, initial_state=[start[0], start[1:3], start[3]])
    weights = layer.get_weights()
    assert [w.shape for w in weights[1::3]] == [(5, 15), (4, 16), (3, 3)]
    desired = []
    for i, (name, given) in enumerate([("gru", start[:1]), ("lstm", start[1:3]), ("simple_rnn", start[3:])]):
        x, after = recur(STEPS[name], x, weights[3 * i : 3 * i + 3], given, mask, backwards)
        if backwards:
            mask, backwards = mask[:, ::-1], False
        desired += after
    np.testing.assert_allclose(y, x, atol=1e-12)
    for actual, expected in zip([h, h2, c2, h3], desired, strict=True):
        np.testing.assert_allclose(actual, expected, atol=1e-12)


@pytest.mark.parametrize("backwards", [False, True])
def test_gradients_of_stacked_cells(backwards):
    a = inputs((5, 3))[0]
    y, h, (h2, c2), _ = RNN(cells(), return_state=True, go_backwards=backwards)(Masking()(a))
    z = RNN(cells())(a, initial_state=[h, [h2, c2], y])
    check_gradients(Model(a, Dense(1)(z)), "mse", sequences(), noise(4, 1))


@pytest.mark.parametrize("sequence", [False, True])
@pytest.mark.parametrize("mode", ["concat", None])
def test_bidirectional(mode, sequence):
    layer = Bidirectional(
        LSTM(4, return_state=True, return_sequences=sequence), merge_mode=mode, dtype="float64"
    )
    x, start = sequences(), [noise(4, 4, seed=i) for i in range(4)]
    mask = (x != 0).any(-1)
    made = layer(x, mask=mask, initial_state=start)
    weights = layer.get_weights()
    options = {"zero_masked": sequence, "sequences": sequence}
    one, last = recur(STEPS["lstm"], x, weights[:3], start[:2], mask, **options)
    other, other_last = recur(STEPS["lstm"], x, weights[3:], start[2:], mask, True, **options)
    other = other[:, ::-1] if sequence else other
    outputs = [one, other] if mode is None else [np.concatenate([one, other], -1)]
    for actual, expected in zip(made, [*outputs, *last, *other_last], strict=True):
        np.testing.assert_allclose(actual, expected, atol=1e-12)


def test_gradients_of_bidirectional():
    a = inputs((5, 3))[0]
    one, other, *states = Bidirectional(GRU(4, return_state=True, return_sequences=True), merge_mode=None)(
        Masking()(a)
    )
    y = Bidirectional(GRU(4))(Add()([one, other]), initial_state=states)
    check_gradients(Model(a, Dense(1)(y)), "mse", sequences(), noise(4, 1))


def test_a_mask_may_be_a_tensor():
    a, m = inputs((5, 3), (5,))
    layer = GRU(4)
    model = Model([a, m], layer(a, mask=m))
    x = sequences()
    mask = (x != 0).any(-1)
    np.testing.assert_array_equal(model.predict([x, mask]), layer(x, mask=mask))


def test_stateful_goes_on_and_gives_out():
    layer = LSTM(4, stateful=True, return_state=True, dtype="float64")
    whole = LSTM(4, return_state=True, dtype="float64")
    x = noise(3, 6, 2)
    whole(x)
    layer(x)
    layer.set_weights(whole.get_weights())
    layer.reset_states()
    layer(x[:, :4])
    for actual, expected in zip(layer(x[:, 4:]), whole(x), strict=True):
        np.testing.assert_allclose(actual, expected, atol=1e-14)
    for actual, expected in zip(layer.states, whole(x)[1:], strict=True):
        np.testing.assert_allclose(actual, expected, atol=1e-14)
    start = [noise(3, 4, seed=i) for i in range(2)]
    np.testing.assert_array_equal(layer(x, initial_state=start)[0], whole(x, initial_state=start)[0])


def test_models_with_states_have_configs():
    a, b = inputs((5, 3), (5, 3))
    _, *states = Bidirectional(LSTM(2, return_state=True), name="both")(a)
    y = RNN([LSTMCell(2), LSTMCell(2)])(b, initial_state=states)
    model = Model([a, b], y)
    twin = Model.from_config(model.get_config())
    twin.set_weights(model.get_weights())
    x = [sequences(), noise(4, 5, 3)]
    np.testing.assert_array_equal(twin.predict(x), model.predict(x))


@pytest.mark.parametrize(
    ("call", "message"),
    [
        (lambda a, s: LSTM(4)(a, initial_state=s), r"expected tensors of shapes \(None, 4\), "),
        (lambda a, s: GRU(3)(a, initial_state=[s]), r"expected tensors of shapes \(None, 3\), got"),
        (lambda a, s: GRU(4)(X, initial_state=noise(3, 4)), r"\[0\]: expected shape \(2, 4\), got \(3, 4\)"),
        (lambda a, s: GRU(4)(X, initial_state=noise(2, 5)), r"\[0\]: expected shape \(2, 4\), got \(2, 5\)"),
        (lambda a, s: Bidirectional(GRU(4))(X, initial_state=[noise(2, 4)]), "expected 2 arrays, got 1"),
        (lambda a, s: Bidirectional(GRU(4))(X, mask=noise(2, 4)), r"mask: expected shape \(2, 5\)"),
        (lambda a, s: LSTM(4)(noise(2, 0, 3)), "dimension 0: expected"),
        (lambda a, s: LSTMCell(4)(noise(2, 3), [noise(2, 4)]), "states: expected 2 arrays, got 1"),
        (lambda a, s: GRUCell(4)(noise(2, 3, 1), [noise(2, 4)]), r"inputs: expected shape \(rows, inputs\)"),
    ],
)  # fmt: skip
def test_errors(call, message):
    with pytest.raises(ValueError, match=message):
        call(*inputs((5, 3), (4,)))


def test_another_number_of_rows_is_named_where_states_are_kept():
    layer = GRU(4, stateful=True)
    layer(noise(2, 5, 3))
    with pytest.raises(ValueError, match="keeps the state of 2 rows, got 3"):
        layer(noise(3, 5, 3))
    model = fastnn.Sequential([Input((5, 3)), GRU(4, stateful=True), Dense(1)])
    model.compile("sgd", "mse")
    model.train_on_batch(noise(2, 5, 3), noise(2, 1))
    with pytest.raises(ValueError, match="keeps the state of 2 rows, got 4"):
        model.train_on_batch(noise(4, 5, 3), noise(4, 1))
