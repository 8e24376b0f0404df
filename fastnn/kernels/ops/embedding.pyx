"""y[i] = table[index[i]]: rows of a table by their numbers, which come as reals, and the table's gradient.

The gradient is made in the rows that a run names, by threads that each take some of the columns: every
element is one sum in the order of the rows, for any number of threads. Rows that the run before has named
are cleared first; the others are zero already, so a step on a large table costs what its batch does.
(Keras' optimizers then move every row nevertheless.)
"""

import numpy as np

from libc.stdint cimport int32_t
from libc.string cimport memset

from ..core.plan cimport Plan
from ..core.runtime cimport address, parallel_for, table as kernel_table
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DY, FIRST_OWN, X, Y, idx_t, operand, run_t, step_t

cdef idx_t CHUNK = 1 << 14      # elements of y that a thread takes at a time
cdef idx_t LINE = 64            # bytes of a cache line: what a thread's columns are made of

cdef enum:          # operands
    W = FIRST_OWN
    DW
    INDEX           # the numbers, as int32
    TOUCHED         # for each row of the table, whether its gradient may be other than zero

cdef enum:          # sizes
    NUMBERS         # for each row of the batch
    ROWS            # of the table
    WIDTH
    DENSE           # whether something else makes gradients of rows that no number names

ctypedef struct pass_t:
    const step_t *s
    const run_t *r
    idx_t numbers       # of the run
    idx_t chunk         # of numbers forward, of columns backward


def emit(Plan plan, Value x, table):
    """Append the rows of `table` (rows, width) that the numbers of x stand for to `plan`: (..., width) a row.

    A run stops where a number is none of a row, before anything is read or changed.
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
    if y.differentiable:
        s.use(DY, plan.gradient(y), BACKWARD).use(DW, plan.parameter_gradient(table), BACKWARD)
        s.use(TOUCHED, plan.constant(np.zeros(rows, np.uint8)), BACKWARD)
    return y


def check(x, idx_t rows, str name="x"):
    """Raise a `ValueError` that names the first of the contiguous reals `x` that is no number of a row."""
    index = np.empty(x.size, np.int32)
    cdef idx_t at = kernel_table(x.dtype.name).embedding_indices(
        <int32_t *>address(index), address(x), x.size, rows)
    if at >= 0:
        where = np.unravel_index(at, x.shape)
        raise ValueError(
            f"{name}: expected whole numbers from 0 to {rows - 1}, got {x[where]:.9g} in row {where[0]}")


cdef void rows_of(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef idx_t first = i * p.chunk, width = s.size[WIDTH]
    s.kernels.embedding_forward(
        operand(s, p.r, Y) + first * width * s.kernels.itemsize, operand(s, p.r, W),
        <const int32_t *>operand(s, p.r, INDEX) + first, min(p.chunk, p.numbers - first), width)


cdef bint find_numbers(const step_t *s, const run_t *r, int index, idx_t numbers, idx_t limit) noexcept nogil:
    """Write the numbers x, so many for each row, as int32; the run stops where one is not below the limit."""
    cdef idx_t at = s.kernels.embedding_indices(
        <int32_t *>operand(s, r, index), operand(s, r, X), numbers * r.rows, limit)
    if at >= 0:
        r.bad.at, r.bad.limit, r.bad.row = at, limit, at // (numbers * s.times)
        r.bad.value = value_at(operand(s, r, X), s.kernels.itemsize, at)
    return at < 0


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p
    p.s, p.r, p.numbers = s, r, s.size[NUMBERS] * r.rows
    if not find_numbers(s, r, INDEX, s.size[NUMBERS], s.size[ROWS]):
        return
    p.chunk = max(1, CHUNK // s.size[WIDTH])
    parallel_for(rows_of, &p, (p.numbers + p.chunk - 1) // p.chunk, r.threads)


cdef inline double value_at(const void *x, idx_t item, idx_t i) noexcept nogil:
    return (<const float *>x)[i] if item == sizeof(float) else (<const double *>x)[i]


cdef void columns_of(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef idx_t first = i * p.chunk, at = first * s.kernels.itemsize, width = s.size[WIDTH]
    s.kernels.embedding_backward(operand(s, p.r, DW) + at, operand(s, p.r, DY) + at,
                                 <const int32_t *>operand(s, p.r, INDEX), p.numbers,
                                 min(p.chunk, width - first),
                                 width)


cdef void clear(const step_t *s, const run_t *r) noexcept nogil:
    """Let the gradient be zero again."""
    cdef char *dw = operand(s, r, DW)
    cdef char *touched = operand(s, r, TOUCHED)
    cdef idx_t row = s.size[WIDTH] * s.kernels.itemsize, i
    if s.size[DENSE]:
        memset(dw, 0, s.size[ROWS] * row)
        return
    for i in range(s.size[ROWS]):
        if touched[i]:
            memset(dw + i * row, 0, row)
            touched[i] = 0


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef const int32_t *index = <const int32_t *>operand(s, r, INDEX)
    cdef char *touched = operand(s, r, TOUCHED)
    cdef idx_t line = LINE // s.kernels.itemsize, lines = (s.size[WIDTH] + line - 1) // line, i
    cdef pass_t p
    if s.at[DW].space < 0:
        return
    p.s, p.r, p.numbers = s, r, s.size[NUMBERS] * r.rows
    if not s.accumulate >> DW & 1:
        clear(s, r)
    for i in range(p.numbers):
        touched[index[i]] = 1
    p.chunk = max(1, (lines + r.threads - 1) // r.threads) * line
    parallel_for(columns_of, &p, (s.size[WIDTH] + p.chunk - 1) // p.chunk, r.threads)
