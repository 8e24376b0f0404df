"""The tape: every row of the table of derivatives by central differences, and what a graph promises."""

import contextlib
import pickle
import re
import threading

import numpy as np
import pytest

import fastnn
from fastnn import activations
from fastnn import autograd as ag
from fastnn.autograd import Tensor, derivatives, grad, no_grad
from fastnn.autograd.derivatives import TABLE
from fastnn.variables import Variable

EPSILON = 1e-6


def normal(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).standard_normal(shape)


def positive(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).uniform(0.5, 2.0, shape)


def within(*shape, seed=0):
    return np.random.default_rng([seed, *shape]).uniform(-0.9, 0.9, shape)


A, B, ROW, COLUMN = normal(2, 3), normal(2, 3, seed=1), normal(3), normal(2, 1)
CUBE = normal(2, 3, 4)
ZEROS = np.array([[0.0, 2.0, 3.0], [0.0, 0.0, 5.0]])
INDEX = np.array([0, 2, 0])


def pairs(f, a=A, b=B):
    """A function of two arguments, broadcast in every way, with numbers and with constants."""
    return [
        (f, a, b),
        (f, a, b[0]),
        (f, a[:, :1], b[0]),
        (f, a[0], b),
        (f, CUBE.transpose(2, 0, 1) if a is A else np.abs(CUBE.transpose(2, 0, 1)) + 0.5, b),
        (f, a[0, 0], b[1, 1]),
        (lambda x: f(x, 2.0), np.abs(a)),
        (lambda x: f(2.0, x), np.abs(b)),
        (lambda x: f(x, b), a[:1]),
        (lambda x: f(x, x), np.abs(a)),
    ]


def reductions(f, x=CUBE):
    return [
        (f, x),
        (lambda t: f(t, axis=1), x),
        (lambda t: f(t, -1), x),
        (lambda t: f(t, axis=(0, 2)), x),
        (lambda t: f(t, axis=(0, -1), keepdims=True), x),
        (lambda t: f(t, keepdims=True), x),
    ]


