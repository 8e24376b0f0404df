"""Masks in exported files: whatever steps they leave out, ONNX Runtime leaves out too."""

import numpy as np
import pytest
from onnxcheck import assert_agrees, exported, run_by_runtime, varied

import fastnn
from fastnn import layers

pytestmark = pytest.mark.filterwarnings("ignore::fastnn.FastnnWarning")

CELLS = [layers.LSTM, layers.GRU, layers.SimpleRNN]

# Ids of which 0 is left out: behind, in front, between, all, none; and as many steps as there are.
IDS = np.array(
    [[3, 1, 2, 0, 0], [0, 0, 1, 4, 2], [1, 0, 2, 0, 3], [0, 0, 0, 0, 0], [1, 2, 3, 4, 5], [0, 2, 0, 0, 1]]
)


def agrees(model, *inputs):
    varied(model)
    x = [np.asarray(array, "float32") for array in inputs]
    got = run_by_runtime(exported(model), dict(zip(model.input_names, x, strict=True)))
    expected = model.predict(x if len(x) > 1 else x[0], verbose=0)
    for one, other in zip(got, expected if isinstance(expected, list) else [expected], strict=True):
        np.testing.assert_allclose(one, other, rtol=1e-5, atol=1e-6)


def on_ids(*stack):
    return fastnn.Sequential([fastnn.Input((None,)), layers.Embedding(9, 4, mask_zero=True), *stack])


@pytest.mark.parametrize("cls", CELLS)
@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("zero", [False, True])
def test_recurrent(cls, backwards, sequences, zero):
    layer = cls(
        3, return_sequences=sequences, go_backwards=backwards, zero_output_for_mask=zero, return_state=True
    )
    x = fastnn.Input((None,))
    y = layer(layers.Embedding(9, 4, mask_zero=True)(x))
    agrees(fastnn.Model(x, y), IDS)


@pytest.mark.parametrize("cls", CELLS)
@pytest.mark.parametrize("arguments", [{}, {"return_sequences": True}])
@pytest.mark.parametrize("mode", ["concat", "ave"])
def test_bidirectional(cls, arguments, mode):
    layer = layers.Bidirectional(cls(3, **arguments), merge_mode=mode)
    agrees(on_ids(layer, layers.Dense(2)), IDS)
    agrees(on_ids(layers.Bidirectional(cls(3, go_backwards=True, **arguments), merge_mode=mode)), IDS)


@pytest.mark.parametrize("backwards", [False, True])
@pytest.mark.parametrize("sequences", [False, True])
def test_cells_on_top_of_each_other(backwards, sequences):
    cells = [layers.LSTMCell(3), layers.GRUCell(2), layers.SimpleRNNCell(3)]
    layer = layers.RNN(cells, return_sequences=sequences, go_backwards=backwards)
    agrees(on_ids(layers.Dropout(0.3), layer), IDS)
    agrees(on_ids(layers.Bidirectional(layer)), IDS)


@pytest.mark.parametrize("cls", CELLS)
def test_chains(cls):
    agrees(on_ids(cls(3, return_sequences=True), layers.LayerNormalization(), cls(2)), IDS)
    agrees(on_ids(layers.TimeDistributed(layers.Dense(3)), cls(2, return_sequences=True), cls(2)), IDS)


@pytest.mark.parametrize("cls", CELLS)
@pytest.mark.parametrize("sequences", [False, True])
@pytest.mark.parametrize("backwards", [False, True])
def test_initial_states(cls, sequences, backwards):
    ids = fastnn.Input((None,))
    states = [fastnn.Input((3,)) for _ in range(2 if cls is layers.LSTM else 1)]
    embedded = layers.Embedding(9, 4, mask_zero=True)(ids)
    one = cls(3, return_sequences=sequences, go_backwards=backwards, return_state=True)
    both = layers.Bidirectional(cls(3, return_sequences=sequences))
    made = [*one(embedded, initial_state=states), both(embedded, initial_state=states * 2)]
    model = fastnn.Model([ids, *states], made)
    rng = np.random.default_rng(0)
    agrees(model, IDS, *(rng.normal(size=(len(IDS), 3)) for _ in states))


def test_masks_as_arguments():
    x, mask = fastnn.Input((None, 3)), fastnn.Input((None,))
    made = [layers.LSTM(2)(x, mask=mask), layers.GlobalAveragePooling1D()(x, mask=mask)]
    rng = np.random.default_rng(0)
    agrees(fastnn.Model([x, mask], made), rng.normal(size=(4, 5, 3)), IDS[[0, 1, 2, 4]] != 0)


def test_softmax_of_scores():
    x, mask = fastnn.Input((4, 5)), fastnn.Input((4, 5))
    rng = np.random.default_rng(0)
    made = [layers.Softmax(axis)(x, mask=mask) for axis in (-1, [1, 2])]
    agrees(fastnn.Model([x, mask], made), rng.normal(size=(4, 4, 5)), rng.random((4, 4, 5)) < 0.6)


def test_masking():
    x = np.random.default_rng(0).normal(size=(6, 5, 3))
    x[IDS == 0] = -1
    model = fastnn.Sequential([
        fastnn.Input((None, 3)), layers.Masking(-1.0), layers.BatchNormalization(),
        layers.GRU(4, return_sequences=True), layers.GlobalAveragePooling1D(keepdims=True),
    ])  # fmt: skip
    agrees(model, x[[0, 1, 2, 4, 5]])


@pytest.mark.parametrize(
    "cls", [layers.Add, layers.Multiply, layers.Maximum, layers.Minimum, layers.Concatenate]
)
def test_merged(cls):
    ids, others, x = fastnn.Input((5,)), fastnn.Input((5,)), fastnn.Input((5, 4))
    a = layers.Embedding(9, 4, mask_zero=True)(ids)
    b = layers.Embedding(9, 4, mask_zero=True)(others)
    steps = layers.Concatenate(axis=1)([a, x, b])
    made = [layers.LSTM(2, return_sequences=True)(y) for y in (cls()([a, b]), cls()([a, x, b]), steps)]
    rng = np.random.default_rng(0)
    agrees(fastnn.Model([ids, others, x], [*made, cls()([a, b])]), IDS, IDS[::-1], rng.normal(size=(6, 5, 4)))


def test_sequences_in_sequences():
    model = fastnn.Sequential([
        fastnn.Input((None, 5)), layers.Embedding(9, 4, mask_zero=True),
        layers.TimeDistributed(layers.LSTM(3)), layers.GRU(2),
    ])  # fmt: skip
    agrees(model, np.stack([IDS, IDS[::-1]]))


def test_models_inside_get_masks():
    inner = fastnn.Sequential([fastnn.Input((None, 4)), layers.LSTM(3)])
    agrees(on_ids(inner), IDS)


def test_lengths():
    model = on_ids(layers.LSTM(3))
    for length in (1, 50):
        assert_agrees(model, (length,), high=3)
