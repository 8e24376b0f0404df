"""Products of matrices, one for each row of the batch: y = a b, and their gradients.

Each operand is a matrix of a row or its transpose, read where it lies in memory; a whole batch times one
constant matrix is one product. Rows are divided over threads; a single product is divided itself. The
result has the same bits either way, since k is never divided. Products with a vector, and their gradients,
read and write memory once, by kernels of their own.
"""

import numpy as np

from .gemm cimport gemm, gemm_scratch, init_gemm
from ..core.tables cimport fnn_gemm
from ..core.plan cimport Plan
from ..core.runtime cimport parallel_chunks, parallel_for
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DX, DY, FIRST_OWN, X, Y, idx_t, operand, run_t, step_t

cdef enum:          # operands; X is a and DX its gradient
    B = FIRST_OWN
    DB

cdef enum:          # sizes
    M
    N
    K
    COUNT           # products for each row of the batch
    LAST_A          # whether k is the last dimension of a, else the first
    LAST_B
    ROWS_A          # elements from one product to the next, 0 if all have the same operand
    ROWS_B
    JOINED          # whether the products of the whole batch are one

ctypedef struct matrix_t:
    char *at
    idx_t row
    idx_t column
    idx_t next          # elements to the matrix of the next product

ctypedef struct pass_t:
    const step_t *s
    const run_t *r
    fnn_gemm g
    matrix_t a, b, c


def emit(Plan plan, Value a, Value b, bint last_a, bint last_b, tuple lead=()):
    """Append y (*lead, m, n) = a b to `plan`.

    Parameters
    ----------
    a : Value
        (*lead, m, k), or (*lead, k, m) if not `last_a`.
    b : Value
        (*lead, n, k) if `last_b`, else (*lead, k, n). Either may be a constant, without `lead`.
    lead : tuple of int, default ()
        The leading dimensions: their product is the number of products for each row of the batch.

    Returns
    -------
    Value
    """
    cdef idx_t count = 1, m, n, k, i
    for i in lead:
        count *= i
    cdef int at = len(a.shape) - 2, at_b = len(b.shape) - 2
    m, k = a.shape[at + 1 - last_a], a.shape[at + last_a]
    n = b.shape[at_b + 1 - last_b]
    cdef Value y = plan.value((*lead, m, n), a.differentiable or b.differentiable)
    cdef Step s = plan.add("dot", forward, backward, scratch, 2.0 * count * m * n * k)
    y.producer = s
    s.c.size[M], s.c.size[N], s.c.size[K], s.c.size[COUNT] = m, n, k, count
    s.c.size[LAST_A], s.c.size[LAST_B] = last_a, last_b
    s.c.size[ROWS_A], s.c.size[ROWS_B] = m * k if a.per_row else 0, n * k if b.per_row else 0
    s.c.size[JOINED] = not b.per_row and last_a
    s.use(X, a, BOTH).use(B, b, BOTH).use(Y, y, FORWARD)
    if y.differentiable:
        s.use(DY, plan.gradient(y), BACKWARD)
        s.use(DX, plan.gradient(a), BACKWARD).use(DB, plan.gradient(b), BACKWARD)
    return y


def emit_constant(Plan plan, Value x, array, bint reverse):
    """Append y = x array, or array x with `reverse`, to `plan`: a matrix and x (..., m, k)."""
    cdef Value c = plan.constant(np.ascontiguousarray(array, plan.dtype))
    lead = x.shape[:len(x.shape) - 2]
    return emit(plan, c, x, True, False, lead) if reverse else emit(plan, x, c, True, False, lead)


cdef idx_t scratch(const step_t *s, idx_t rows) noexcept nogil:
    cdef idx_t m = s.size[M] * (rows * s.size[COUNT] if s.size[JOINED] else 1), n = s.size[N], k = s.size[K]
    return max(gemm_scratch(s.kernels, m, n, k), gemm_scratch(s.kernels, m, k, n),
               gemm_scratch(s.kernels, k, m, n), gemm_scratch(s.kernels, k, n, m),
               gemm_scratch(s.kernels, n, k, m))


cdef matrix_t matrix(const step_t *s, const run_t *r, int i, idx_t columns, idx_t next) noexcept nogil:
    """Operand i, stored row by row."""
    return matrix_t(operand(s, r, i), columns, 1, next)


