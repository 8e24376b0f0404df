"""Masks: who makes them, who passes them on, and what recurrent layers, losses and metrics make of them."""

import numpy as np
import pytest
from ctable import Table
from harness import check_layer
from kernelcheck import SHAPES, noise

import fastnn
from fastnn.layers import LSTM, Dense, Dropout, Embedding, Flatten, GlobalAveragePooling1D, Input, Masking

X = np.random.default_rng(0).standard_normal((4, 5, 3)).astype("float32")
MASK = np.array([[1, 1, 1, 0, 0], [0, 1, 1, 1, 1], [0, 0, 0, 0, 0], [1, 0, 1, 0, 1]], bool)


@pytest.mark.parametrize("shape", [(5, 3), (1, 1), (7, 17)])
def test_the_harness(shape):
    check_layer(Masking, {"mask_value": -1.0}, (3, *shape), (3, *shape), 0, oracle=lambda x: x)


def test_steps_left_out_are_zero():
    x = np.where(MASK[..., None], X, 7)
    np.testing.assert_array_equal(Masking(7)(x), np.where(MASK[..., None], X, 0))


def test_a_step_of_nan_counts():
    assert np.isnan(Masking()(np.full((1, 1, 2), np.nan))).all()


@pytest.mark.parametrize("value", [0.0, -np.inf, np.nan])
@pytest.mark.parametrize("n", [0, 1, 3, 4, 8, 15, 16, 17, 32])
def test_mask_steps_leaves_out_what_equals_the_value(isa, dtype, n, value):
    x = np.full((4, n), value, dtype)
    x[1, n // 2 :], x[2, n // 2 :] = 1, np.nan
    mask = np.full(4, 7, dtype)
    Table(isa, dtype).mask_steps(mask, x, 4, n, value)
    assert np.array_equal(mask, (x != np.asarray(value, dtype)).any(1))


def test_recurrent_layers_skip_steps():
    model = fastnn.Sequential([Input((None, 3)), Masking(), Dropout(0.5), LSTM(4)])
    short = model.predict(X[:, :3])
    padded = np.concatenate([X[:, :1], np.zeros((4, 2, 3)), X[:, 1:3], np.zeros((4, 4, 3))], axis=1)
    np.testing.assert_allclose(model.predict(padded), short, atol=1e-6)


def masked(weights=None, loss="mse"):
    """What a masked model and plain NumPy say: loss and metric."""
    model = fastnn.Sequential([Input((5, 3)), Masking(), Dense(2)])
    model.compile("sgd", loss, metrics=["mae"], weighted_metrics=["mae"])
    x, y = np.where(MASK[..., None], X, 0), np.ones((4, 5, 2), "float32")
    error = model.predict(x) - y
    w = MASK * (np.ones(4) if weights is None else weights)[:, None]
    return model.evaluate(x, y, sample_weight=weights, verbose=0), error, w


def test_loss_and_metrics_count_what_the_mask_leaves():
    (loss, mae, weighted), error, _ = masked()
    assert loss == pytest.approx((error**2).mean(-1)[MASK].mean(), rel=1e-5)
    assert mae == weighted == pytest.approx(np.abs(error).mean(-1)[MASK].mean(), rel=1e-5)


def test_a_mask_and_sample_weights():
    (loss, mae, weighted), error, w = masked(np.array([1.0, 2.0, 3.0, 0.5]))
    assert loss == pytest.approx(((error**2).mean(-1) * w).sum() / MASK.sum(), rel=1e-5)
    assert mae == pytest.approx(np.abs(error).mean(-1)[MASK].mean(), rel=1e-5)
    assert weighted == pytest.approx((np.abs(error).mean(-1) * w).sum() / w.sum(), rel=1e-5)


def test_a_batch_without_any_step_teaches_nothing():
    model = fastnn.Sequential([Input((5, 3)), Masking(), Dense(2)])
    model.compile("sgd", "mse")
    before = model.get_weights()
    assert model.train_on_batch(np.zeros((2, 5, 3)), np.ones((2, 5, 2))) == 0
    assert all((a == b).all() for a, b in zip(before, model.get_weights(), strict=True))


@pytest.mark.filterwarnings("ignore:mask")  # of layers that do not pass it on
def test_layers_that_know_nothing_of_steps_drop_the_mask():
    model = fastnn.Sequential([Input((5, 3)), Masking(), Flatten(), Dense(2)])
    model.compile("sgd", "mse")
    x, y = np.where(MASK[..., None], X, 0), np.ones((4, 2), "float32")
    assert model.evaluate(x, y, verbose=0) == pytest.approx(((model.predict(x) - y) ** 2).mean(), rel=1e-5)


def test_means_over_the_steps_that_count():
    model = fastnn.Sequential([Embedding(9, 4, mask_zero=True), GlobalAveragePooling1D()])
    short, padded = np.array([[3, 5]]), np.array([[0, 3, 0, 5, 0]])
    np.testing.assert_allclose(model.predict(padded), model.predict(short), rtol=1e-6)


@pytest.mark.parametrize("threads", [2, 3])
def test_threads_do_not_matter(threads):
    x = np.random.default_rng(1).integers(0, 50, (64, 40))
    results = []
    for n in (1, threads):
        with fastnn.threads(n):
            fastnn.utils.set_random_seed(3)
            model = fastnn.Sequential([Embedding(50, 64, mask_zero=True), Dense(8)])
            model.compile("adam", "mse")
            model.fit(x, np.ones((64, 40, 8)), epochs=2, verbose=0)
            results.append(model.get_weights())
    assert all((a == b).all() for a, b in zip(*results, strict=True))


@pytest.mark.parametrize("shape", SHAPES)
def test_mask_weights_is_the_mask_times_the_weight_of_each_row(isa, dtype, shape):
    m, n = shape
    mask, weight = (noise(m, n) > 0).astype(dtype), noise(m, dtype=dtype, seed=1)
    y = np.full((m, n), np.nan, dtype)
    Table(isa, dtype).mask_weights(y, mask, weight, m, n)
    assert np.array_equal(y, mask * weight[:, None])
