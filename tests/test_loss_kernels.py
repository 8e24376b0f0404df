"""Losses in C: values against formulas in NumPy, gradients against central differences of the values."""

import numpy as np
import pytest
from ctable import NO_CLASS
from formulas import CLIP, LOSSES, binary_crossentropy, crossentropy, sigmoid, softmax
from kernelcheck import SHAPES, LossMetricKernel, assert_close, central_differences, noise

from fastnn import losses

# The losses with a kernel of their name.
KERNELS = [name for name in LOSSES if getattr(losses.get(name)._spec, "kernel", None) == name]
ERRORS = [name for name in KERNELS if "crossentropy" not in name]
FOCAL = {  # gamma, then alpha, or the weights of 1 and 0
    "binary_focal_crossentropy": (2.0, 0.25, 0.75),
    "binary_focal_crossentropy_logits": (1.5, 0.3, 0.7),
    "categorical_focal_crossentropy": (2.0, 0.25),
    "categorical_focal_crossentropy_logits": (0.5, 0.3),
}
ELEMENTWISE = [*ERRORS, "binary_crossentropy", "binary_crossentropy_logits", *list(FOCAL)[:2]]
CATEGORICAL = ["categorical_crossentropy", "categorical_crossentropy_logits", *list(FOCAL)[2:]]
SPARSE = ["sparse_categorical_crossentropy", "sparse_categorical_crossentropy_logits"]
ALL = ELEMENTWISE + CATEGORICAL + SPARSE
SMOOTHED = [name for name in ALL if "crossentropy" in name and name not in SPARSE]
LOGITS = [name for name in ALL if name.endswith("_logits")]
PLAIN_LOGITS = [name for name in LOGITS if name not in FOCAL]

each_loss = pytest.mark.parametrize("name", ALL)


def problem(name, m, n, dtype="float64", seed=0):
    """Predictions or logits that suit the loss, and targets."""
    if name in ERRORS:
        x, target = LOSSES[name].arrays((m, n), seed)
        return x.astype(dtype), target.astype(dtype)
    rng = np.random.default_rng(seed)
    x = noise(m, n, seed=seed, spread=2.0)
    if name in SPARSE:
        target = rng.integers(0, max(n, 1), m).astype("int32")
    elif name in CATEGORICAL:
        target = rng.dirichlet(np.ones(n), m).reshape(m, n).astype(dtype)
    else:
        target = rng.integers(0, 2, (m, n)).astype(dtype)
    return (x if name in LOGITS else sigmoid(x)).astype(dtype), target


def row_losses(name, x, target, label_smoothing=0.0, clip=CLIP):
    """The value of every row in float64, as Keras defines it."""
    x, n = x.astype("float64"), x.shape[1]
    if name in ERRORS:
        return LOSSES[name].values(x, target.astype("float64"))
    if name.startswith("binary"):
        t = target * (1 - label_smoothing) + 0.5 * label_smoothing
        p = sigmoid(x) if name in LOGITS else x
        if name not in FOCAL:
            return binary_crossentropy(p, t, clip)
        gamma, one, zero = FOCAL[name]
        b = np.stack([binary_crossentropy(p[:, j : j + 1], t[:, j : j + 1], clip) for j in range(n)], 1)
        return ((t * one + (1 - t) * zero) * (t * (1 - p) + (1 - t) * p) ** gamma * b).mean(1)
    t = np.eye(n)[target] if name in SPARSE else target * (1 - label_smoothing) + label_smoothing / n
    p = softmax(x) if name in LOGITS else x
    if name not in FOCAL:
        return crossentropy(p, t, clip)
    gamma, alpha = FOCAL[name]
    q = p / p.sum(1, keepdims=True)
    return -alpha * (t * (1 - q) ** gamma * np.log(np.clip(q, clip, 1 - clip))).sum(1)


class Loss(LossMetricKernel):
    """The kernel with its own parameters."""

    def __init__(self, isa, dtype, name):
        super().__init__(isa, dtype, name)
        self.param = FOCAL[name] if name in FOCAL else LOSSES[name].param if name in ERRORS else ()

    def __call__(self, *arguments, **settings):
        return super().__call__(*arguments, param=self.param, **settings)


