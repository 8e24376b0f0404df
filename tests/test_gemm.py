"""The matrix product: every shape, layout and fusion of the C kernel, and its split over threads.

Matrices of small integers have exact products in both dtypes, whatever the order of the additions; they lie
between numbers that are NaN, so whatever is read beside them shows.
"""

import itertools

import numpy as np
import pytest
from ctable import Gemm, Table, activation, pointer
from formulas import ACTIVATIONS

import fastnn
from fastnn.kernels.core import runtime
from fastnn.kernels.ops import gemm

EDGES = [0, 1, 2, 3, 7, 8, *range(13, 18), *range(31, 34), *range(47, 50), 64, 65, 100]
DEPTHS = [0, 1, 2, 5, 15, 16, 17, 33, 64, 65, 511, 512, 513, 1025]
LAYOUTS = {"AB": (False, False), "A'B": (True, False), "AB'": (False, True)}

each_layout = pytest.mark.parametrize("layout", LAYOUTS)
each_table = pytest.mark.parametrize("name", [*runtime.isa_names(), "ref"])


def some_shapes(n, seed=0):
    """(m, n, k): all combinations of the smallest, and a sample of all."""
    rng = np.random.default_rng(seed)
    drawn = zip(rng.choice(EDGES, n), rng.choice(EDGES, n), rng.choice(DEPTHS, n), strict=True)
    return [*itertools.product([0, 1, 2], [0, 1, 17], [0, 1, 3]), *drawn]


def numbers(rng, m, n, dtype):
    return rng.integers(-4, 5, (m, n)).astype(dtype)


class Matrix:
    """A matrix in memory, stored by rows or by columns, `ld` elements apart and at any address."""

    def __init__(self, values, by_columns=False, padding=0, shift=0):
        stored = values.T if by_columns else values
        rows, columns = stored.shape
        self.ld = columns + padding
        memory = np.full((rows * self.ld + 4) * values.itemsize + shift, 0xFF, "uint8")
        self.all = memory[shift : shift + rows * self.ld * values.itemsize].view(values.dtype)
        self.stored = np.lib.stride_tricks.as_strided(
            self.all, (rows, columns), (self.ld * values.itemsize, values.itemsize)
        )
        self.stored[...] = stored
        self.strides = (1, self.ld) if by_columns else (self.ld, 1)
        self.memory = memory

    def bytes_outside(self):
        kept = self.stored.copy()
        self.stored[...] = 0
        outside = self.memory.copy()
        self.stored[...] = kept
        return outside


def multiply(table, a, b, c, k, **fused):
    """Call the kernel on `Matrix` objects, and check that nothing but c has been written."""
    m, n = c.stored.shape
    settings = {"activation": activation("linear"), "gradient": activation("linear")} | fused
    pointers = {name: pointer(v) if isinstance(v, np.ndarray) else v for name, v in settings.items()}
    g = Gemm(
        m,
        n,
        k,
        pointer(c.stored),
        c.ld,
        pointer(a.stored),
        *a.strides,
        pointer(b.stored),
        *b.strides,
        **pointers,
    )
    size = table.gemm_workspace(g)
    workspace = np.full(size + 128, 0xAA, "uint8")
    start = -workspace.ctypes.data % 64
    outside = c.bytes_outside()
    table.gemm(g, workspace[start:])
    assert (workspace[start + size :] == 0xAA).all()
    assert (c.bytes_outside() == outside).all()


@each_table
@each_layout
def test_product(name, dtype, layout):
    """Of hundreds of shapes."""
    rng, table, by_columns = np.random.default_rng(1), Table(name, dtype), LAYOUTS[layout]
    for m, n, k in some_shapes(150, seed=list(LAYOUTS).index(layout)):
        a, b = numbers(rng, m, k, dtype), numbers(rng, k, n, dtype)
        c = Matrix(np.full((m, n), 7, dtype))
        multiply(table, Matrix(a, by_columns[0]), Matrix(b, by_columns[1]), c, k)
        assert (c.stored == a @ b).all(), f"{m} x {n} x {k}"


