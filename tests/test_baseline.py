"""The NumPy side of the benchmarks: what fastnn is compared with has to be right itself."""

from itertools import pairwise

import numpy as np
import pytest

from fastnn.bench import plain, plain_rnn, tuned_cnn, tuned_rnn
from fastnn.bench.formulas import ACTIVATIONS, FUSED
from fastnn.bench.tuned import MLP, Adam

PAIRS = [(FUSED[loss], loss) for loss in FUSED] + [(activation, "mse") for activation in ACTIVATIONS]


def make(rng, activations, loss, widths=(5, 4, 3), rows=6, dtype="float64"):
    weights = []
    for inputs, units in pairwise(widths):
        weights += [rng.standard_normal(shape).astype(dtype) for shape in ((inputs, units), (units,))]
    x = rng.standard_normal((rows, widths[0])).astype(dtype)
    if loss == "sparse_categorical_crossentropy":
        y = rng.integers(0, widths[-1], rows)
    else:
        y = rng.random((rows, widths[-1])).astype(dtype)
    if loss == "categorical_crossentropy":
        y /= y.sum(axis=1, keepdims=True)
    return MLP(weights, activations, loss), x, y


def expected_loss(loss, p, y):
    if loss == "mse":
        return np.mean((p - y) ** 2)
    p = np.clip(p, 1e-7, 1 - 1e-7)
    if loss == "binary_crossentropy":
        return -np.mean(y * np.log(p) + (1 - y) * np.log(1 - p))
    if loss == "categorical_crossentropy":
        return -np.mean(np.sum(y * np.log(p), axis=1))
    return -np.mean(np.log(p[np.arange(len(y)), y]))


FORMULAS = {
    "linear": lambda z: z,
    "relu": lambda z: np.where(z > 0, z, 0),
    "tanh": np.tanh,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "softmax": lambda z: np.exp(z) / np.exp(z).sum(axis=1, keepdims=True),
}


@pytest.mark.parametrize(("activation", "loss"), PAIRS)
@pytest.mark.parametrize("hidden", ACTIVATIONS)
def test_gradients_are_central_differences(hidden, activation, loss):
    model, x, y = make(np.random.default_rng(0), [hidden, activation], loss)
    model.loss_and_gradients(x, y)
    gradients, numbers = model.gradients.copy(), np.empty_like(model.gradients)
    for i, start in enumerate(model.parameters.copy()):
        step = 1e-6 * max(1, abs(start))
        model.parameters[i] = start + step
        above = model.loss_and_gradients(x, y)
        model.parameters[i] = start - step
        below = model.loss_and_gradients(x, y)
        model.parameters[i] = start
        numbers[i] = (above - below) / (2 * step)
    np.testing.assert_allclose(gradients, numbers, rtol=1e-6, atol=1e-9)


@pytest.mark.parametrize(("activation", "loss"), PAIRS)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_predictions_and_loss_are_the_formulas(activation, loss, dtype):
    model, x, y = make(np.random.default_rng(1), ["tanh", activation], loss, dtype=dtype)
    w = [a.astype("float64") for a in model.get_weights()]
    expected = FORMULAS[activation](np.tanh(x @ w[0] + w[1]) @ w[2] + w[3])
    tolerance = 1e-5 if dtype == "float32" else 1e-12
    prediction = model.predict(x)
    assert prediction.dtype == dtype
    np.testing.assert_allclose(prediction, expected, rtol=tolerance, atol=tolerance)
    assert model.loss_and_gradients(x, y) == pytest.approx(expected_loss(loss, expected, y), rel=tolerance)