@each_loss
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_value_and_gradient(isa, dtype, name, shape):
    """The reference is the formula, and every instruction set is the reference."""
    x, target = problem(name, *shape, dtype=dtype)
    weight = 0.5 + abs(noise(shape[0], dtype=dtype, seed=2))
    dx_ref, dx = np.empty_like(x), np.empty_like(x)
    desired = (weight * row_losses(name, x, target)).sum() if x.size else 0
    value_ref = Loss("ref", dtype, name)(x, target, weight, dx=dx_ref, scale=0.5, clip=CLIP)
    value = Loss(isa, dtype, name)(x, target, weight, dx=dx, scale=0.5, clip=CLIP)
    assert_close(np.array([value_ref, value], dtype), [desired, desired], factor=10)
    assert_close(dx, dx_ref, factor=20)


@each_loss
@pytest.mark.parametrize("shape", [(3, 7), (19, 1), (2, 18)], ids=str)
@pytest.mark.parametrize("label_smoothing", [0.0, 0.1])
def test_gradient_is_the_slope(isa, name, shape, label_smoothing):
    """Of the weighted sum over rows, so scale 1 and the weights are in it."""
    x, target = problem(name, *shape)
    settings = {
        "label_smoothing": label_smoothing if name in SMOOTHED else 0.0,
        "clip": 0.0 if name in LOGITS else CLIP,
    }
    weight, dx = 0.5 + abs(noise(shape[0], seed=2)), np.empty_like(x)
    for table in ("ref", isa):
        loss = Loss(table, "float64", name)
        loss(x, target, weight, dx=dx, **settings)
        desired = central_differences(lambda x, loss=loss: loss(x, target, weight, **settings), x)
        np.testing.assert_allclose(dx, desired, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("name", SMOOTHED)
@pytest.mark.parametrize("shape", [(3, 7), (19, 1), (4, 33)], ids=str)
def test_label_smoothing(isa, dtype, name, shape):
    x, target = problem(name, *shape, dtype=dtype)
    desired = row_losses(name, x, target, label_smoothing=0.2).sum()
    for table in ("ref", isa):
        value = Loss(table, dtype, name)(x, target, label_smoothing=0.2, clip=CLIP)
        assert_close(np.array(value, dtype), desired, factor=10)


@each_loss
@pytest.mark.parametrize(
    ("m", "n", "rows_per_weight"), [(12, 5, 3), (300, 1, 100), (8, 40, 4), (600, 3, 200)]
)
def test_a_weight_may_belong_to_several_rows(isa, dtype, name, m, n, rows_per_weight):
    x, target = problem(name, m, n, dtype=dtype)
    weight = 0.5 + abs(noise(m // rows_per_weight, dtype=dtype, seed=2))
    loss, dx, dx_each = Loss(isa, dtype, name), np.empty_like(x), np.empty_like(x)
    each = loss(x, target, np.repeat(weight, rows_per_weight), dx=dx_each, clip=CLIP)
    assert loss(x, target, weight, rows_per_weight, dx=dx, clip=CLIP) == each
    assert np.array_equal(dx, dx_each)


@each_loss
def test_no_weight_is_weight_one(isa, dtype, name):
    x, target = problem(name, 300, 3, dtype=dtype)
    loss = Loss(isa, dtype, name)
    assert loss(x, target, clip=CLIP) == loss(x, target, np.ones(300, dtype), clip=CLIP)


@each_loss
@pytest.mark.parametrize("shape", [(0, 3), (4, 17), (257, 1)], ids=str)
def test_gradient_in_the_place_of_x(isa, dtype, name, shape):
    x, target = problem(name, *shape, dtype=dtype)
    loss, dx, p = Loss(isa, dtype, name), np.empty_like(x), np.full_like(x, 7)
    value, before = loss(x, target, dx=dx, p=p, clip=CLIP), p.copy()
    assert loss(x, target, dx=x, p=p, clip=CLIP) == value
    assert np.array_equal(x, dx)
    assert np.array_equal(p, before)


@pytest.mark.parametrize("name", LOGITS)
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_probabilities_of_logits(isa, dtype, name, shape):
    x, target = problem(name, *shape, dtype=dtype)
    desired = (sigmoid if "binary" in name else softmax)(x.astype("float64")) if x.size else x
    for table in ("ref", isa):
        p = np.empty_like(x)
        Loss(table, dtype, name)(x, target, p=p)
        assert_close(p, desired)


@pytest.mark.parametrize("name", PLAIN_LOGITS)
def test_large_logits(isa, dtype, name):
    """The loss of a wrong prediction is the distance of the logits; clipped, the right one has a loss too."""
    x = np.array([[1e4, -1e4], [-1e4, 1e4]], dtype)
    target = np.array([[0, 1], [0, 1]], dtype) if name not in SPARSE else np.ones(2, "int32")
    wrong = 1e4 if "binary" in name else 2e4
    dx = np.empty_like(x)
    for table in ("ref", isa):
        loss = Loss(table, dtype, name)
        assert_close(np.array(loss(x, target, dx=dx), dtype), wrong)
        assert_close(dx, np.array([[1, -1], [0, 0]]) / (2 if "binary" in name else 1))
        clipped = np.array(loss(x, target, dx=dx, clip=CLIP), dtype)
        assert_close(clipped, -np.log(CLIP) - np.log1p(-CLIP))
        assert_close(dx, np.array([[1, -1], [0, 0]]) / (2 if "binary" in name else 1))


@pytest.mark.parametrize("name", [name.removesuffix("_logits") for name in PLAIN_LOGITS])
def test_clipped_probabilities_learn_nothing(isa, dtype, name):
    x = np.array([[1.0, 0.0], [0.0, 1.0]], dtype)
    target = np.array([[0, 1], [0, 1]], dtype) if name not in SPARSE else np.ones(2, "int32")
    for table in ("ref", isa):
        dx = np.empty_like(x)
        value = Loss(table, dtype, name)(x, target, dx=dx, clip=CLIP)
        np.testing.assert_allclose(value, -np.log(CLIP), rtol=2e-2 if dtype == "float32" else 1e-6)
        assert np.all(dx == 0)


@pytest.mark.parametrize("name", SPARSE)
@pytest.mark.parametrize("ignored", [-1, 2, 255])
def test_ignored_class(isa, dtype, name, ignored):
    x, target = problem(name, 9, 5, dtype=dtype)
    target[[1, 4, 8]] = ignored
    x[4] = np.nan
    counted = target != ignored
    for table in ("ref", isa):
        loss, dx, p = Loss(table, dtype, name), np.empty_like(x), np.empty_like(x)
        value = loss(x, target, dx=dx, p=p, clip=CLIP, ignore_class=ignored)
        kept, dx_kept = x[counted], np.empty_like(x[counted])
        assert value == loss(kept, target[counted], dx=dx_kept, clip=CLIP)
        assert np.array_equal(dx[counted], dx_kept)
        assert np.all(dx[~counted] == 0)
        if name in LOGITS:
            assert_close(p[[1, 8]], softmax(x[[1, 8]].astype("float64")))


@each_loss
def test_not_a_number_is_seen(isa, dtype, name):
    x, target = problem(name, 5, 19, dtype=dtype)
    x[2, 18] = np.nan
    if name in SPARSE:
        target[2] = 18
    for table in ("ref", isa):
        dx = np.empty_like(x)
        assert np.isnan(Loss(table, dtype, name)(x, target, dx=dx, clip=CLIP))
        assert np.isnan(dx[2, 18])


def test_absolute_error_is_flat_where_it_is_zero(isa, dtype):
    x = noise(2, 17, dtype=dtype)
    for table in ("ref", isa):
        dx = np.full_like(x, 7)
        assert Loss(table, dtype, "mean_absolute_error")(x, x.copy(), dx=dx) == 0
        assert np.all(dx == 0)


def test_no_class_is_no_class_number():
    assert np.iinfo("int64").min == NO_CLASS


@pytest.mark.parametrize("name", PLAIN_LOGITS[1:])
def test_an_impossible_class_that_is_not_the_target(isa, dtype, name):
    x = np.array([[0.0, -np.inf, 0.0]] * 2, dtype)
    target = np.array([0, 2], "int32") if name in SPARSE else np.eye(3, dtype=dtype)[[0, 2]]
    for table in ("ref", isa):
        dx, p = np.empty_like(x), np.empty_like(x)
        assert_close(np.array(Loss(table, dtype, name)(x, target, dx=dx, p=p), dtype), 2 * np.log(2))
        assert_close(dx, [[-0.5, 0, 0.5], [0.5, 0, -0.5]])
        assert_close(p, [[0.5, 0, 0.5]] * 2)
