"""Projection of weights onto their constraints, after each update.

Threads take blocks of columns, or rows if norms run along the last axis: no sum is split.
"""

from ..core.runtime cimport ceil_div, parallel_chunks

cdef enum:
    COLUMNS = 64            # of a block: whole vectors and cache lines


ctypedef struct pass_t:
    const constraint_t *c
    const fnn_kernels *kernels


cdef void clip_columns(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef const pass_t *p = <const pass_t *>context
    cdef const constraint_t *c = p.c
    cdef idx_t column = first * COLUMNS
    p.kernels.clip_norms(c.w + column * p.kernels.itemsize, c.outer, c.n,
                         min(count * COLUMNS, c.inner - column), c.inner, c.least, c.most, c.rate, c.epsilon)


cdef void clip_rows(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef const pass_t *p = <const pass_t *>context
    cdef const constraint_t *c = p.c
    p.kernels.clip_norms(c.w + first * c.n * p.kernels.itemsize, count, c.n, 1, 1, c.least, c.most, c.rate,
                         c.epsilon)


cdef void clip_elements(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef const pass_t *p = <const pass_t *>context
    p.kernels.clip_negative(p.c.w + first * p.kernels.itemsize, count)


cdef void constrain(const constraint_t *c, const fnn_kernels *kernels, int threads) noexcept nogil:
    """Project one weight onto its constraint."""
    cdef pass_t p = pass_t(c, kernels)
    if c.n == 0:
        parallel_chunks(clip_elements, &p, c.inner, 1, threads)
    elif c.inner == 1:
        parallel_chunks(clip_rows, &p, c.outer, c.n, threads)
    else:
        parallel_chunks(clip_columns, &p, ceil_div(c.inner, COLUMNS), c.outer * c.n * COLUMNS, threads)
