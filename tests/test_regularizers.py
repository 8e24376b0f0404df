"""Penalties on weights."""

import json

import numpy as np
import pytest

import fastnn
from fastnn import autograd, regularizers
from fastnn.regularizers import L1, L1L2, L2, OrthogonalRegularizer, Regularizer

X = np.array([[1.0, -2.0], [0.5, 0.0]])


@pytest.mark.parametrize(
    ("regularizer", "l1", "l2"),
    [
        (L1(), 0.01, 0.0),
        (L2(), 0.0, 0.01),
        (L1L2(), 0.0, 0.0),
        (L1(0.5), 0.5, 0.0),
        (L2(l2=0.5), 0.0, 0.5),
        (L1L2(0.25, 0.5), 0.25, 0.5),
        (regularizers.l1(0.5), 0.5, 0.0),
        (regularizers.l2(0.5), 0.0, 0.5),
        (regularizers.l1_l2(l1=0.25, l2=0.5), 0.25, 0.5),
    ],
)
def test_penalty(regularizer, l1, l2):
    assert (regularizer.l1, regularizer.l2) == (l1, l2)
    assert type(regularizer.l1) is type(regularizer.l2) is float
    assert regularizer(X) == pytest.approx(l1 * 3.5 + l2 * 5.25, rel=1e-15)
    assert regularizer(X.astype("float32").tolist()) == regularizer(X)
    again = regularizers.deserialize(json.loads(json.dumps(regularizers.serialize(regularizer))))
    assert type(again) is type(regularizer)
    assert (again.l1, again.l2) == (l1, l2)


def test_penalty_of_nothing_is_zero():
    assert L1L2(1.0, 1.0)(np.empty((0, 3))) == 0.0


@pytest.mark.parametrize(
    ("name", "cls"),
    [("l1", L1), ("L1", L1), ("l2", L2), ("L2", L2), ("l1l2", L1L2), ("L1L2", L1L2), ("l1_l2", L1L2)],
)
def test_get_by_name(name, cls):
    assert type(regularizers.get(name)) is cls


def test_get():
    penalty = L2(0.5)
    assert regularizers.get(None) is None
    assert regularizers.get(penalty) is penalty
    assert regularizers.get({"class_name": "L2", "config": {"l2": 0.5}}).l2 == 0.5
    with pytest.raises(
        ValueError, match="regularizer: unknown name 'l3'; expected one of 'l1', 'l1_l2', 'l1l2', 'l2', 'orth"
    ):
        regularizers.get("l3")
    with pytest.raises(
        TypeError, match="regularizer: expected a name, a config or an instance of Regularizer"
    ):
        regularizers.get(3)
    assert regularizers.get(np.sum) is np.sum


@pytest.mark.parametrize("value", [-0.1, np.nan, np.inf, "0.1", True, [0.1]])
@pytest.mark.parametrize(
    ("cls", "name"), [(L1, "l1"), (L2, "l2"), (L1L2, "l1"), (L1L2, "l2"), (OrthogonalRegularizer, "factor")]
)
def test_factors_are_checked(cls, name, value):
    with pytest.raises(ValueError, match=f"{name}: expected a finite number of at least 0, got "):
        cls(**{name: value})


# Penalties in Python, and their gradients.
OWN = {
    "function": (lambda w: 0.1 * np.square(w.sum(axis=0)).sum(), lambda w: 0.2 * w.sum(0) + 0 * w),
    "autograd": (lambda w: autograd.sum(autograd.exp(w)), np.exp),
    "subclass": (
        type("Cube", (Regularizer,), {"__call__": lambda self, x: (x**3).sum()})(),
        lambda w: 3 * w * w,
    ),
    "subclass of L2": (
        type("Twice", (L2,), {"__call__": lambda self, x: 2 * (x * x).sum()})(),
        lambda w: 4 * w,
    ),
    "constant": (lambda w: 1.5, np.zeros_like),
}


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize("name", OWN)
def test_a_penalty_of_ones_own(name, dtype):
    """The loss grows by it, and a step of gradient descent goes down its gradient as well."""
    penalty, gradient = OWN[name]
    x, y = np.random.default_rng(0).normal(size=(2, 6, 4))
    losses, kernels = [], []
    for given in (None, penalty):
        layer = fastnn.layers.Dense(4, kernel_regularizer=given, kernel_initializer=ramp, dtype=dtype)
        model = fastnn.Sequential([fastnn.Input((4,)), layer])
        model.compile(fastnn.optimizers.SGD(0.1), "mse")
        losses.append([model.evaluate(x, y, verbose=0), model.train_on_batch(x, y)])
        kernels.append(layer.kernel.numpy())
    start, tolerance = ramp((4, 4), "float64"), 1e-5 if dtype == "float32" else 1e-12
    np.testing.assert_allclose(np.diff(losses, axis=0)[0], float(penalty(start)), rtol=tolerance)
    step = 0.1 * gradient(start)
    np.testing.assert_allclose(kernels[0] - kernels[1], step, rtol=10 * tolerance, atol=tolerance)


def ramp(shape, dtype=None):
    return np.linspace(-1, 1, int(np.prod(shape)), dtype=dtype).reshape(shape)


def test_what_is_no_penalty_is_refused_before_anything_runs():
    for function, error in ((lambda w: w, TypeError), (lambda w: 1 / 0, ZeroDivisionError)):
        layer = fastnn.layers.Dense(2, kernel_regularizer=function)
        model = fastnn.Sequential([fastnn.Input((3,)), layer])
        model.compile("sgd", "mse")
        before = layer.get_weights()
        with pytest.raises(error):
            model.train_on_batch(np.ones((2, 3)), np.ones((2, 2)))
        assert all(np.array_equal(a, b) for a, b in zip(before, layer.get_weights(), strict=True))


@pytest.mark.parametrize("mode", ["rows", "columns"])
def test_orthogonal_regularizer(mode):
    w = np.random.default_rng(0).normal(size=(4, 6))
    w[1] = 0
    rows = w if mode == "rows" else w.T
    n, total = len(rows), 0.0
    for i in range(n):
        for j in range(i):
            norms = np.linalg.norm(rows[i]) * np.linalg.norm(rows[j])
            total += abs(rows[i] @ rows[j]) / norms if norms else 0.0
    penalty = OrthogonalRegularizer(0.5, mode)
    assert penalty(w) == pytest.approx(0.5 * total / (n * (n - 1) / 2), rel=1e-12)
    tensor = autograd.Tensor(w)
    penalty(tensor).backward()
    assert np.isfinite(tensor.grad).all()
    shifted = w.copy()
    shifted[2, 3] += 1e-6
    assert tensor.grad[2, 3] == pytest.approx((penalty(shifted) - penalty(w)) / 1e-6, rel=1e-3)
    assert regularizers.get(regularizers.serialize(penalty)).mode == mode
    with pytest.raises(ValueError, match="expected a matrix"):
        penalty(np.ones(3))
    with pytest.raises(ValueError, match="mode: .*'both'"):
        OrthogonalRegularizer(mode="both")


def test_l1_and_l2_on_the_tape():
    w = autograd.Tensor(np.array([1.0, -2.0, 0.0]))
    penalty = L1L2(0.5, 0.25)(w)
    penalty.backward()
    assert float(penalty) == 2.75
    np.testing.assert_allclose(w.grad, [0.5 + 0.5, -0.5 - 1.0, 0.0])
