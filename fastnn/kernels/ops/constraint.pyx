"""Weights brought back to where they may be, after a step of the optimizer.

Threads take columns of their own, or rows where norms run along the last axis: no sum is split.
"""

from ..core.runtime cimport parallel_for

cdef idx_t COLUMNS = 64         # that a thread takes at a time
cdef idx_t ELEMENTS = 1 << 14   # or elements, where a column is one


ctypedef struct pass_t:
    const constraint_t *c
    const fnn_kernels *kernels
    char *w
    idx_t size              # columns, rows or elements of a piece


cdef void clip_columns(void *context, idx_t chunk, int thread) noexcept nogil:
    cdef const pass_t *p = <const pass_t *>context
    cdef const constraint_t *c = p.c
    cdef idx_t first = chunk * p.size
    p.kernels.clip_norms(p.w + first * p.kernels.itemsize, c.outer, c.n, min(p.size, c.inner - first),
                         c.inner, c.least, c.most, c.rate, c.epsilon)


cdef void clip_rows(void *context, idx_t chunk, int thread) noexcept nogil:
    cdef const pass_t *p = <const pass_t *>context
    cdef const constraint_t *c = p.c
    cdef idx_t first = chunk * p.size
    p.kernels.clip_norms(p.w + first * c.n * p.kernels.itemsize, min(p.size, c.outer - first), c.n, 1, 1,
                         c.least, c.most, c.rate, c.epsilon)


cdef void clip_elements(void *context, idx_t chunk, int thread) noexcept nogil:
    cdef const pass_t *p = <const pass_t *>context
    cdef idx_t first = chunk * p.size
    p.kernels.clip_negative(p.w + first * p.kernels.itemsize, min(p.size, p.c.inner - first))


cdef void constrain(const constraint_t *c, const fnn_kernels *kernels, int threads) noexcept nogil:
    """Project one weight."""
    cdef pass_t p = pass_t(c, kernels, c.w, 0)
    if c.n == 0:
        p.size = ELEMENTS
        parallel_for(clip_elements, &p, (c.inner + p.size - 1) // p.size, threads)
    elif c.inner == 1:
        p.size = max(1, ELEMENTS // c.n)
        parallel_for(clip_rows, &p, (c.outer + p.size - 1) // p.size, threads)
    else:
        p.size = COLUMNS
        parallel_for(clip_columns, &p, (c.inner + p.size - 1) // p.size, threads)
