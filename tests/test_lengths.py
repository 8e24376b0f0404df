"""Sequences whose length differs from batch to batch: one model, weights and optimizer for all."""

from itertools import permutations

import numpy as np
import pytest

import fastnn
from fastnn import layers
from fastnn.kernels.ops.transpose import box_of
from fastnn.layers import (
    LSTM,
    Activation,
    Conv1D,
    Dense,
    Embedding,
    Flatten,
    GlobalMaxPooling1D,
    Input,
    Permute,
)
from fastnn.training.plan_cache import KEPT_SHAPES, plan_of


def model(*parts):
    made = fastnn.Sequential([Input((None, 3)), *parts])
    made.compile("adam", "mse")
    return made


def rows(length, count=4):
    return np.random.default_rng(length).standard_normal((count, length, 3)).astype("float32")


def test_shapes_say_none():
    made = model(Conv1D(4, 3), LSTM(2, return_sequences=True), Dense(5))
    assert made.input_shape == (None, None, 3)
    assert made.output_shape == (None, None, 5)
    lines = []
    made.summary(print_fn=lines.append)
    assert "(None, None, 4)" in lines[0]
    assert fastnn.Sequential.from_config(made.get_config()).output_shape == made.output_shape


def test_any_length_gives_what_a_model_of_that_length_gives():
    made = model(Conv1D(4, 3, padding="same", activation="relu"), GlobalMaxPooling1D(), Dense(2))
    for length in (5, 1, 9, 5):
        twin = fastnn.Sequential.from_config(made.get_config() | {"layers": made.get_config()["layers"][1:]})
        x = rows(length)
        twin(x)
        twin.set_weights(made.get_weights())
        np.testing.assert_array_equal(made.predict(x), twin.predict(x))


def test_training_goes_on_with_other_lengths():
    """Weights and moments are those of one model: lengths in turn learn what masked padding learns."""
    made = model(LSTM(4), Dense(1))
    twin = fastnn.Sequential([Input((None, 3)), layers.Masking(), LSTM(4), Dense(1)])
    twin.compile("adam", "mse")
    twin.set_weights(made.get_weights())
    for length in (5, 2, 7, 2, 5):
        x, y = rows(length), np.ones((4, 1))
        made.train_on_batch(x, y)
        twin.train_on_batch(np.concatenate([x, np.zeros((4, 9 - length, 3))], axis=1), y)
    for a, b in zip(made.get_weights(), twin.get_weights(), strict=True):
        np.testing.assert_allclose(a, b, atol=1e-5)
    made.fit(rows(6), np.ones((4, 1)), validation_data=(rows(8), np.ones((4, 1))), verbose=0)
    assert made.optimizer.iterations == 6


NO_STEPS = np.zeros((2, 0, 3))


@pytest.mark.parametrize(
    "weights", [None, np.ones(2), np.ones((2, 0))], ids=["unweighted", "samples", "steps"]
)
@pytest.mark.parametrize(
    "loss", ["mse", "huber", "categorical_crossentropy", "sparse_categorical_crossentropy"]
)
def test_no_steps_have_no_loss(loss, weights):
    made = model(LSTM(4, return_sequences=True), Dense(2, "softmax"))
    made.compile("adam", loss, metrics=["accuracy"])
    before = made.get_weights()
    labels = np.zeros((2, 0) if loss.startswith("sparse") else (2, 0, 2))
    assert made.train_on_batch(NO_STEPS, labels, weights) == [0, 0]
    assert made.test_on_batch(NO_STEPS, labels, weights) == [0, 0]
    np.testing.assert_array_equal(made.get_weights()[0], before[0])


OF_NO_STEPS = {
    "Dot of steps": (lambda x: layers.Dot(axes=1)([x, Dense(4)(x)]), (3, 4)),
    "normalized Dot of steps": (lambda x: layers.Dot(axes=1, normalize=True)([x, Dense(4)(x)]), (3, 4)),
    "Dot of channels": (lambda x: layers.Dot(axes=2)([x, Dense(3)(x)]), (0, 0)),
    "CategoryEncoding": (lambda x: layers.CategoryEncoding(5, output_mode="count")(x[..., 0]), (5,)),
    "Embedding": (lambda x: Embedding(5, 2)(x[..., 0]), (0, 2)),
    "UnitNormalization": (lambda x: layers.UnitNormalization(axis=1)(Dense(3)(x)), (0, 3)),
    "GroupNormalization": (lambda x: layers.GroupNormalization(3)(Dense(3)(x)), (0, 3)),
    "BatchNormalization": (lambda x: layers.BatchNormalization()(x), (0, 3)),
    "Softmax": (lambda x: layers.Softmax(axis=1)(Dense(3)(x)), (0, 3)),
    "Bidirectional": (lambda x: layers.Bidirectional(LSTM(2))(x), (4,)),
    "Masking": (lambda x: LSTM(2)(layers.Masking()(x)), (2,)),
    "SeparableConv1D": (lambda x: layers.SeparableConv1D(2, 3, padding="same")(x), (0, 2)),
    "Conv1DTranspose": (lambda x: layers.Conv1DTranspose(2, 3)(x), (2, 2)),
    "TimeDistributed": (lambda x: layers.TimeDistributed(Dense(2))(x), (0, 2)),
    "PReLU": (lambda x: layers.PReLU(shared_axes=[1])(x), (0, 3)),
}


