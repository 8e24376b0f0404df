"""Embedding: y[i] = table[index[i]], rows of a table by numbers that come as reals, and the table's gradient.

The gradient is accumulated in the rows that a run refers to, by threads that each take some of the columns:
every element is one sum in the order of the rows, for any number of threads. Rows that the previous run
referred to are cleared first; the others are zero already, so a step on a large table costs what its batch
does. (Keras' optimizers update every row all the same.)
"""

import numpy as np

from libc.stdint cimport int32_t, uint8_t
from libc.string cimport memset

from ..core.plan cimport Plan
from ..core.runtime cimport address, ceil_div, parallel_chunks, parallel_for, table as kernel_table
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DY, FIRST_OWN, X, Y, idx_t, operand, run_t, step_t

cdef enum:
    LINE = 64       # bytes of a cache line: no two threads write to the same one

cdef enum:          # operands
    W = FIRST_OWN
    DW
    INDEX           # the numbers, as int32
    TOUCHED         # for each row of the table, whether its gradient may be other than zero

cdef enum:          # sizes
    NUMBERS         # for each row of the batch
    ROWS            # of the table
    WIDTH
    DENSE           # whether another step writes gradients of rows that no number refers to

ctypedef struct pass_t:
    const step_t *s
    const run_t *r
    idx_t columns       # of a thread, backward


def emit(Plan plan, Value x, table):
    """Append the rows of `table` (rows, width) that the numbers of x refer to, (..., width), to `plan`.

    A run stops at a number that is not one of a row, before anything is read or changed.
    """
    if x.root.differentiable:
        raise ValueError("input: whole numbers have no gradient, so nothing before an Embedding may learn")
    cdef idx_t rows = table.shape[0], width = table.shape[1]
    cdef Step s = plan.add("embedding", forward, backward, NULL, <double>(x.size * width))
    cdef Value y = plan.value(x.shape + (width,), plan.trains(table))
    y.producer = s
    s.c.size[NUMBERS], s.c.size[ROWS], s.c.size[WIDTH] = x.size, rows, width
    s.c.size[DENSE] = table.regularizer is not None
    s.use(X, x, FORWARD).use(W, plan.parameter(table), FORWARD).use(Y, y, FORWARD)
    s.use(INDEX, plan.value((x.size,)), BOTH)
    s.indexed = 1u << W | 1u << DW
    if y.differentiable:
        s.use(DY, plan.gradient(y), BACKWARD).use(DW, plan.parameter_gradient(table), BACKWARD)
        s.use(TOUCHED, plan.constant(np.zeros(rows, np.uint8)), BACKWARD)
    return y


def check(x, idx_t rows, str name="x"):
    """Raise a `ValueError` for the first element of a contiguous array that is not the number of a row."""
    index = np.empty(x.size, np.int32)
    cdef idx_t at = kernel_table(x.dtype).embedding_indices(
        <int32_t *>address(index), address(x), x.size, rows)
    if at >= 0:
        where = np.unravel_index(at, x.shape)
        raise ValueError(
            f"{name}: expected whole numbers from 0 to {rows - 1}, got {x[where]:.9g} in row {where[0]}")


cdef void look_up(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef idx_t width = s.size[WIDTH]
    s.kernels.embedding_forward(
        operand(s, p.r, Y) + first * width * s.kernels.itemsize, operand(s, p.r, W),
        <const int32_t *>operand(s, p.r, INDEX) + first, count, width)


cdef bint find_numbers(const step_t *s, const run_t *r, int index, idx_t numbers, idx_t limit) noexcept nogil:
    """Convert x, `numbers` whole numbers for each row, to int32; stop the run at one not below the limit."""
    cdef idx_t at = s.kernels.embedding_indices(
        <int32_t *>operand(s, r, index), operand(s, r, X), numbers * r.rows, limit)
    if at >= 0:
        r.bad.at, r.bad.limit, r.bad.row = at, limit, at // (numbers * s.times)
        r.bad.value = value_at(operand(s, r, X), s.kernels.itemsize, at)
    return at < 0


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_t(s, r, 0)
    if find_numbers(s, r, INDEX, s.size[NUMBERS], s.size[ROWS]):
        parallel_chunks(look_up, &p, s.size[NUMBERS] * r.rows, s.size[WIDTH], r.threads)


cdef inline double value_at(const void *x, idx_t item, idx_t i) noexcept nogil:
    return (<const float *>x)[i] if item == sizeof(float) else (<const double *>x)[i]


cdef void sum_columns(void *context, idx_t chunk, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef idx_t first = chunk * p.columns, at = first * s.kernels.itemsize, width = s.size[WIDTH]
    s.kernels.embedding_backward(
        operand(s, p.r, DW) + at, operand(s, p.r, DY) + at, <const int32_t *>operand(s, p.r, INDEX),
        s.size[NUMBERS] * p.r.rows, min(p.columns, width - first), width)


cdef void clear(const step_t *s, const run_t *r) noexcept nogil:
    """Set the gradient to zero."""
    cdef char *dw = operand(s, r, DW)
    if s.size[DENSE]:
        memset(dw, 0, s.size[ROWS] * s.size[WIDTH] * s.kernels.itemsize)
    else:
        s.kernels.embedding_clear(dw, <uint8_t *>operand(s, r, TOUCHED), s.size[ROWS], s.size[WIDTH])


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef idx_t line = LINE // s.kernels.itemsize, width = s.size[WIDTH]
    cdef pass_t p = pass_t(s, r, 0)
    cdef uint8_t *touched
    if s.at[DW].space < 0:
        return
    if not s.accumulate >> DW & 1:
        clear(s, r)
    touched = <uint8_t *>operand(s, r, TOUCHED)
    if r.ranks is not NULL:     # which may touch any row
        memset(touched, 1, s.size[ROWS])
    s.kernels.embedding_mark(touched, <const int32_t *>operand(s, r, INDEX), s.size[NUMBERS] * r.rows)
    # One piece for each thread: a piece goes through all numbers whatever its width, and pieces of one cache
    # line take up to 9 times as long in all (3200 rows of 300). No sum is split, so the cut changes no bit.
    p.columns = ceil_div(ceil_div(width, line), r.threads) * line
    parallel_for(sum_columns, &p, ceil_div(width, p.columns), r.threads)