@each_table
@each_layout
@pytest.mark.parametrize("shape", [(300, 260, 40), (230, 1100, 513)], ids=str)
def test_product_in_blocks(name, dtype, layout, shape):
    """Of sizes that are divided to fit the caches, in each of the ways that there are."""
    rng, table, by_columns = np.random.default_rng(6), Table(name, dtype), LAYOUTS[layout]
    m, n, k = shape
    a, b, sums = numbers(rng, m, k, dtype), numbers(rng, k, n, dtype), np.full(n, 7, dtype)
    c = Matrix(np.full((m, n), 7, dtype))
    multiply(table, Matrix(a, by_columns[0]), Matrix(b, by_columns[1]), c, k, column_sums=sums)
    assert (c.stored == a @ b).all()
    assert (sums == b.sum(0)).all()


@each_table
def test_workspace_of_parts(name, dtype):
    """No part of a product's rows or columns needs more than the whole, of any strides."""
    rng, table = np.random.default_rng(7), Table(name, dtype)

    def workspace(m, n, k, a_row, b_row, b_column):
        strides = {"a_row": a_row, "a_column": 1, "b_row": b_row, "b_column": b_column}
        return table.gemm_workspace(Gemm(m=m, n=n, k=k, **strides))

    for _ in range(300):
        m, n, k = (int(size) for size in rng.choice([1, 7, 33, 64, 97, 191, 250, 512, 1030, 3000], 3))
        whole = workspace(m, n, k, 4096, 1, k)
        for part in rng.integers(1, [m, n], size=(5, 2), endpoint=True).tolist():
            for rows, columns in ((part[0], n), (m, part[1]), part):
                assert workspace(rows, columns, k, k, n, 1) <= whole
                assert workspace(rows, columns, k, 4096, 1, k) <= whole


@each_table
@each_layout
@pytest.mark.parametrize("padding", [1, 3, "1024", "4096"])
def test_rows_apart(name, dtype, layout, padding):
    """Leading dimensions beyond the rows' lengths, also multiples of 1024, where rows share cache sets."""
    rng, table, by_columns = np.random.default_rng(2), Table(name, dtype), LAYOUTS[layout]
    for m, n, k in some_shapes(20, seed=1):

        def matrix(values, columns=False, shift=0):
            width = (values.T if columns else values).shape[1]
            fill = -width % int(padding) if isinstance(padding, str) else padding
            return Matrix(values, columns, fill, shift)

        a, b = numbers(rng, m, k, dtype), numbers(rng, k, n, dtype)
        c = matrix(np.full((m, n), 7, dtype))
        multiply(table, matrix(a, by_columns[0]), matrix(b, by_columns[1]), c, k)
        assert (c.stored == a @ b).all(), f"{m} x {n} x {k}"


@each_table
@each_layout
def test_any_address_of_an_element(name, dtype, layout):
    rng, table, by_columns = np.random.default_rng(3), Table(name, dtype), LAYOUTS[layout]
    item = np.dtype(dtype).itemsize
    for shift in (item, 3 * item, 64 - item):
        for m, n, k in [(1, 100, 33), (3, 1030, 130), (31, 49, 65), (64, 64, 513)]:
            a, b = numbers(rng, m, k, dtype), numbers(rng, k, n, dtype)
            c = Matrix(np.full((m, n), 7, dtype), shift=shift)
            multiply(table, Matrix(a, by_columns[0], 1, shift), Matrix(b, by_columns[1], 2, shift), c, k)
            assert (c.stored == a @ b).all(), f"{m} x {n} x {k}"


@each_table
@each_layout
def test_everything_fused(name, dtype, layout):
    """Bias, activation and preactivation; gradient at a saved array; sums of columns; accumulation."""
    rng, table, by_columns = np.random.default_rng(4), Table(name, dtype), LAYOUTS[layout]
    for shape in some_shapes(30, seed=2):
        m, n, k = shape
        if m == 0:
            continue
        a, b, old = numbers(rng, m, k, dtype), numbers(rng, k, n, dtype), numbers(rng, m, n, dtype)
        bias, sums = numbers(rng, 1, n, dtype)[0], numbers(rng, 1, n, dtype)[0]
        A, B = Matrix(a, by_columns[0]), Matrix(b, by_columns[1])
        z = a @ b + bias

        c, kept = Matrix(old), np.full((m, n), 7, dtype)
        multiply(table, A, B, c, k, bias=bias, activation=activation("relu"), preactivation=kept)
        assert (c.stored == np.maximum(z, 0)).all(), shape
        assert (kept == z).all(), shape

        c, saved = Matrix(old), numbers(rng, m, n, dtype)
        multiply(table, A, B, c, k, saved=saved, gradient=activation("relu"))
        assert (c.stored == np.where(saved > 0, a @ b, 0)).all(), shape

        c, found = Matrix(old), np.full(n, 7, dtype)
        multiply(table, A, B, c, k, column_sums=found)
        assert (c.stored == a @ b).all(), shape
        assert (found == b.sum(0)).all(), shape

        c, found = Matrix(old), sums.copy()
        multiply(table, A, B, c, k, column_sums=found, accumulate=1)
        assert (c.stored == old + a @ b).all(), shape
        assert (found == sums + b.sum(0)).all(), shape