@pytest.mark.parametrize("kind", OF_NO_STEPS)
def test_layers_take_no_steps(kind):
    call, shape = OF_NO_STEPS[kind]
    x = Input((None, 3))
    made = fastnn.Model(x, call(x))
    y = made.predict(NO_STEPS)
    assert y.shape == (2, *shape)
    assert not y.any()
    assert not np.any(made(NO_STEPS, training=True))
    if made.trainable_weights:
        made.compile("sgd", "mse")
        assert made.train_on_batch(NO_STEPS, y) == 0
        assert all(np.isfinite(array).all() for array in made.get_weights())


def test_global_pools_of_no_steps():
    assert np.all(model(GlobalMaxPooling1D()).predict(NO_STEPS) == -np.inf)
    assert np.isnan(model(layers.GlobalAveragePooling1D()).predict(NO_STEPS)).all()


@pytest.mark.parametrize("dims", list(permutations((1, 2, 3))))
@pytest.mark.parametrize("shape", [(0, 3, 4), (3, 0, 4), (0, 0, 4), (3, 4, 0)])
def test_empty_axes_move_nothing(shape, dims):
    axes = tuple(axis - 1 for axis in dims)
    assert not box_of(shape, axes)[0].prod()
    made = fastnn.Sequential([Input((None, None, None)), Permute(dims)])
    assert made.predict(np.ones((2, *shape))).shape == (2, *(shape[axis] for axis in axes))


def test_plans_of_the_last_lengths_are_kept():
    made = model(Dense(2))
    kept = plan_of(made, "inference", shapes=((1, 3),))
    for length in range(1, KEPT_SHAPES + 1):
        made.predict(rows(length))
        assert plan_of(made, "inference", shapes=((1, 3),)) is kept
    made.predict(rows(KEPT_SHAPES + 1))
    assert len(made._plans._inference[False]) == KEPT_SHAPES
    assert plan_of(made, "inference", shapes=((1, 3),)) is kept


def test_a_model_built_on_data_takes_what_its_layers_take():
    made = fastnn.Sequential([Embedding(9, 2), LSTM(3)])
    assert made.predict(np.zeros((2, 12))).shape == made.predict(np.zeros((2, 20))).shape
    fixed = fastnn.Sequential([Input((12,)), Embedding(9, 2), LSTM(3)])
    with pytest.raises(ValueError, match=r"x: expected shape \(rows, 12\), got \(2, 20\)"):
        fixed.predict(np.zeros((2, 20)))


def test_weights_that_depend_on_the_length_are_refused():
    with pytest.raises(ValueError, match=r"layer 'dense.*' on rows of shape \(None,\): its weights depend"):
        fastnn.Sequential([Input((None, 3)), Flatten(), Dense(2)])


def test_what_does_not_fit_is_named():
    made = model(Conv1D(4, 5))
    with pytest.raises(ValueError, match=r"x: expected shape \(rows, None, 3\), got rows of shape \(4, 3\)"):
        made.predict(rows(4))
    with pytest.raises(ValueError, match=r"x: expected shape \(rows, None, 3\), got \(4, 5, 2\)"):
        made.predict(rows(5)[..., :2])
    with pytest.raises(ValueError, match=r"x: expected shape \(rows, None, 3\), got rows of shape \(0, 3\)"):
        made.predict(rows(0))
    with pytest.raises(ValueError, match="any length"):
        plan_of(made, "inference")


def test_several_dimensions_may_vary():
    made = fastnn.Sequential([Input((None, None, 2)), Activation("relu"), fastnn.layers.Conv2D(3, 3)])
    assert made.output_shape == (None, None, None, 3)
    assert made.predict(np.zeros((1, 5, 8, 2))).shape == (1, 3, 6, 3)


@pytest.mark.parametrize("cell", [fastnn.layers.SimpleRNN, fastnn.layers.GRU, fastnn.layers.LSTM])
@pytest.mark.parametrize("masked", [False, True])
def test_no_steps_leave_the_state_as_it_was(cell, masked):
    """The result of a sequence without steps is the initial state."""
    x, start = fastnn.Input((None, 2)), fastnn.Input((3,))
    steps = fastnn.layers.Masking()(x) if masked else x
    states = [start, start] if cell is fastnn.layers.LSTM else [start]
    ends = cell(3)(steps, initial_state=states)
    both = fastnn.layers.Bidirectional(cell(3, return_sequences=True))(steps)
    model = fastnn.Model([x, start], [ends, cell(2)(both)])
    none, first = np.zeros((5, 0, 2), "float32"), np.arange(15, dtype="float32").reshape(5, 3)
    model.predict([np.ones((5, 4, 2), "float32"), first], verbose=0)  # leaves other numbers behind
    for result in (model([none, first]), model.predict([none, first], verbose=0)):
        np.testing.assert_array_equal(result[0], first)
        np.testing.assert_array_equal(result[1], np.zeros((5, 2)))
    model.compile("sgd", "mse")
    assert len(model.profile([none, first]).rows) > 2
    assert np.isfinite(model.train_on_batch([none, first], [first, np.zeros((5, 2))])).all()
