"""Softmax and log-softmax in C, over rows and over columns."""

from functools import partial

import numpy as np
import pytest
from ctable import Table
from formulas import log_softmax, softmax
from kernelcheck import SIZES, assert_close, central_differences, noise

FORMULAS = {"softmax": partial(softmax, axis=1), "log_softmax": partial(log_softmax, axis=1)}
SHAPES = [
    *[(3, n, 1) for n in SIZES if n],
    *[(2, 5, inner) for inner in SIZES if inner],
    (0, 3, 1), (4, 0, 1), (2, 100, 3),
]  # fmt: skip

each_function = pytest.mark.parametrize("name", FORMULAS)


def forward(table, name, x):
    y = np.empty_like(x)
    getattr(table, f"{name}_forward")(y, x, *x.shape)
    return y


def backward(table, name, dy, y):
    dx = np.empty_like(dy)
    getattr(table, f"{name}_backward")(dx, dy, y, *y.shape)
    return dx


@each_function
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_forward(isa, dtype, name, shape):
    x = noise(*shape, dtype=dtype, spread=3.0)
    desired = FORMULAS[name](x.astype("float64")) if x.size else x
    for table in (Table("ref", dtype), Table(isa, dtype)):
        assert_close(forward(table, name, x), desired)


@each_function
@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_instruction_sets_agree_backward(isa, dtype, name, shape):
    dy = noise(*shape, dtype=dtype, seed=1)
    y = forward(Table("ref", dtype), name, noise(*shape, dtype=dtype))
    assert_close(
        backward(Table(isa, dtype), name, dy, y), backward(Table("ref", dtype), name, dy, y), factor=4
    )


@each_function
@pytest.mark.parametrize("shape", [(2, 7, 1), (2, 5, 3), (1, 18, 1), (1, 3, 19)], ids=str)
def test_gradient(isa, name, shape):
    x, dy = noise(*shape), noise(*shape, seed=1)
    for table in (Table("ref", "float64"), Table(isa, "float64")):
        desired = central_differences(lambda x, table=table: (dy * forward(table, name, x)).sum(), x)
        np.testing.assert_allclose(
            backward(table, name, dy, forward(table, name, x)), desired, rtol=1e-6, atol=1e-8
        )


@each_function
@pytest.mark.parametrize("shape", [(4, 33, 1), (2, 5, 33)], ids=str)
def test_in_place(isa, dtype, name, shape):
    table, x, dy = Table(isa, dtype), noise(*shape, dtype=dtype), noise(*shape, dtype=dtype, seed=1)
    y = forward(table, name, x)
    dx = backward(table, name, dy, y)
    getattr(table, f"{name}_forward")(x, x, *shape)
    getattr(table, f"{name}_backward")(dy, dy, y, *shape)
    assert np.array_equal(x, y)
    assert np.array_equal(dy, dx)


@pytest.mark.parametrize("inner", [1, 3])
def test_extremes(isa, dtype, inner):
    rows = np.array(
        [
            [1e4, -1e4, 0.0],
            [-1e4, -1e4, -1e4],
            [0.0, -np.inf, 0.0],
            [-np.inf, -np.inf, -np.inf],
            [0.0, np.nan, 1.0],
        ]
    )
    p = np.array([[1, 0, 0], [1 / 3, 1 / 3, 1 / 3], [0.5, 0, 0.5], [np.nan] * 3, [np.nan] * 3])
    log_p = np.array(
        [[0, -2e4, -1e4], [-np.log(3)] * 3, [-np.log(2), -np.inf, -np.log(2)], [np.nan] * 3, [np.nan] * 3]
    )

    def stack(values):
        return np.repeat(values.astype(dtype)[:, :, None], inner, axis=2)

    for table in (Table("ref", dtype), Table(isa, dtype)):
        assert_close(forward(table, "softmax", stack(rows)), stack(p))
        assert_close(forward(table, "log_softmax", stack(rows)), stack(log_p))