CASES = {
    np.add: pairs(lambda a, b: a + b),
    np.subtract: pairs(lambda a, b: a - b),
    np.multiply: pairs(lambda a, b: a * b),
    np.divide: pairs(lambda a, b: a / b, A, positive(2, 3)),
    np.remainder: [
        (lambda a: a % 0.7, A),
        (lambda a, b: a % b, A, positive(2, 3)),
        (lambda b: 5 % b, positive(3)),
    ],
    np.power: [
        *pairs(lambda a, b: a**b, positive(2, 3), B),
        (lambda x: x**2, A),
        (lambda x: x**-1, positive(3)),
        (lambda x: x**0, ZEROS),
        (lambda x: x**1, ZEROS),
    ],
    np.negative: [(lambda x: -x, A)],
    np.positive: [(lambda x: +x, A)],
    np.square: [(np.square, A)],
    np.reciprocal: [(np.reciprocal, positive(3))],
    np.matmul: [
        (lambda a, b: a @ b, normal(3), normal(3, seed=1)),
        (lambda a, b: a @ b, normal(2, 3), normal(3)),
        (lambda a, b: a @ b, normal(3), normal(3, 2)),
        (lambda a, b: a @ b, normal(2, 3), normal(3, 4)),
        (lambda a, b: a @ b, normal(5, 2, 3), normal(3, 4)),
        (lambda a, b: a @ b, normal(5, 2, 3), normal(5, 3, 4)),
        (lambda a, b: a @ b, normal(1, 2, 3), normal(5, 3, 4)),
        (lambda a, b: a @ b, normal(2, 3), normal(5, 3, 4)),
        (lambda a, b: a @ b, normal(6, 1, 2, 3), normal(5, 3, 4)),
        (lambda a, b: a @ b, normal(5, 2, 3), normal(3)),
        (lambda a, b: a @ b, normal(3), normal(5, 3, 2)),
        (lambda b: normal(2, 3) @ b, normal(3, 4)),
    ],
    np.einsum: [
        (lambda a, b: np.einsum("ij,jk->ik", a, b), normal(2, 3), normal(3, 4)),
        (lambda a, b: np.einsum("bij,bjk", a, b), normal(2, 3, 4), normal(2, 4, 2)),
        (lambda a, b, c: np.einsum("i,ij,j->", a, b, c), normal(2), normal(2, 3), normal(3)),
        (lambda a: np.einsum("ij->j", a), A),
        (lambda a, b: np.einsum("...i,ij->...j", a, b), CUBE, normal(4, 2)),
        (lambda a, b: ag.einsum("...ij,...jk", a, b), CUBE, normal(4, 2)),
    ],
    np.exp: [(np.exp, A)],
    np.exp2: [(np.exp2, A)],
    np.expm1: [(np.expm1, A)],
    np.log: [(np.log, positive(3))],
    np.log2: [(np.log2, positive(3))],
    np.log10: [(np.log10, positive(3))],
    np.log1p: [(np.log1p, positive(3))],
    np.sqrt: [(np.sqrt, positive(3))],
    np.absolute: [(abs, A)],
    np.sin: [(np.sin, A)],
    np.cos: [(np.cos, A)],
    np.tan: [(np.tan, within(3))],
    np.arcsin: [(np.arcsin, within(3))],
    np.arccos: [(np.arccos, within(3))],
    np.arctan: [(np.arctan, A)],
    np.sinh: [(np.sinh, A)],
    np.cosh: [(np.cosh, A)],
    np.tanh: [(np.tanh, A)],
    derivatives.sigmoid: [(ag.sigmoid, A), (Tensor.sigmoid, 30 * A)],
    derivatives.softplus: [(ag.softplus, 30 * A)],
    derivatives.relu: [(ag.relu, A)],
    np.logaddexp: pairs(np.logaddexp),
    np.arctan2: [(np.arctan2, A, ROW), (lambda a: np.arctan2(a, 1.0), A)],
    np.hypot: [(np.hypot, A, COLUMN)],
    derivatives.cast: [(lambda x: x.astype("float64"), A)],
    np.maximum: [(np.maximum, A, ROW), (lambda x: ag.maximum(0.1, x), A)],
    np.minimum: [(np.minimum, A, ROW), (lambda x: ag.minimum(x, 0.1), A)],
    np.clip: [
        (lambda x: x.clip(-0.5, 0.5), A),
        (lambda x: np.clip(x, None, ROW), A),
        (lambda x: np.clip(x, a_min=0.1, a_max=None), A),
    ],
    np.where: [
        (lambda a, b: np.where(A > 0, a, b), A, ROW),
        (lambda a: ag.where(a > 0, a, 0.0), A),
        (lambda b: np.where(ROW > 0, 1.0, b), COLUMN),
    ],
    np.sum: reductions(np.sum),
    np.mean: reductions(np.mean),
    np.max: reductions(np.max),
    np.min: reductions(np.min),
    np.amax: reductions(np.amax),
    np.amin: reductions(np.amin),
    np.prod: [*reductions(np.prod), (lambda t: np.prod(t, axis=1), ZEROS), (lambda t: t.prod(axis=0), ZEROS)],
    np.var: [*reductions(np.var), (lambda t: t.var(0, ddof=1), CUBE)],
    np.std: [*reductions(np.std), (lambda t: t.std(0, ddof=1), CUBE)],
    np.cumsum: [(np.cumsum, A), (lambda x: x.cumsum(1), CUBE)],
    derivatives.logsumexp: [*reductions(ag.logsumexp), (ag.logsumexp, 1000 * A)],
    derivatives.softmax: [(ag.softmax, CUBE), (lambda x: x.softmax(axis=1), CUBE)],
    derivatives.log_softmax: [(ag.log_softmax, CUBE), (lambda x: ag.log_softmax(x, axis=(0, 1)), CUBE)],
    derivatives.getitem: [
        (lambda x: x[1], CUBE),
        (lambda x: x[..., 1:, None], CUBE),
        (lambda x: x[:, ::-2], CUBE),
        (lambda x: x[INDEX], normal(3, 2)),
        (lambda x: x[[1, 1, 1], INDEX], A),
        (lambda x: x[A > 0], A),
        (lambda x: x[Tensor(INDEX)], normal(3, 2)),
        (lambda x: sum(row * i for i, row in enumerate(x)), A),
    ],
    np.reshape: [(lambda x: x.reshape(3, -1), A), (lambda x: np.reshape(x, (4, 6)), CUBE)],
    np.ravel: [(lambda x: x.flatten(), CUBE), (np.ravel, CUBE)],
    np.expand_dims: [(lambda x: np.expand_dims(x, (0, -1)), A), (lambda x: x.expand_dims(1), A)],
    np.squeeze: [(np.squeeze, normal(1, 3, 1)), (lambda x: x.squeeze(0), normal(1, 3, 1))],
    np.transpose: [
        (lambda x: x.T, CUBE),
        (lambda x: x.transpose(2, 0, 1), CUBE),
        (lambda x: np.transpose(x, (1, 2, 0)), CUBE),
        (lambda x: x.transpose(), CUBE),
    ],
    np.swapaxes: [(lambda x: x.swapaxes(0, 2), CUBE)],
    np.moveaxis: [(lambda x: np.moveaxis(x, 0, -1), CUBE)],
    np.flip: [(np.flip, CUBE), (lambda x: np.flip(x, (0, 1)), CUBE)],
    np.roll: [(lambda x: np.roll(x, 2), A), (lambda x: np.roll(x, (1, 2), axis=(0, 1)), CUBE)],
    np.tril: [(np.tril, A)],
    np.triu: [(lambda x: np.triu(x, 1), A)],
    np.broadcast_to: [(lambda x: np.broadcast_to(x, (4, 2, 3)), COLUMN)],
    np.repeat: [(lambda x: x.repeat(3), A), (lambda x: np.repeat(x, 2, axis=1), CUBE)],
    np.pad: [(lambda x: np.pad(x, 1), A), (lambda x: np.pad(x, ((0, 1), (2, 0)), constant_values=3), A)],
    derivatives.concatenate: [
        (lambda a, b: np.concatenate([a, b, A]), A, B),
        (lambda a, b: ag.concatenate([a, A, b], axis=-1), A, COLUMN),
        (lambda a, b: np.concatenate((a, b), axis=None), A, ROW),
        (lambda x: np.split(x, 2)[1], CUBE),
        (lambda x: ag.split(x, [1, 3], axis=2)[1], CUBE),
    ],
    derivatives.stack: [
        (lambda a, b: np.stack([a, b]), A, B),
        (lambda a, b: ag.stack([a, A, b], axis=-1), A, B),
    ],
}

