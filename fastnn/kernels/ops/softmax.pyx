"""y = softmax(x) or log_softmax(x) over one axis: the middle one of x as (outer, n, inner)."""

import numpy as np

from ..core.tables cimport fnn_kernels
from ..core.plan cimport Plan
from ..core.runtime cimport address, parallel_chunks, run_threads, table
from ..core.steps cimport BACKWARD, FORWARD, Step, Value
from ..core.types cimport DX, DY, OWN_SAVED, X, Y, idx_t, operand, run_t, step_t

cdef enum:
    COST = 4            # an exponential takes as long as copying so many elements

ctypedef void (*forward_fn)(void *, const void *, idx_t, idx_t, idx_t) noexcept nogil
ctypedef void (*backward_fn)(void *, const void *, const void *, idx_t, idx_t, idx_t) noexcept nogil

cdef enum:          # sizes
    OUTER           # for each row of the batch
    N
    INNER
    LOG

ctypedef struct pass_t:
    const fnn_kernels *kernels
    idx_t outer
    idx_t n
    idx_t inner
    bint log
    char *out
    const char *a       # x, or dy
    const char *y       # NULL: forward


cdef void softmax_rows(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef idx_t at = first * p.n * p.inner * p.kernels.itemsize
    cdef forward_fn f = p.kernels.log_softmax_forward if p.log else p.kernels.softmax_forward
    cdef backward_fn b = p.kernels.log_softmax_backward if p.log else p.kernels.softmax_backward
    if p.y is NULL:
        f(p.out + at, p.a + at, count, p.n, p.inner)
    else:
        b(p.out + at, p.a + at, p.y + at, count, p.n, p.inner)


cdef void over_rows(pass_t *p, int threads) noexcept nogil:
    parallel_chunks(softmax_rows, p, p.outer, COST * p.n * p.inner, threads)


cdef pass_t pass_of(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p
    p.kernels, p.log = s.kernels, s.size[LOG]
    p.outer, p.n, p.inner = s.size[OUTER] * r.rows, s.size[N], s.size[INNER]
    return p


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_of(s, r)
    p.out, p.a, p.y = operand(s, r, Y), operand(s, r, X), NULL
    over_rows(&p, r.threads)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_of(s, r)
    p.out, p.a, p.y = operand(s, r, DX), operand(s, r, DY), operand(s, r, OWN_SAVED)
    over_rows(&p, r.threads)


def emit(Plan plan, Value x, int axis=-1, bint log=False):
    """Append y = softmax(x) over `axis` of a row to `plan`; return y, of the shape of x."""
    cdef Step s = plan.add("log_softmax" if log else "softmax", forward, backward, NULL, 20.0 * x.size)
    cdef Value y = plan.value(x.shape, x.differentiable)
    y.producer = s
    axis += len(x.shape) if axis < 0 else 0
    s.c.size[N], s.c.size[LOG] = x.shape[axis], log
    s.c.size[OUTER] = Value(x.shape[:axis]).size
    s.c.size[INNER] = Value(x.shape[axis + 1:]).size
    s.use(X, x, FORWARD).use(Y, y, FORWARD)
    if y.differentiable:
        s.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD).use(OWN_SAVED, y, BACKWARD)
    return y


cdef over_axis(y, a, saved, int axis, bint log):
    """Write softmax(a) to y; or, if `saved` is a softmax and a its gradient, the gradient of its input."""
    cdef pass_t p
    axis += y.ndim if axis < 0 else 0
    p.kernels, p.log = table(y.dtype), log
    p.n = y.shape[axis]
    p.outer, p.inner = Value(y.shape[:axis]).size, Value(y.shape[axis + 1:]).size
    p.out, p.a, p.y = address(y), address(a), NULL if saved is None else address(saved)
    over_rows(&p, run_threads())
    return y


def apply(x, int axis=-1, bint log=False):
    """Return softmax(x) or log_softmax(x) over `axis` of a contiguous array of float32 or float64."""
    return over_axis(np.empty_like(x), x, None, axis, log)


def apply_gradient(g, y, int axis=-1, bint log=False):
    """Return the gradient of x, given g of y = softmax(x) or log_softmax(x) over `axis`; contiguous."""
    return over_axis(np.empty_like(g), g, y, axis, log)