@pytest.mark.parametrize("name", sorted(ACTIVATIONS.keys() - {"softmax", "log_softmax", "elu", "leaky_relu"}))
def test_every_activation_behind_a_product(isa, dtype, name):
    rng = np.random.default_rng(5)
    a, b, bias = (rng.standard_normal(shape).astype(dtype) for shape in [(33, 20), (20, 49), (49,)])
    expected = ACTIVATIONS[name](a.astype("float64") @ b + bias)
    np.testing.assert_allclose(
        gemm.matmul(a, b, bias, (name,)),
        expected,
        rtol=0,
        atol=50 * np.finfo(dtype).eps * abs(expected).max(),
    )


@each_table
def test_rounding(name, dtype):
    """No further from the exact product than k roundings of a sum of sizes."""
    rng, table = np.random.default_rng(6), Table(name, dtype)
    for m, n, k in [(1, 64, 1000), (37, 29, 700), (50, 64, 64)]:
        a, b = rng.standard_normal((m, k)).astype(dtype), rng.standard_normal((k, n)).astype(dtype)
        c = Matrix(np.zeros((m, n), dtype))
        multiply(table, Matrix(a), Matrix(b), c, k)
        exact = a.astype(np.longdouble) @ b.astype(np.longdouble)
        bound = np.finfo(dtype).eps * np.sqrt(k) * (abs(a).astype("float64") @ abs(b))
        assert np.all(abs(c.stored - exact) <= bound)


@each_layout
@pytest.mark.parametrize(
    "shape", [(301, 70, 65), (40, 1000, 100), (9, 1030, 160), (1, 3000, 129), (600, 17, 513)]
)
def test_the_same_bits_for_any_split(isa, dtype, layout, shape):
    """Over threads, or of the rows of a batch."""
    m, n, k = shape
    rng = np.random.default_rng(7)
    a, b, bias = (rng.standard_normal(s).astype(dtype) for s in [(m, k), (k, n), (n,)])
    a, b = (np.asfortranarray(x) if t else x for x, t in zip((a, b), LAYOUTS[layout], strict=True))
    results = []
    for threads in (1, 2, 3, 4, 7):
        with fastnn.threads(threads):
            results.append(gemm.matmul(a, b, bias, ("tanh",)))
    for other in results[1:]:
        np.testing.assert_array_equal(other, results[0])
    if layout != "A'B":
        for rows in {1, 2, min(m, 3), min(m, 4), min(m, 37)}:
            np.testing.assert_array_equal(gemm.matmul(a[-rows:], b, bias, ("tanh",)), results[0][-rows:])


def test_a_product_is_prepared_once_and_computed_often(n_threads):
    rng = np.random.default_rng(8)
    a, b = rng.standard_normal((200, 300)), rng.standard_normal((300, 100))
    product = gemm.Product(a, b)
    np.testing.assert_allclose(product(), a @ b, rtol=0, atol=1e-12)
    a *= 2
    assert product() is product.out
    np.testing.assert_allclose(product.out, a @ b, rtol=0, atol=1e-12)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((np.ones((2, 3)), np.ones((2, 3))), r"a, b: .*\(2, 3\)"),
        ((np.ones((2, 3)), np.ones((3, 2), "float32")), "a, b: .*float32"),
        ((np.ones((2, 3)), np.ones(3)), r"a, b: .*\(3,\)"),
        ((np.ones((2, 6))[:, ::2][:, :2], np.ones((2, 4))), "a: .*stride"),
        ((np.ones((2, 3)), np.ones((3, 4)), np.ones(3)), r"bias: .*\(3,\)"),
        ((np.ones((2, 3)), np.ones((3, 4)), np.ones((8,))[::2]), "bias: .*contiguous"),
        ((np.ones((2, 3)), np.ones((3, 4)), None, ("linear",), np.ones((4, 2))), r"out: .*\(4, 2\)"),
    ],
)
def test_what_does_not_fit_is_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        gemm.matmul(*arguments)
