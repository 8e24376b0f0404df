"""Activations in C against their formulas, each other, and central differences."""

import numpy as np
import pytest
from ctable import ROWS, Table, activation
from formulas import ACTIVATIONS, elu, gelu_tanh, hard_sigmoid, relu
from kernelcheck import SIZES, assert_close, noise

# Row of activations.def, parameters, formula, and where the formula has a kink.
CASES = [
    ("linear", (), ACTIVATIONS["linear"], ()),
    ("relu", (), relu, (0,)),
    ("leaky_relu", (0.2,), ACTIVATIONS["leaky_relu"], (0,)),
    *[
        ("bounded_relu", params, lambda x, params=params: relu(x, *params), kinks)
        for params, kinks in [
            ((0.0, 6.0, 0.0), (0, 6)),
            ((0.1, np.inf, 1.0), (1,)),
            ((0.1, 2.0, 0.5), (0.5, 2)),
            ((0.0, np.inf, -1.0), (-1,)),
            ((0.0, 2.0, -1.0), (-1, 0, 2)),
            ((-0.5, np.inf, 0.0), (0,)),
        ]
    ],
    ("relu6", (), ACTIVATIONS["relu6"], (0, 6)),
    ("elu", (0.7,), lambda x: elu(x, 0.7), (0,)),
    ("elu", (-1.5,), lambda x: elu(x, -1.5), (0,)),
    ("selu", (), ACTIVATIONS["selu"], (0,)),
    ("gelu_tanh", (), gelu_tanh, ()),
    ("hard_sigmoid", (), hard_sigmoid, (-3, 3)),
    ("hard_silu", (), ACTIVATIONS["hard_silu"], (-3, 3)),
    *[
        (name, (), ACTIVATIONS[name], ())
        for name in (
            *("softplus", "softsign", "silu", "silu_derivative", "gelu"),
            *("tanh", "sigmoid", "exponential", "mish"),
        )
    ],
]
IDS = ["-".join([name, *map(str, params)]) for name, params, _, _ in CASES]
SAVED = dict(ROWS)

each_case = pytest.mark.parametrize(("name", "params", "formula", "kinks"), CASES, ids=IDS)
each_activation = pytest.mark.parametrize(
    ("name", "params"), [(name, params) for name, params, _, _ in CASES], ids=IDS
)


def forward(table, act, x, ld=0):
    """The kernel on rows of x (m, n), `ld` elements of padding behind each row of y."""
    m, n = x.shape
    y = np.full((m, n + ld), 7, x.dtype)
    table.activation_forward(y, n + ld, x, n, m, n, act)
    assert np.all(y[:, n:] == 7)
    return y[:, :n]


def backward(table, act, dy, saved):
    m, n = dy.shape
    dx = np.empty_like(dy)
    table.activation_backward(dx, n, dy, n, saved, n, m, n, act)
    return dx


def test_every_row_of_the_list_is_tested():
    assert {name for name, *_ in CASES} == set(SAVED)


@each_case
def test_reference_is_the_formula(dtype, name, params, formula, kinks):
    x = np.concatenate([noise(200, spread=4.0), kinks, [0.0, -0.0, -50.0, 50.0]]).astype(dtype)[None]
    assert_close(forward(Table("ref", dtype), activation(name, *params), x), formula(x.astype("float64")))


@each_case
def test_gradient_is_the_slope(isa, name, params, formula, kinks):
    x = noise(1, 300, spread=3.0)
    x = x[:, np.all([abs(x[0] - kink) > 1e-4 for kink in kinks], axis=0) & np.ones(300, bool)]
    h = 1e-5
    slope = (formula(x + h) - formula(x - h)) / (2 * h)
    dy = noise(*x.shape, seed=1)
    saved = x if SAVED[name] == "INPUT" else formula(x)
    for table in (Table("ref", "float64"), Table(isa, "float64")):
        np.testing.assert_allclose(
            backward(table, activation(name, *params), dy, saved), dy * slope, rtol=1e-7, atol=1e-8
        )


@each_activation
@pytest.mark.parametrize("m", [1, 3])
def test_instruction_sets_agree(isa, dtype, name, params, m):
    fast, ref, act = Table(isa, dtype), Table("ref", dtype), activation(name, *params)
    for n in SIZES:
        x = noise(m, n, dtype=dtype, seed=n, spread=3.0)
        dy = noise(m, n, dtype=dtype, seed=n + 1)
        y = forward(ref, act, x)
        assert_close(forward(fast, act, x), y)
        saved = x if SAVED[name] == "INPUT" else y
        assert_close(backward(fast, act, dy, saved), backward(ref, act, dy, saved))