cdef matrix_t transposed(matrix_t x) noexcept nogil:
    return matrix_t(x.at, x.column, x.row, x.next)


cdef void one_product(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef fnn_gemm g = p.g
    cdef idx_t item = p.s.kernels.itemsize
    g.a = p.a.at + i * p.a.next * item
    g.b = p.b.at + i * p.b.next * item
    g.c = p.c.at + i * p.c.next * item
    p.s.kernels.gemm(&g, p.r.scratch + thread * p.r.scratch_size)


cdef void some_matvecs(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    """Products first ... first + count - 1, whose operands are a matrix and a vector, or two vectors."""
    cdef const pass_t *p = <const pass_t *>context
    cdef idx_t item = p.s.kernels.itemsize, m = p.g.m, n = p.g.n, k = p.g.k
    cdef char *a = p.a.at + first * p.a.next * item
    cdef char *b = p.b.at + first * p.b.next * item
    cdef char *c = p.c.at + first * p.c.next * item
    if k == 1 and n == 1:
        p.s.kernels.outer(c, b, a, count, 1, m)
    elif k == 1:
        p.s.kernels.outer(c, a, b, count, m, n)
    elif n == 1 and p.a.column == 1:
        p.s.kernels.matvec(c, a, b, count, m, k)
    elif n == 1:
        p.s.kernels.vecmat(c, b, a, count, k, m)
    elif p.b.column == 1:
        p.s.kernels.vecmat(c, a, b, count, k, n)
    else:
        p.s.kernels.matvec(c, b, a, count, n, k)


cdef void product(const step_t *s, const run_t *r, matrix_t c, matrix_t a, matrix_t b, idx_t m, idx_t n,
                  idx_t k) noexcept nogil:
    """Compute c (m, n) = a (m, k) b (k, n) for each row; c is stored row by row, or transposed."""
    cdef pass_t p
    if c.column != 1:
        c, a, b, m, n = transposed(c), transposed(b), transposed(a), n, m
    p.s, p.r, p.a, p.b, p.c = s, r, a, b, c
    init_gemm(&p.g, m, n, k)
    p.g.ldc = c.row
    p.g.a, p.g.b, p.g.c = a.at, b.at, c.at
    p.g.a_row, p.g.a_column, p.g.b_row, p.g.b_column = a.row, a.column, b.row, b.column
    if n == 1:
        p.g.b_column = 1        # any: b is then read in place
    if (m == 1 or n == 1 or k == 1) and s.size[ROWS_A] and s.size[ROWS_B]:
        parallel_chunks(some_matvecs, &p, r.rows * s.size[COUNT], max(m * n, m * k, k * n), r.threads)
    elif s.size[JOINED] or r.rows * s.size[COUNT] == 1:
        gemm(s.kernels, &p.g, r)
    else:
        parallel_for(one_product, &p, r.rows * s.size[COUNT], r.threads)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    products(s, r, operand(s, r, Y), NULL, NULL)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    products(s, r, operand(s, r, DY), operand(s, r, DX), operand(s, r, DB))


cdef void products(const step_t *s, const run_t *r, char *y, char *da, char *db) noexcept nogil:
    """Compute y = a b; or, if one of them is given, da = y b' and db = a' y."""
    cdef idx_t m = s.size[M], n = s.size[N], k = s.size[K]
    cdef idx_t rows = m * r.rows * s.size[COUNT] if s.size[JOINED] else m
    cdef matrix_t c = matrix_t(y, n, 1, m * n), a, b, d
    a = matrix(s, r, X, k if s.size[LAST_A] else m, s.size[ROWS_A])
    b = matrix(s, r, B, k if s.size[LAST_B] else n, s.size[ROWS_B])
    if not s.size[LAST_A]:
        a = transposed(a)
    if s.size[LAST_B]:
        b = transposed(b)
    if da is NULL and db is NULL:
        product(s, r, c, a, b, rows, n, k)
    if da is not NULL:
        d = a
        d.at = da
        product(s, r, d, c, transposed(b), rows, k, n)
    if db is not NULL:
        d = b
        d.at = db
        product(s, r, d, transposed(a), c, k, n, m)