COMPOSED = [
    (ag.silu, A),
    (lambda a, b: np.dot(a, b), A, 2.0 * ROW),
    (lambda a, b: np.dot(a, b), normal(2, 3), normal(5, 3, 4)),
    (lambda a, b: a.dot(b), ROW, ROW),
    (lambda a: np.dot(a, 3.0), A),
    (lambda a, b: np.tensordot(a, b), CUBE, normal(3, 4)),
    (lambda a, b: np.tensordot(a, b, axes=([0, 2], [1, 0])), CUBE, normal(4, 2, 5)),
    (lambda a, b: np.tensordot(a, b, axes=(-1, 0)), CUBE, normal(4, 2)),
    (np.outer, A, ROW),
    (lambda x: np.take(x, INDEX, axis=1), CUBE[..., :3]),
    (lambda x: ag.take(x, [1, 1, 5]), CUBE),
    (np.linalg.norm, A),
    (lambda x: np.linalg.norm(x, axis=1, keepdims=True), A),
    (lambda x: np.add.reduce(x, axis=1), CUBE),
    (lambda x: np.maximum.reduce(x), A),
]

EVERY = [
    pytest.param(*case, id=f"{function.__name__}-{i}")
    for function, cases in CASES.items()
    for i, (f, *arrays) in enumerate(cases)
    for case in [(f, arrays)]
] + [pytest.param(f, arrays, id=f"composed-{i}") for i, (f, *arrays) in enumerate(COMPOSED)]


def test_every_derivative_has_a_case():
    """Those that layers add have their tests with the layers."""
    added = {f for f in TABLE if getattr(f, "__module__", None) == "fastnn.layers.tensor_function"}
    assert set(CASES) == set(TABLE) - added


@pytest.mark.parametrize(("f", "arrays"), EVERY)
def test_a_gradient_is_the_central_difference(f, arrays):
    arrays = [np.asarray(a, "float64") for a in arrays]
    tensors = [Tensor(a) for a in arrays]
    y = f(*tensors)
    assert isinstance(y, Tensor)
    factor = np.random.default_rng(7).standard_normal(y.shape)
    y.backward(factor)
    for i, (tensor, a) in enumerate(zip(tensors, arrays, strict=True)):
        assert tensor.grad.shape == a.shape
        assert tensor.grad.dtype == np.float64
        u = np.random.default_rng(i).standard_normal(a.shape)
        ends = []
        for step in (EPSILON, -EPSILON):
            moved = [Tensor(b + step * u if i == j else b) for j, b in enumerate(arrays)]
            ends.append((f(*moved).data * factor).sum())
        numeric = (ends[0] - ends[1]) / (2 * EPSILON)
        scale = np.abs(tensor.grad).sum() + np.abs(y.data * factor).sum()
        assert numeric == pytest.approx((tensor.grad * u).sum(), rel=1e-7, abs=1e-8 * scale + 1e-12)


