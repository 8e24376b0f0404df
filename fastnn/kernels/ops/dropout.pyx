"""Dropout, y = x * mask / (1 - rate), with a mask that depends on seed, step and element alone.

Backward draws the same mask again instead of keeping it. With a noise shape, an index map made at creation
says which elements share a draw. Whole channels of a row are dropped by a mask of the channels.
"""

import numpy as np

from ..core.tables cimport fnn_kernels, fnn_random
from ..core.plan cimport Plan
from ..core.random cimport random_of
from ..core.runtime cimport parallel_chunks
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DX, DY, FIRST_OWN, X, Y, idx_t, operand, run_t, step_t

cdef enum:          # sizes
    SIZE            # elements for each row of the batch
    SEED

ctypedef struct pass_t:
    const fnn_kernels *kernels
    fnn_random random
    char *out
    const char *source


cdef void drop_elements(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef idx_t at = first * p.kernels.itemsize
    p.kernels.dropout(p.out + at, p.source + at, first, count, &p.random)


cdef void drop(const step_t *s, const run_t *r, char *out, const char *source) noexcept nogil:
    cdef pass_t p
    p.kernels, p.out, p.source = s.kernels, out, source
    p.random = random_of(s.size[SEED], s.param[0], r)
    parallel_chunks(drop_elements, &p, s.size[SIZE] * r.rows, 1, r.threads)


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
    DRAWS = SEED + 1    # for each row of the batch, or for all rows together
    DRAWS_PER_ROW

ctypedef struct shared_t:
    const step_t *s
    char *out
    const char *source
    const char *mask
    const idx_t *index
    idx_t draws         # from the mask of one row to the next: 0 where all rows share one


cdef void draw(const step_t *s, const run_t *r) noexcept nogil:
    cdef fnn_random random = random_of(s.size[SEED], s.param[0], r)
    cdef idx_t rows = r.rows if s.size[DRAWS_PER_ROW] else 1
    s.kernels.dropout_mask(operand(s, r, MASK), 0, s.size[DRAWS] * rows, &random)


cdef void mask_rows(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef shared_t *p = <shared_t *>context
    cdef idx_t n = p.s.size[SIZE], item = p.s.kernels.itemsize, at = first * n * item
    p.s.kernels.gather_multiply(
        p.out + at, p.source + at, p.mask + first * p.draws * item, p.index, count, n, p.draws)


cdef void drop_shared(const step_t *s, const run_t *r, char *out, const char *source) noexcept nogil:
    cdef shared_t p
    p.s, p.out, p.source, p.mask = s, out, source, operand(s, r, MASK)
    p.index, p.draws = <const idx_t *>operand(s, r, INDEX), s.size[DRAWS] if s.size[DRAWS_PER_ROW] else 0
    parallel_chunks(mask_rows, &p, r.rows, s.size[SIZE], r.threads)


cdef void shared_forward(const step_t *s, const run_t *r) noexcept nogil:
    draw(s, r)
    drop_shared(s, r, operand(s, r, Y), operand(s, r, X))


cdef void shared_backward(const step_t *s, const run_t *r) noexcept nogil:
    drop_shared(s, r, operand(s, r, DX), operand(s, r, DY))


def emit_shared(Plan plan, Value x, double rate, unsigned long long seed, tuple noise_shape, bint per_row):
    """Append a dropout whose mask of shape `noise_shape` is broadcast to the shape of a row of x.

    Each row of the batch has a mask of its own with `per_row`; else all rows share one.
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

cdef enum:          # sizes, after SIZE and SEED
    OUTER = SEED + 1    # a row is (outer, channels, inner)
    CHANNELS
    INNER

ctypedef struct channels_t:
    const step_t *s
    const run_t *r
    fnn_random random
    char *out
    const char *source


cdef void drop_channels_of(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef channels_t *p = <channels_t *>context
    cdef const fnn_kernels *k = p.s.kernels
    cdef idx_t n = p.s.size[CHANNELS], inner = p.s.size[INNER], outer = p.s.size[OUTER], row, at
    cdef char *mask = p.r.scratch + thread * p.r.scratch_size
    for row in range(first, first + count):
        at = row * p.s.size[SIZE] * k.itemsize
        k.dropout_mask(mask, row * n, n, &p.random)
        if inner == 1:
            k.affine(p.out + at, p.source + at, mask, NULL, outer, n)
        else:
            k.channel_affine(p.out + at, p.source + at, NULL, mask, NULL, outer, n, inner)


cdef void drop_channels(const step_t *s, const run_t *r, char *out, const char *source) noexcept nogil:
    cdef channels_t p
    p.s, p.r, p.out, p.source = s, r, out, source
    p.random = random_of(s.size[SEED], s.param[0], r)
    parallel_chunks(drop_channels_of, &p, r.rows, s.size[SIZE], r.threads)


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