@each_activation
def test_leading_dimensions_and_in_place(isa, dtype, name, params):
    table, act = Table(isa, dtype), activation(name, *params)
    x = noise(5, 33, dtype=dtype, spread=3.0)
    y = forward(table, act, x)
    assert_close(forward(table, act, x, ld=4), y, factor=0.1)

    inside = x.copy()
    table.activation_forward(inside, 33, inside, 33, 5, 33, act)
    assert np.array_equal(inside, y)

    dy, wide = noise(5, 33, dtype=dtype, seed=1), np.full((5, 40), 7, dtype)
    saved = x if SAVED[name] == "INPUT" else y
    dx = backward(table, act, dy, saved)
    wide[:, :33] = dy
    table.activation_backward(wide, 40, wide, 40, saved, 33, 5, 33, act)
    assert_close(wide[:, :33], dx, factor=0.1)
    assert np.all(wide[:, 33:] == 7)


@each_case
def test_large_inputs(isa, dtype, name, params, formula, kinks):
    x = np.array([[-1e4, 1e4, -88.0, 88.0, -20.0, 20.0]], dtype)
    if name == "exponential":
        x = np.minimum(x, 88)
    desired = formula(x.astype("float64"))
    for table in (Table("ref", dtype), Table(isa, dtype)):
        y = forward(table, activation(name, *params), x)
        assert_close(y, desired)
        saved = x if SAVED[name] == "INPUT" else y
        assert np.all(np.isfinite(backward(table, activation(name, *params), np.ones_like(x), saved)))


@each_activation
def test_not_a_number_stays(isa, dtype, name, params):
    x = np.full((1, 35), np.nan, dtype)
    for table in (Table("ref", dtype), Table(isa, dtype)):
        act = activation(name, *params)
        assert np.all(np.isnan(forward(table, act, x)))
        assert np.all(np.isnan(backward(table, act, x, np.zeros_like(x))))


@pytest.mark.parametrize(
    ("name", "params", "below", "above"),
    [
        ("relu", (), 0, np.inf),
        ("bounded_relu", (0.0, 6.0, 0.0), 0, 6),
        ("bounded_relu", (0.1, np.inf, 1.0), -np.inf, np.inf),
        ("relu6", (), 0, 6),
        ("elu", (0.5,), -0.5, np.inf),
        ("softplus", (), 0, np.inf),
        ("tanh", (), -1, 1),
        ("sigmoid", (), 0, 1),
        ("exponential", (), 0, np.inf),
        ("hard_sigmoid", (), 0, 1),
    ],
)
def test_infinities(isa, dtype, name, params, below, above):
    x = np.array([[-np.inf, np.inf]], dtype)
    for table in (Table("ref", dtype), Table(isa, dtype)):
        assert np.array_equal(forward(table, activation(name, *params), x), np.array([[below, above]], dtype))


def prelu(table, x, alpha, dy, dalpha):
    y, dx = np.empty_like(x), np.empty_like(x)
    table.prelu_forward(y, x, alpha, *x.shape)
    table.prelu_backward(dx, dalpha, dy, x, alpha, *x.shape)
    return y, dx, dalpha


@pytest.mark.parametrize("m", [0, 1, 6])
def test_prelu(isa, dtype, m):
    for n in SIZES:
        x, dy = noise(m, n, dtype=dtype), noise(m, n, dtype=dtype, seed=1)
        alpha, start = noise(n, dtype=dtype, seed=2), noise(n, dtype=dtype, seed=3)
        desired = (
            np.where(x > 0, x, alpha * x),
            np.where(x > 0, dy, alpha * dy),
            start + (np.minimum(x, 0).astype("float64") * dy).sum(0),
        )
        for table in (Table("ref", dtype), Table(isa, dtype)):
            for got, want in zip(prelu(table, x, alpha, dy, start.copy()), desired, strict=True):
                assert_close(got, want)


def test_prelu_in_place(isa, dtype):
    table = Table(isa, dtype)
    x, dy, alpha = (
        noise(6, 17, dtype=dtype),
        noise(6, 17, dtype=dtype, seed=1),
        noise(17, dtype=dtype, seed=2),
    )
    y, dx, dalpha = prelu(table, x, alpha, dy, np.zeros(17, dtype))
    again = np.zeros(17, dtype)
    table.prelu_backward(dy, again, dy, x, alpha, 6, 17)
    table.prelu_forward(x, x, alpha, 6, 17)
    assert np.array_equal(x, y)
    assert np.array_equal(dy, dx)
    assert np.array_equal(again, dalpha)
