"""Kernels of operations on two arrays, against NumPy and the plain loops."""

import numpy as np
import pytest
from ctable import ElementwiseBinary, Table
from kernelcheck import noise

OPS = {
    "add": (np.add, lambda a, b: (1 + 0 * a, 1 + 0 * b)),
    "subtract": (np.subtract, lambda a, b: (1 + 0 * a, -1 + 0 * b)),
    "multiply": (np.multiply, lambda a, b: (b, a)),
    "divide": (np.divide, lambda a, b: (1 / b, -a / b**2)),
    "maximum": (np.maximum, lambda a, b: ((a > b) + 0.5 * (a == b), (b > a) + 0.5 * (a == b))),
    "minimum": (np.minimum, lambda a, b: ((a < b) + 0.5 * (a == b), (b < a) + 0.5 * (a == b))),
    "absolute": (lambda a, b: np.abs(a), lambda a, b: (np.sign(a), 0 * b)),
    "power": (np.power, lambda a, b: (b * a ** (b - 1), np.log(a) * a**b)),
}
# shapes of a and b: equal, or one repeats along rows, along columns, or along both
SHAPES = {(1, 1): (1, 1), (0, 1): (1, 1), (1, 0): (1, 1)}
WAYS = [
    ("full", "full"),
    ("full", "row"),
    ("full", "column"),
    ("full", "one"),
    ("row", "column"),
    ("one", "full"),
]


def side(way, m, n, dtype, seed):
    shape = {"full": (m, n), "row": (1, n), "column": (m, 1), "one": (1, 1)}[way]
    return (noise(*shape, seed=seed) * 2).astype(dtype)


def strides(x):
    return (x.shape[1] if x.shape[0] > 1 else 0), int(x.shape[1] > 1)


def elementwise_of(op, m, n, a, b, accumulate=0):
    (row_a, column_a), (row_b, column_b) = strides(a), strides(b)
    pair = np.ctypeslib.ctypes.c_int64 * 2
    return ElementwiseBinary(
        op=list(OPS).index(op),
        accumulate=accumulate,
        m=m,
        n=n,
        row=pair(row_a, row_b),
        column=pair(column_a, column_b),
        samples=1,
    )


def operands(op, ways, m, n, dtype):
    a, b = (side(way, m, n, dtype, seed) for seed, way in enumerate(ways))
    if op in ("divide", "power"):
        b = np.abs(b) + dtype(0.5)
    return (np.abs(a) + dtype(0.5) if op == "power" else a), b


@pytest.mark.parametrize("ways", WAYS, ids="-".join)
@pytest.mark.parametrize("op", OPS)
def test_numbers_and_gradients(isa, dtype, op, ways):
    dtype = np.dtype(dtype).type
    table, tolerance = Table(isa, np.dtype(dtype).name), 200 * np.finfo(dtype).eps
    for m, n in [(2, 2), (3, 5), (5, 16), (4, 37), (7, 100)]:
        a, b = operands(op, ways, m, n, dtype)
        y, dy = np.full((m, n), 7, dtype), noise(m, n, seed=3).astype(dtype)
        c = elementwise_of(op, m, n, a, b)
        table.elementwise_binary_forward(y, a, b, c)
        forward, slopes = OPS[op]
        wide = np.broadcast_arrays(a.astype("float64"), b.astype("float64"))
        np.testing.assert_allclose(y, np.broadcast_to(forward(*wide), (m, n)), rtol=tolerance)
        for which, x in enumerate((a, b)):
            terms = dy * slopes(*wide)[which]
            axes = tuple(axis for axis in range(2) if x.shape[axis] == 1)
            expected = terms.sum(axes, keepdims=True)
            dx = np.full_like(x, 7)
            table.elementwise_binary_backward(dx, dy, a, b, c, which)
            np.testing.assert_allclose(dx, expected, rtol=0, atol=tolerance * max(1, np.abs(terms).max()))
            table.elementwise_binary_backward(dx, dy, a, b, elementwise_of(op, m, n, a, b, 1), which)
            np.testing.assert_allclose(
                dx, 2 * expected, rtol=0, atol=2 * tolerance * max(1, np.abs(terms).max())
            )


def test_squares(isa, dtype):
    a, dy = noise(3, 21, seed=1).astype(dtype), noise(3, 21, seed=2).astype(dtype)
    y, dx, two = np.empty_like(a), np.empty_like(a), np.full((1, 1), 2, dtype)
    table, c = Table(isa, dtype), elementwise_of("power", 3, 21, a, two)
    table.elementwise_binary_forward(y, a, two, c)
    table.elementwise_binary_backward(dx, dy, a, two, c, 0)
    np.testing.assert_array_equal(y, a * a)
    np.testing.assert_allclose(dx, 2 * a * dy, rtol=1e-6)


def test_what_is_not_a_number_and_infinities(isa, dtype):
    special = np.array([np.nan, np.inf, -np.inf, 0.0, -0.0, 1.0, -1.0], dtype)
    a, b = (np.ascontiguousarray(x) for x in np.meshgrid(special, special))
    table, y = Table(isa, dtype), np.empty_like(a)
    with np.errstate(all="ignore"):
        for op in ("add", "subtract", "multiply", "divide", "maximum", "minimum", "power"):
            table.elementwise_binary_forward(y, a, b, elementwise_of(op, *a.shape, a, b))
            np.testing.assert_array_equal(y, OPS[op][0](a, b), op)
