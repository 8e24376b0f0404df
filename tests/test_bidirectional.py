"""Bidirectional: two layers, one of them backward in time."""

import numpy as np
import pytest
from harness import check_layer

import fastnn
from fastnn.layers import GRU, LSTM, Bidirectional, Dense, Input, SimpleRNN, registry


def config(cls=SimpleRNN, **arguments):
    return registry.serialize(cls(3, name="inner", **arguments))


@pytest.mark.parametrize(
    ("mode", "sequences"), [("concat", True), ("concat", False), ("sum", True), ("mul", True), ("ave", False)]
)
def test_the_harness(mode, sequences):
    width = 6 if mode == "concat" else 3
    arguments = {"layer": config(return_sequences=sequences), "merge_mode": mode}
    check_layer(Bidirectional, arguments, (2, 4, 2), (2, 4, width) if sequences else (2, width), 36)


@pytest.mark.parametrize("cls", [SimpleRNN, LSTM, GRU])
def test_the_second_half_is_the_same_layer_on_reversed_steps(cls):
    x = np.random.default_rng(0).standard_normal((2, 5, 3)).astype("float32")
    layer = Bidirectional(cls(4, return_sequences=True))
    y = layer(x)
    forward, backward = cls(4, return_sequences=True), cls(4, return_sequences=True)
    for half, made in ((0, forward), (1, backward)):
        made(x)
        n = len(layer.get_weights()) // 2
        made.set_weights(layer.get_weights()[half * n : (half + 1) * n])
    np.testing.assert_allclose(y[..., :4], forward(x), atol=1e-6)
    np.testing.assert_allclose(y[..., 4:], backward(x[:, ::-1])[:, ::-1], atol=1e-6)


def test_names_and_weights():
    weights = [np.full(s, i) for i, s in enumerate([(2, 3), (3, 3), (3,)] * 2)]
    layer = Bidirectional(SimpleRNN(3, name="rnn"), weights=weights)
    layer(np.zeros((1, 4, 2)))
    assert (layer.forward_layer.name, layer.backward_layer.name) == ("forward_rnn", "backward_rnn")
    assert [w.flat[0] for w in layer.get_weights()] == [0, 1, 2, 3, 4, 5]


def test_one_on_top_of_the_other_learns():
    rng = np.random.default_rng(0)
    x = rng.standard_normal((64, 6, 2))
    y = x[:, :1, 0] * x[:, -1:, 1]
    model = fastnn.Sequential(
        [Input((None, 2)), Bidirectional(GRU(8, return_sequences=True)), Bidirectional(GRU(8)), Dense(1)]
    )
    model.compile(fastnn.optimizers.Adam(0.01), "mse")
    history = model.fit(x, y, epochs=30, verbose=0).history["loss"]
    assert history[-1] < history[0] / 2


def test_bad_arguments_are_named():
    with pytest.raises(TypeError, match="layer: expected a recurrent layer"):
        Bidirectional(Dense(2))
    with pytest.raises(ValueError, match="merge_mode: expected one of"):
        Bidirectional(LSTM(2), merge_mode="max")
    with pytest.raises(ValueError, match="go_backwards=True"):
        Bidirectional(LSTM(2), backward_layer=LSTM(2))
    with pytest.raises(ValueError, match="return_sequences=False"):
        Bidirectional(LSTM(2), backward_layer=LSTM(2, go_backwards=True, return_sequences=True))
    with pytest.raises(ValueError, match="return_state=True, got False"):
        Bidirectional(LSTM(2, return_state=True), backward_layer=LSTM(2, go_backwards=True))
