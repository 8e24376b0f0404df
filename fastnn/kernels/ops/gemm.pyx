"""The product of two matrices, divided over threads.

Every element is one chain over k, which is never divided, so any division of rows or columns gives the same
bits. Columns are divided if each thread gets two whole panels or more and the shares are even to 1/16,
since then no part of b is packed twice; else rows, if there are as many as threads. Few rows take as long as
it takes to read b, half of which each of two cores finds in its own L2 cache next time.
"""

import numpy as np

from .activation cimport activation_of
from ..core.runtime cimport address, ceil_div, max_threads, parallel_for, run_threads, table, threads_for

from ..core.memory import align, aligned_zeros

cdef double BYTE_COST = 1.25    # FLOPs in the time in which a byte comes from the L3 cache: 90 G against 75 G

ctypedef struct split_t:
    const fnn_kernels *kernels
    const fnn_gemm *whole
    const run_t *run
    idx_t rows          # of a piece
    idx_t columns


cdef void piece(void *context, idx_t chunk, int thread) noexcept nogil:
    cdef split_t *s = <split_t *>context
    cdef fnn_gemm g = s.whole[0]
    cdef idx_t item = s.kernels.itemsize
    cdef idx_t i = chunk * s.rows if s.rows < g.m else 0
    cdef idx_t j = chunk * s.columns if s.columns < g.n else 0
    cdef idx_t at = (i * g.ldc + j) * item
    g.m = min(s.rows, g.m - i)
    g.n = min(s.columns, g.n - j)
    g.a = <const char *>g.a + i * g.a_row * item
    g.b = <const char *>g.b + j * g.b_column * item
    g.c = <char *>g.c + at
    if g.fused.preactivation is not NULL:
        g.fused.preactivation = <char *>g.fused.preactivation + at
    if g.fused.saved is not NULL:
        g.fused.saved = <const char *>g.fused.saved + at
    if g.fused.bias is not NULL:
        g.fused.bias = <const char *>g.fused.bias + j * item
    if g.fused.scale is not NULL:
        g.fused.centre = <const char *>g.fused.centre + j * item
        g.fused.scale = <const char *>g.fused.scale + j * item
    if g.fused.shift is not NULL:
        g.fused.shift = <const char *>g.fused.shift + j * item
    if g.column_sums is not NULL:
        g.column_sums = NULL if i else <char *>g.column_sums + j * item
    s.kernels.gemm(&g, s.run.scratch + thread * s.run.scratch_size)


cdef inline idx_t even(idx_t n, idx_t parts, idx_t unit) noexcept nogil:
    """The size of `parts` even pieces of n, in whole units."""
    return ceil_div(ceil_div(n, unit), parts) * unit


cdef void gemm(const fnn_kernels *k, const fnn_gemm *g, const run_t *r) noexcept nogil:
    """Compute `g` on the threads of the run, as many as its size is worth."""
    cdef split_t s
    cdef double b = <double>g.k * g.n
    cdef idx_t threads = threads_for(r, max(2.0 * g.m * (b + TILE_STEPS * g.n), BYTE_COST * b * k.itemsize))
    s.kernels, s.whole, s.run = k, g, r
    s.rows, s.columns = g.m, g.n
    if threads > 1:
        s.columns = even(g.n, threads, PANEL)
        if s.columns < 2 * PANEL or (s.columns * threads * 16 > g.n * 17 and g.m >= threads):
            s.columns, s.rows = g.n, even(g.m, threads, 1)
    parallel_for(piece, &s, max(ceil_div(g.m, max(1, s.rows)), ceil_div(g.n, max(1, s.columns))), r.threads)


cdef idx_t gemm_scratch(const fnn_kernels *k, idx_t m, idx_t n, idx_t depth) noexcept nogil:
    """Return the bytes that each thread needs for a product of this size, whatever the strides."""
    cdef fnn_gemm g
    g.m, g.n, g.k = m, n, depth
    g.a_row, g.a_column = 4096, 1
    g.b_row, g.b_column = 1, depth
    return k.gemm_workspace(&g)


cdef class Product:
    """activation(a b + bias) of two matrices, prepared once and computed at each call, as a plan does it.

    Parameters
    ----------
    a : ndarray, shape (m, k)
    b : ndarray, shape (k, n)
        Both float32 or both float64, with one of the two strides that of an element.
    bias : ndarray, shape (n,), optional
    activation : tuple, optional
        Name and parameters of an elementwise activation, by default the linear one.
    out : ndarray, shape (m, n), optional
        Contiguous; where the result goes.

    Raises
    ------
    ValueError
        If shapes, dtypes or strides do not fit.
    """

    cdef fnn_gemm g
    cdef run_t r
    cdef const fnn_kernels *kernels
    cdef readonly object out
    cdef tuple held
    cdef int threads

    def __init__(self, a, b, bias=None, tuple activation=None, out=None):
        cdef idx_t item = a.itemsize
        if a.ndim != 2 or b.ndim != 2 or a.shape[1] != b.shape[0] or a.dtype != b.dtype:
            raise ValueError(
                "a, b: expected (m, k) and (k, n) of one dtype, "
                f"got {a.shape} {a.dtype} and {b.shape} {b.dtype}")
        for name, matrix in (("a", a), ("b", b)):
            if item not in matrix.strides:
                raise ValueError(f"{name}: expected one stride to be {item} bytes, got {matrix.strides}")
        shape = (a.shape[0], b.shape[1])
        if out is None:
            out = np.empty(shape, a.dtype)
        for name, array, expected in (("out", out, shape), ("bias", bias, shape[1:])):
            if array is None:
                continue
            if array.shape != expected or array.dtype != a.dtype or not array.flags.c_contiguous:
                raise ValueError(
                    f"{name}: expected a contiguous {expected} of {a.dtype}, got {array.shape} {array.dtype}")
        g = &self.g
        g.m, g.n, g.k = a.shape[0], b.shape[1], a.shape[1]
        g.a, g.a_row, g.a_column = address(a), a.strides[0] // item, a.strides[1] // item
        g.b, g.b_row, g.b_column = address(b), b.strides[0] // item, b.strides[1] // item
        g.c, g.ldc = address(out), g.n
        g.fused.bias = NULL if bias is None else address(bias)
        linear = ("linear",)
        g.fused.activation, g.fused.gradient = activation_of(activation or linear), activation_of(linear)
        self.kernels = table(a.dtype.name)
        self.threads = max_threads()
        self.r.scratch_size = align(self.kernels.gemm_workspace(g))
        scratch = aligned_zeros(self.threads * self.r.scratch_size)
        self.r.scratch = address(scratch)
        self.out, self.held = out, (a, b, bias, scratch)

    def __call__(self):
        """Compute the product and return `out`."""
        self.r.threads = min(self.threads, run_threads())
        with nogil:
            gemm(self.kernels, &self.g, &self.r)
        return self.out


def matmul(a, b, bias=None, tuple activation=None, out=None):
    """activation(a b + bias), computed once: see `Product`."""
    return Product(a, b, bias, activation, out)()