@pytest.mark.parametrize(("f", "arrays"), EVERY)
def test_gradients_of_float32_are_float32(f, arrays):
    arrays = [np.asarray(a, "float32") for a in arrays]
    small, large = [Tensor(a) for a in arrays], [Tensor(a.astype("float64")) for a in arrays]
    for tensors in (small, large):
        f(*tensors).sum().backward()
    for a, b in zip(small, large, strict=True):
        assert a.grad.dtype == np.float32
        np.testing.assert_allclose(a.grad, b.grad, rtol=2e-3, atol=2e-4)


# ---- what results are -----------------------------------------------------------------------------------


def test_float32_stays_float32():
    x = Tensor(np.ones((2, 3), "float32"))
    y = 2.0 * x.sigmoid() + x**2 - 1 / (x + 1).mean(axis=1, keepdims=True)
    assert y.dtype == np.float32
    assert ag.softmax(y * 3.5).dtype == ag.logsumexp(y).dtype == y.std().dtype == np.float32


@pytest.mark.parametrize(
    ("got", "want"),
    [
        (lambda t: t == A, lambda a: a == A),
        (lambda t: t != 0, lambda a: a != 0),
        (lambda t: t < ROW, lambda a: a < ROW),
        (lambda t: t <= t, lambda a: a <= a),
        (lambda t: t > 0.5, lambda a: a > 0.5),
        (lambda t: t >= 0.5, lambda a: a >= 0.5),
        (lambda t: np.isfinite(t), np.isfinite),
        (lambda t: np.floor(t), np.floor),
        (lambda t: t // 0.5, lambda a: a // 0.5),
        (lambda t: 0.5 // t, lambda a: 0.5 // a),
        (lambda t: np.argmax(t, axis=1), lambda a: a.argmax(1)),
        (lambda t: t.argmin(), lambda a: a.argmin()),
        (lambda t: np.sign(t), np.sign),
        (lambda t: np.zeros_like(t), np.zeros_like),
    ],
)
def test_what_has_no_derivative_is_plain(got, want):
    found = got(Tensor(A))
    assert not isinstance(found, Tensor)
    np.testing.assert_array_equal(found, want(A))


def test_a_tensor_is_like_an_array():
    t = Tensor([[1.0, 2.0], [3.0, 4.0]])
    assert (t.shape, t.ndim, t.size, len(t), t.dtype) == ((2, 2), 2, 4, 2, np.float64)
    assert [row.tolist() for row in t] == [[1.0, 2.0], [3.0, 4.0]]
    assert np.asarray(t) is t.data
    assert np.array(t, dtype="float32").dtype == np.float32
    copied = t.numpy()
    copied[...] = 0
    assert t.data[0, 0] == 1
    assert float(t[1, 0]) == t[1, 0].item() == 3.0
    assert int(Tensor(3.7)) == 3
    assert [10, 20, 30][Tensor(2)] == 30
    assert f"{Tensor(0.123456):.3f}" == "0.123"
    assert f"{Tensor(1.5)}" == repr(Tensor(1.5)) == "Tensor(1.5, dtype=float64, requires_grad=True)"
    assert bool(Tensor(1.0))
    assert not Tensor(0.0)
    assert len({t, t, Tensor(1.0)}) == 2


def test_who_requires_gradients():
    assert Tensor(2.0).requires_grad
    assert not Tensor(2).requires_grad
    assert not Tensor(2.0, requires_grad=False).requires_grad
    assert Tensor([1, 2], requires_grad=True).dtype == np.float64
    assert not (Tensor([1, 2]) * np.array([1.0, 2.0])).requires_grad
    assert not Tensor(2.0).detach().requires_grad
    assert not Tensor(2.5).astype(int).requires_grad
    shared = np.zeros(3)
    assert Tensor(shared).data is shared


def test_functions_without_a_gradient_to_keep_take_tensors_as_arrays():
    eye = Tensor(np.eye(2), requires_grad=False)
    assert isinstance(np.linalg.inv(eye), np.ndarray)
    total = np.zeros((2, 2))
    total += eye
    np.testing.assert_array_equal(total, np.eye(2))
    with no_grad():
        assert isinstance(np.linalg.inv(Tensor(np.eye(2))), np.ndarray)


# ---- graphs ---------------------------------------------------------------------------------------------


def test_gradients_add_up_until_they_are_cleared():
    w = Tensor([1.0, 2.0])
    for _ in range(2):
        (w * 3).sum().backward()
    np.testing.assert_array_equal(w.grad, [6.0, 6.0])
    w.grad = None
    (w * w).sum().backward()
    np.testing.assert_array_equal(w.grad, [2.0, 4.0])


def test_every_tensor_on_the_way_gets_its_gradient():
    a, b = Tensor(2.0), Tensor(3.0)
    c = a * b
    d = c * c + c
    d.backward()
    assert (float(d.grad), float(c.grad), float(a.grad)) == (1.0, 13.0, 39.0)


def test_gradients_do_not_share_memory():
    a, b = Tensor([1.0, 2.0]), Tensor([3.0, 4.0])
    (a + b).sum().backward()
    a.grad *= 5
    np.testing.assert_array_equal(b.grad, [1.0, 1.0])


def test_a_graph_serves_once_unless_it_is_kept():
    w = Tensor(2.0)
    y = w * w
    y.backward(retain_graph=True)
    y.backward()
    assert float(w.grad) == 8.0
    with pytest.raises(RuntimeError, match="retain_graph=True"):
        y.backward()


def test_long_graphs_need_no_recursion():
    x = Tensor(1.0)
    y = x
    for _ in range(20000):
        y = y + x * 1e-4
    y.backward()
    assert float(x.grad) == pytest.approx(3.0)
    z = x
    for _ in range(20000):
        z = z * 1.0
    del z


def test_grad_leaves_tensors_alone():
    x, unused = Tensor([1.0, 2.0]), Tensor([5.0])
    h = x * 2
    y = (h**2).sum()
    gx, gh, gu = grad(y, [x, h, unused])
    np.testing.assert_array_equal(gx, [8.0, 16.0])
    np.testing.assert_array_equal(gh, [4.0, 8.0])
    np.testing.assert_array_equal(gu, [0.0])
    assert x.grad is h.grad is unused.grad is None
    both = grad([x * 2, x**2], x, [np.ones(2), np.array([0.0, 1.0])])
    np.testing.assert_array_equal(both, [2.0, 6.0])


def test_no_grad_makes_no_graph_here_only():
    w = Tensor(2.0)
    seen = []

    def other_thread():
        seen.append((w * 2).requires_grad)

    with no_grad():
        thread = threading.Thread(target=other_thread)
        thread.start()
        thread.join()
        assert not (w * 2).requires_grad
        assert not ag.is_recording()
    assert seen == [True]
    assert (w * 2).requires_grad

    @no_grad()
    def forward(t):
        return t * 2

    assert not forward(w).requires_grad
    assert (w * 2).requires_grad


def test_equal_ones_share_a_gradient():
    x = Tensor([1.0, 3.0, 3.0])
    x.max().backward()
    np.testing.assert_array_equal(x.grad, [0.0, 0.5, 0.5])
    a, b = Tensor(1.0), Tensor(1.0)
    np.maximum(a, b).backward()
    assert float(a.grad) == float(b.grad) == 0.5


def test_nan_propagates():
    x = Tensor([1.0, np.nan])
    x.max().backward()
    np.testing.assert_array_equal(x.grad, [0.0, 1.0])
    assert np.isnan(ag.logsumexp(x).data)


@pytest.mark.parametrize(
    ("f", "kind", "text"),
    [
        (lambda t: Tensor("text"), TypeError, "data: expected an array, got 'text'"),
        (lambda t: t.backward(), ValueError, r"gradient: a result of shape \(2, 3\)"),
        (lambda t: t.backward(np.ones(3)), ValueError, r"expected shape \(2, 3\).*got \(3,\)"),
        (lambda t: Tensor(1.0, requires_grad=False).backward(), ValueError, "requires a gradient"),
        (lambda t: grad([t, t], t, [1.0]), ValueError, "gradients: expected one for each of 2"),
        (lambda t: np.linalg.inv(t), TypeError, "inv: no derivative is known"),
        (lambda t: np.sum(t, dtype="float32"), TypeError, "sum: its derivative knows no argument 'dtype'"),
        (lambda t: np.sum(t, 0, None), TypeError, "sum: expected at most 2 arguments by position, got 3"),
        (lambda t: np.clip(t, t, 1), TypeError, "clip: there is no derivative with respect to argument 1"),
        (lambda t: np.add(t, 1, out=np.zeros((2, 3))), TypeError, "add: pass tensors by position"),
        (lambda t: np.linalg.norm(t, ord=1), TypeError, "norm: its derivative knows ord=None only"),
        (lambda t: t @ t, ValueError, "matmul"),
        (lambda t: np.einsum("ii->", t @ t.T).backward(), ValueError, "subscripts: no derivative"),
        (lambda t: np.repeat(t, [1, 2], axis=0).sum().backward(), ValueError, "repeats: .*one number"),
    ],
)
def test_errors_say_what_was_wrong(f, kind, text):
    with pytest.raises(kind, match=text):
        f(Tensor(A))


# ---- weights --------------------------------------------------------------------------------------------


def test_a_weight_is_a_tensor_that_stays_where_it_is():
    memory = np.ones((2, 2), "float32")
    v = Variable(memory, "kernel")
    (v @ np.ones((2, 1), "float32")).sum().backward()
    v.data -= 0.5 * v.grad
    v.data = v.data * 2
    assert v.value is v.data is memory
    np.testing.assert_array_equal(memory, 1.0)
    v.trainable = False
    assert not (v * 2).requires_grad
    assert v.dtype == "float32"
    assert v == v and v != Variable(memory, "kernel")  # noqa: PT018
    assert v in [Variable(memory, "kernel"), v]
    with pytest.raises(ValueError, match=r"expected shape \(2, 2\) for weight 'kernel'"):
        v.data = np.zeros(3)


# ---- activations ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("activation", activations._ALL, ids=lambda a: a.name)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_activations_are_operations_of_the_tape(activation, dtype):
    x = np.asarray(2 * CUBE, dtype)
    t = Tensor(x)
    y = activation(t)
    np.testing.assert_array_equal(y.data, activation(x))
    factor = normal(*x.shape, seed=3)
    y.backward(factor)
    assert t.grad.dtype == dtype
    u = normal(*x.shape, seed=4)
    wide = x.astype("float64")
    rise = activation(wide + EPSILON * u) - activation(wide - EPSILON * u)
    numeric = (rise * factor).sum() / (2 * EPSILON)
    assert (t.grad * u).sum() == pytest.approx(numeric, rel=1e-4, abs=1e-4)


def test_an_activation_of_a_turned_tensor_over_another_axis():
    t = Tensor(normal(4, 3))
    (activations.softmax(t.T, axis=0)[0] ** 2).sum().backward()
    want = Tensor(t.data)
    (want.T.softmax(axis=0)[0] ** 2).sum().backward()
    np.testing.assert_allclose(t.grad, want.grad, rtol=1e-12)


# ---- loops written by hand ------------------------------------------------------------------------------


def problem(dtype="float32"):
    x = np.random.default_rng(1).standard_normal((32, 3)).astype(dtype)
    return x, (x @ np.array([[1.0], [-2.0], [0.5]])).astype(dtype)


UPDATES = {
    "-=": (lambda t, v: t.__isub__(v), np.subtract),
    "+=": (lambda t, v: t.__iadd__(v), np.add),
    "*=": (lambda t, v: t.__imul__(v), np.multiply),
    "/=": (lambda t, v: t.__itruediv__(v), np.divide),
    "**=": (lambda t, v: t.__ipow__(v), np.power),
}


@pytest.mark.parametrize("name", list(UPDATES))
@pytest.mark.parametrize("make", [Tensor, lambda a: Variable(a, "w")], ids=["tensor", "weight"])
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_updates_in_place(name, make, dtype):
    """Parameters change in place where nothing is recorded, and nowhere silently not."""
    update, function = UPDATES[name]
    start, other = np.array([[1.0, 2.0], [3.0, 4.0]], dtype), np.array([2.0, 3.0])
    for value in (2, other, Tensor(other)):
        t = make(start.copy())
        data = t.data
        with no_grad():
            assert update(t, value) is t
        assert t.data is data
        assert t.data.dtype == dtype
        assert t.requires_grad
        np.testing.assert_allclose(t.data, function(start, np.asarray(value)), rtol=1e-6)
        with pytest.raises(RuntimeError, match=re.escape(name) + ".*no_grad"):
            update(t, value)
        with no_grad(), pytest.raises(ValueError, match=r"expected shape \(2, 2\)"):
            update(t, np.ones((3, 2, 2)))


@pytest.mark.parametrize("name", list(UPDATES))
def test_results_and_constants_do_not_change(name):
    update, function = UPDATES[name]
    start = np.array([1.0, 2.0])
    constant = Tensor(start, requires_grad=False)
    for recording in (True, False):
        with contextlib.nullcontext() if recording else no_grad():
            for t in (Tensor(start) * 1, constant):
                made = update(t, 3.0)
                np.testing.assert_array_equal(made.data, function(start, 3.0))
                np.testing.assert_array_equal(t.data, [1, 2])
    np.testing.assert_array_equal(start, [1, 2])


def test_items_of_parameters():
    t, v = Tensor([1.0, 2.0]), Variable(np.ones(2, "float32"), "w")
    before = int(v.version[0])
    with no_grad():
        t[0] = Tensor(5.0)
        v[1:] = 7
    assert t.tolist() == [5, 2]
    assert v.tolist() == [1, 7]
    assert v.version[0] > before
    with pytest.raises(RuntimeError, match="no_grad"):
        t[0] = 1
    with pytest.raises(TypeError, match="results and constants"):
        (t * 1)[0] = 1


def test_a_loop_over_parameters_learns():
    x, y = problem("float64")
    w, losses = Tensor(np.zeros((3, 1))), []
    for _ in range(100):
        loss = ((x @ w - y) ** 2).mean()
        w.grad = None
        loss.backward()
        with no_grad():
            for p in [w]:
                p -= 0.1 * p.grad
        losses.append(float(loss))
    assert losses[-1] < 1e-3 * losses[0]
    np.testing.assert_allclose(w.data, [[1], [-2], [0.5]], atol=0.1)


@pytest.mark.parametrize("given", [None, "variables"])
def test_a_step_builds_the_optimizer(given):
    x, y = problem()
    model = fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(1)])
    optimizer, losses = fastnn.optimizers.Adam(0.1), []
    for _ in range(100):
        loss = fastnn.losses.MeanSquaredError()(y, model(x, training=True))
        optimizer.zero_grad()
        loss.backward()
        optimizer.step(*([] if given is None else [model.trainable_variables]))
        losses.append(float(loss))
    assert losses[-1] < 0.01 * losses[0]
    assert {id(v) for v in optimizer._update.variables} == {id(v) for v in model.trainable_variables}