@pytest.mark.parametrize("loss", FUSED)
def test_extreme_logits_are_clipped_without_a_warning(loss):
    model, _, _ = make(np.random.default_rng(2), [FUSED[loss]], loss, widths=(1, 2), rows=2, dtype="float32")
    model.set_weights([np.array([[1e4, -1e4]]), np.zeros(2)])
    x = np.array([[1.0], [-1.0]], "float32")
    np.testing.assert_array_equal(model.predict(x).round(6), [[1, 0], [0, 1]])
    if loss == "sparse_categorical_crossentropy":
        assert model.loss_and_gradients(x, np.array([1, 0])) == pytest.approx(-np.log(1e-7), rel=1e-6)
    else:
        wrong = np.array([[0, 1], [1, 0]], "float32")
        assert model.loss_and_gradients(x, wrong) == pytest.approx(-np.log(1e-7), rel=1e-6)


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("n", [1, 7, 70_000])
def test_adam_is_the_plain_loop(n, dtype):
    rng = np.random.default_rng(3)
    w = rng.standard_normal(n).astype(dtype)
    g = np.empty_like(w)
    lr, b1, b2, epsilon = 0.01, 0.8, 0.95, 1e-4
    adam = Adam(w, g, lr, b1, b2, epsilon)
    some = np.unique([0, n // 2, n - 1])
    p, m, v = w[some].astype("float64"), np.zeros(some.size), np.zeros(some.size)
    for t in range(1, 6):
        g[:] = rng.standard_normal(n)
        for i, gi in enumerate(g[some].astype("float64")):
            m[i] = b1 * m[i] + (1 - b1) * gi
            v[i] = b2 * v[i] + (1 - b2) * gi**2
            alpha = lr * np.sqrt(1 - b2**t) / (1 - b1**t)
            p[i] -= alpha * m[i] / (np.sqrt(v[i]) + epsilon)
        adam.step()
    np.testing.assert_allclose(w[some], p, rtol=1e-5 if dtype == "float32" else 1e-12)


def test_a_prediction_is_the_callers_own():
    model, x, _ = make(np.random.default_rng(4), ["relu", "softmax"], "categorical_crossentropy")
    first = model.predict(x)
    kept = first.copy()
    model.predict(x[::-1])
    model.predict(x[:2])
    np.testing.assert_array_equal(first, kept)


def test_weights_go_in_and_out():
    model, x, y = make(np.random.default_rng(5), ["relu", "linear"], "mse")
    weights = model.get_weights()
    model.train_step(x, y)
    assert any((a != b).any() for a, b in zip(weights, model.get_weights(), strict=True))
    model.set_weights(weights)
    for a, b in zip(weights, model.get_weights(), strict=True):
        np.testing.assert_array_equal(a, b)


def test_training_lowers_the_loss():
    model, x, y = make(np.random.default_rng(6), ["relu", "softmax"], "sparse_categorical_crossentropy")
    start = model.train_step(x, y)
    for _ in range(200):
        end = model.train_step(x, y)
    assert end < start / 2


@pytest.mark.parametrize(
    ("activations", "loss", "message"),
    [
        (["swish"], "mse", "activations: .*'swish'"),
        (["relu"], "hinge", "loss: .*'hinge'"),
        (["relu"], "binary_crossentropy", "loss: 'binary_crossentropy' needs 'sigmoid'.*'relu'"),
    ],
)
def test_what_it_cannot_do_is_named(activations, loss, message):
    with pytest.raises(ValueError, match=message):
        MLP([np.eye(2), np.zeros(2)], activations, loss)


def convolutional(rng, loss="sparse_categorical_crossentropy", activation="relu", last="softmax"):
    """A network of every layer of `plain`, with an odd line and column left over by each maximum."""

    def pair(*shape):
        return 0.4 * rng.standard_normal(shape), 0.4 * rng.standard_normal(shape[-1])

    layers = [
        plain.Convolution(*pair(3, 2, 2, 3), activation),
        plain.MaxPooling(2),
        plain.Convolution(*pair(1, 2, 3, 4), activation),
        plain.MaxPooling(2),
        plain.Flatten(),
        plain.Dense(*pair(8, 5), activation),
        plain.Dense(*pair(5, 3), last),
    ]
    x = rng.standard_normal((6, 12, 8, 2))
    y = rng.integers(0, 3, 6) if loss.startswith("sparse") else rng.integers(0, 2, (6, 3)).astype(float)
    return plain.Network(layers, loss), x, y


@pytest.mark.parametrize(
    ("activation", "last", "loss"),
    [
        ("relu", "softmax", "sparse_categorical_crossentropy"),
        ("tanh", "sigmoid", "binary_crossentropy"),
        ("sigmoid", "linear", "mse"),
        ("linear", "linear", "mse"),
    ],
)
def test_plain_gradients_are_central_differences(activation, last, loss):
    model, x, y = convolutional(np.random.default_rng(7), loss, activation, last)
    _, gradients = model.gradients(x, y)
    assert [g.shape for g in gradients] == [w.shape for w in model.weights]
    for w, g in zip(model.weights, gradients, strict=True):
        for at in np.ndindex(w.shape):
            start = w[at]
            w[at] = start + 1e-6
            above, _ = model.gradients(x, y)
            w[at] = start - 1e-6
            below, _ = model.gradients(x, y)
            w[at] = start
            assert g[at] == pytest.approx((above - below) / 2e-6, rel=1e-4, abs=1e-8)


def test_plain_convolution_is_the_sum():
    rng = np.random.default_rng(8)
    x, kernel, bias = rng.standard_normal((2, 5, 4, 3)), rng.standard_normal((3, 2, 3, 4)), rng.random(4)
    y = plain.Convolution(kernel, bias).forward(x)
    assert y.shape == (2, 3, 3, 4)
    for n, i, j in np.ndindex(2, 3, 3):
        expected = np.tensordot(x[n, i : i + 3, j : j + 2], kernel, 3) + bias
        np.testing.assert_allclose(y[n, i, j], expected, rtol=1e-12)


def test_plain_maximum_leaves_out_what_is_left_over():
    x = np.arange(2 * 5 * 7.0).reshape(2, 5, 7, 1)
    pool = plain.MaxPooling(2)
    assert pool.forward(x)[0, :, :, 0].tolist() == [[8, 10, 12], [22, 24, 26]]
    _, dx = pool.backward(np.ones((2, 2, 3, 1)), first=False)
    assert dx.shape == x.shape
    assert np.flatnonzero(dx[0]).tolist() == [8, 10, 12, 22, 24, 26]


def test_plain_training_lowers_the_loss():
    model, x, y = convolutional(np.random.default_rng(9))
    start = model.train_step(x, y)
    for _ in range(500):
        end = model.train_step(x, y)
    assert end < start / 2
    assert model.predict(x).shape == (6, 3)


@pytest.mark.parametrize("patches", [1 << 17, 2000, 1])
@pytest.mark.parametrize("channels", [1, 9])
def test_tuned_convolutions_are_the_plain_ones(monkeypatch, channels, patches):
    """With all pictures at a time, some of them and one, and whether patches are rows or columns."""
    monkeypatch.setattr(tuned_cnn, "PATCHES", patches)
    rng = np.random.default_rng(10)
    weights, layers, filters = [], [], channels
    for size, units in (((3, 2), 4), ((2, 2), 9), (None, 0), ((1, 2), 3), (None, 0)):
        if size is None:
            layers.append(plain.MaxPooling(2))
            continue
        weights += [0.4 * rng.standard_normal((*size, filters, units)), rng.standard_normal(units)]
        layers.append(plain.Convolution(*weights[-2:], "relu"))
        filters = units
    layers.append(plain.Flatten())
    for inputs, units, activation in ((12, 5, "tanh"), (5, 3, "softmax")):
        weights += [rng.standard_normal((inputs, units)), rng.standard_normal(units)]
        layers.append(plain.Dense(*weights[-2:], activation))
    loss = "sparse_categorical_crossentropy"
    theirs = plain.Network(layers, loss)
    tuned = tuned_cnn.CNN(weights, (13, 13, channels), [2, 1], ["tanh", "softmax"], loss)
    for rows in (7, 2, 7):
        x, y = rng.standard_normal((rows, 13, 13, channels)), rng.integers(0, 3, rows)
        np.testing.assert_allclose(tuned.predict(x), theirs.predict(x), rtol=1e-10)
        expected, gradients = theirs.gradients(x, y)
        assert tuned.loss_and_gradients(x, y) == pytest.approx(expected, rel=1e-10)
        at = np.concatenate([g.ravel() for g in gradients])
        np.testing.assert_allclose(tuned.gradients, at, rtol=1e-8, atol=1e-12)
        assert tuned.train_step(x, y) == pytest.approx(theirs.train_step(x, y), rel=1e-10)
        for a, b in zip(tuned.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-9)


CELLS = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}


def recurrent(rng, cell, loss="mse", last="linear"):
    """Weights of a recurrent layer of 3 units on 2 inputs and of two dense layers, inputs and targets."""
    width = 3 * CELLS[cell]
    shapes = [(2, width), (3, width), (2, width) if cell == "GRU" else (width,), (3, 4), (4,), (4, 2), (2,)]
    weights = [rng.standard_normal(shape) for shape in shapes]
    layers = [
        getattr(plain_rnn, cell)(*weights[:3]),
        plain.Dense(*weights[3:5], "tanh"),
        plain.Dense(*weights[5:], last),
    ]
    x, y = rng.standard_normal((4, 5, 2)), rng.integers(0, 2, (4, 2)).astype(float)
    return weights, plain.Network(layers, loss), x, y


@pytest.mark.parametrize("cell", CELLS)
def test_plain_gradients_through_time_are_central_differences(cell):
    _, model, x, y = recurrent(np.random.default_rng(11), cell)
    _, gradients = model.gradients(x, y)
    for w, g in zip(model.weights, gradients, strict=True):
        for at in np.ndindex(w.shape):
            start = w[at]
            w[at] = start + 1e-6
            above, _ = model.gradients(x, y)
            w[at] = start - 1e-6
            below, _ = model.gradients(x, y)
            w[at] = start
            assert g[at] == pytest.approx((above - below) / 2e-6, rel=1e-4, abs=1e-8)


@pytest.mark.parametrize("cell", CELLS)
def test_tuned_recurrent_layers_are_the_plain_ones(cell):
    loss = "binary_crossentropy"
    weights, theirs, *_ = recurrent(np.random.default_rng(12), cell, loss, "sigmoid")
    tuned = tuned_rnn.RNN(weights, cell, ["tanh", "sigmoid"], loss)
    rng = np.random.default_rng(13)
    for rows, steps in ((7, 4), (1, 6), (2, 1), (7, 4)):
        x, y = rng.standard_normal((rows, steps, 2)), rng.integers(0, 2, (rows, 2)).astype(float)
        np.testing.assert_allclose(tuned.predict(x), theirs.predict(x), rtol=1e-10)
        expected, gradients = theirs.gradients(x, y)
        assert tuned.loss_and_gradients(x, y) == pytest.approx(expected, rel=1e-6)
        at = np.concatenate([g.ravel() for g in gradients])
        np.testing.assert_allclose(tuned.gradients, at, rtol=1e-8, atol=1e-12)
        assert tuned.train_step(x, y) == pytest.approx(theirs.train_step(x, y), rel=1e-6)
        for a, b in zip(tuned.get_weights(), theirs.get_weights(), strict=True):
            np.testing.assert_allclose(a, b, rtol=1e-6, atol=1e-9)
