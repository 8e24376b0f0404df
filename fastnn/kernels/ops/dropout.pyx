"""y = x * mask / (1 - rate): a mask that depends on seed, step and element, never on threads.

Backward draws the same mask again instead of keeping it. With a noise shape, elements that share a draw
are told by an index map made at creation. Whole channels of a row are dropped by a mask of the channels.
"""

import numpy as np

from ..core.tables cimport fnn_kernels, fnn_random
from .indexed cimport scale
from ..core.plan cimport Plan
from ..core.random cimport random_of
from ..core.runtime cimport parallel_for
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DX, DY, FIRST_OWN, X, Y, idx_t, operand, run_t, step_t

cdef idx_t CHUNK = 1 << 14      # elements that a thread takes at a time

cdef enum:          # sizes
    SIZE            # elements for each row of the batch
    SEED

ctypedef struct pass_t:
    const fnn_kernels *kernels
    fnn_random random
    idx_t n
    char *out
    const char *source


cdef void chunk(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef idx_t first = i * CHUNK, at = first * p.kernels.itemsize
    p.kernels.dropout(p.out + at, p.source + at, first, min(CHUNK, p.n - first), &p.random)


cdef void drop(const step_t *s, const run_t *r, char *out, const char *source) noexcept nogil:
    cdef pass_t p
    p.kernels, p.out, p.source, p.n = s.kernels, out, source, s.size[SIZE] * r.rows
    p.random = random_of(s.size[SEED], s.param[0], r)
    parallel_for(chunk, &p, (p.n + CHUNK - 1) // CHUNK, r.threads)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    drop(s, r, operand(s, r, Y), operand(s, r, X))


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    drop(s, r, operand(s, r, DX), operand(s, r, DY))


def emit(Plan plan, Value x, double rate, unsigned long long seed):
    """Append y = dropout(x) to `plan`; returns y, of the shape of x."""
    cdef Step s = plan.add("dropout", forward, backward, NULL, 10.0 * x.size)
    cdef Value y = plan.value(x.shape, x.differentiable)
    y.producer = s
    s.c.size[SIZE], s.c.size[SEED], s.c.param[0] = x.size, <idx_t>seed, rate
    s.use(X, x, FORWARD).use(Y, y, FORWARD)
    if y.differentiable:
        s.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD)
    return y


# ---- draws that elements share ------------------------------------------------------------------------

cdef enum:          # operands
    MASK = FIRST_OWN
    INDEX

cdef enum:          # sizes, after those above
    DRAWS = SEED + 1    # for each row of the batch, or in all
    DRAWS_PER_ROW


cdef void draw(const step_t *s, const run_t *r) noexcept nogil:
    cdef fnn_random random = random_of(s.size[SEED], s.param[0], r)
    cdef idx_t rows = r.rows if s.size[DRAWS_PER_ROW] else 1
    s.kernels.dropout_mask(operand(s, r, MASK), 0, s.size[DRAWS] * rows, &random)


cdef void mask_rows(const step_t *s, const run_t *r, char *out, const char *source) noexcept nogil:
    cdef char *mask = operand(s, r, MASK)
    cdef const idx_t *index = <const idx_t *>operand(s, r, INDEX)
    cdef idx_t item = s.kernels.itemsize, row = s.size[SIZE] * item, _
    cdef idx_t mask_row = s.size[DRAWS] * item if s.size[DRAWS_PER_ROW] else 0
    for _ in range(r.rows):
        if item == sizeof(float):
            scale(<float *>out, <const float *>source, <const float *>mask, index, s.size[SIZE])
        else:
            scale(<double *>out, <const double *>source, <const double *>mask, index, s.size[SIZE])
        out += row
        source += row
        mask += mask_row


cdef void shared_forward(const step_t *s, const run_t *r) noexcept nogil:
    draw(s, r)
    mask_rows(s, r, operand(s, r, Y), operand(s, r, X))


cdef void shared_backward(const step_t *s, const run_t *r) noexcept nogil:
    mask_rows(s, r, operand(s, r, DX), operand(s, r, DY))


def emit_shared(Plan plan, Value x, double rate, unsigned long long seed, tuple noise_shape, bint per_row):
    """Append a dropout whose mask has `noise_shape` in a row and is broadcast to the shape of x.

    With `per_row` false all rows of the batch share one mask.
    """
    cdef Step s = plan.add("dropout", shared_forward, shared_backward, NULL, 10.0 * x.size)
    cdef Value y = plan.value(x.shape, x.differentiable), mask
    draws = np.arange(np.prod(noise_shape, dtype=np.int64)).reshape(noise_shape)
    index = np.ascontiguousarray(np.broadcast_to(draws, x.shape), np.int64)
    mask = plan.value((draws.size,), False, per_row)
    y.producer = s
    s.c.size[SIZE], s.c.size[SEED], s.c.param[0] = x.size, <idx_t>seed, rate
    s.c.size[DRAWS], s.c.size[DRAWS_PER_ROW] = draws.size, per_row
    s.use(X, x, FORWARD).use(Y, y, FORWARD).use(MASK, mask, BOTH).use(INDEX, plan.constant(index), BOTH)
    if y.differentiable:
        s.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD)
    return y