@pytest.mark.parametrize(
    "make",
    [
        fastnn.losses.MeanSquaredError,
        fastnn.losses.Dice,
        lambda: fastnn.losses.FunctionLoss(lambda t, p: ((t - p) ** 2).mean(-1)),
    ],
)
@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_a_loss_of_plain_predictions_says_why_it_has_no_gradient(make, dtype):
    x, y = problem(dtype)
    model = fastnn.Sequential([fastnn.Input((3,), dtype=dtype), fastnn.layers.Dense(1)])
    loss = make()(y, model(x))
    with pytest.raises(RuntimeError, match=r"backward: .*plain arrays; .*training=True"):
        loss.backward()
    assert isinstance(loss, np.dtype(dtype).type)
    assert np.array([loss, loss]).dtype == dtype
    assert type(loss * 2) is type(pickle.loads(pickle.dumps(loss))) is np.dtype(dtype).type


@pytest.mark.parametrize("trains", [True, False])
@pytest.mark.parametrize("stack", [["Dense"], ["Flatten"], ["Dropout", "Flatten"]], ids="-".join)
def test_a_call_in_training_returns_a_tensor(stack, trains):
    made = {"Dense": lambda: fastnn.layers.Dense(1), "Dropout": lambda: fastnn.layers.Dropout(0.5)}
    model = fastnn.Sequential(
        [fastnn.Input((3,)), *(made.get(name, fastnn.layers.Flatten)() for name in stack)]
    )
    model.trainable = trains
    x, _ = problem()
    for samples in (32, 1, 0):
        y = model(x[:samples], training=True)
        assert type(y) is Tensor
        assert y.requires_grad == (trains and stack == ["Dense"] and samples > 0)
        with no_grad():
            assert type(model(x[:samples], training=True)) is np.ndarray
    assert type(model(x)) is type(model(x, training=False)) is np.ndarray