# ---- whole channels -----------------------------------------------------------------------------------

cdef enum:          # sizes, after those of all
    OUTER = SEED + 1    # a row is (outer, channels, inner)
    CHANNELS
    INNER

ctypedef struct channels_t:
    const step_t *s
    const run_t *r
    fnn_random random
    char *out
    const char *source


cdef void channels_of_row(void *context, idx_t row, int thread) noexcept nogil:
    cdef channels_t *p = <channels_t *>context
    cdef const fnn_kernels *k = p.s.kernels
    cdef idx_t n = p.s.size[CHANNELS], inner = p.s.size[INNER], outer = p.s.size[OUTER], i
    cdef idx_t at = row * p.s.size[SIZE] * k.itemsize, step = inner * k.itemsize
    cdef char *mask = p.r.scratch + thread * p.r.scratch_size
    k.dropout_mask(mask, row * n, n, &p.random)
    if inner == 1:
        k.affine(p.out + at, p.source + at, mask, NULL, outer, n)
        return
    for i in range(outer * n):
        k.affine(p.out + at + i * step, p.source + at + i * step, mask + i % n * k.itemsize, NULL, inner, 1)


cdef void drop_channels(const step_t *s, const run_t *r, char *out, const char *source) noexcept nogil:
    cdef channels_t p
    p.s, p.r, p.out, p.source = s, r, out, source
    p.random = random_of(s.size[SEED], s.param[0], r)
    parallel_for(channels_of_row, &p, r.rows, r.threads)


cdef void channels_forward(const step_t *s, const run_t *r) noexcept nogil:
    drop_channels(s, r, operand(s, r, Y), operand(s, r, X))


cdef void channels_backward(const step_t *s, const run_t *r) noexcept nogil:
    drop_channels(s, r, operand(s, r, DX), operand(s, r, DY))


cdef idx_t mask_size(const step_t *s, idx_t rows) noexcept nogil:
    return s.size[CHANNELS] * s.kernels.itemsize


def emit_channels(Plan plan, Value x, double rate, unsigned long long seed, int axis):
    """Append a dropout of whole channels, which are axis `axis` of a row."""
    cdef Step s = plan.add("dropout", channels_forward, channels_backward, mask_size, 4.0 * x.size)
    cdef Value y = plan.value(x.shape, x.differentiable)
    y.producer = s
    s.c.size[SIZE], s.c.size[SEED], s.c.param[0] = x.size, <idx_t>seed, rate
    s.c.size[OUTER], s.c.size[CHANNELS] = np.prod(x.shape[:axis], dtype=np.int64), x.shape[axis]
    s.c.size[INNER] = np.prod(x.shape[axis + 1:], dtype=np.int64)
    s.use(X, x, FORWARD).use(Y, y, FORWARD)
    if y.differentiable:
        s.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD)
    return y
