"""Contrast and brightness, drawn for each image: y = clip(factor x + (1 - factor) mean(x) + delta).

The mean is that of a channel of the image. The draws depend on seed, step and row; backward repeats them.
"""

import numpy as np

from ..core.tables cimport fnn_kernels, fnn_random
from ..core.plan cimport Plan
from ..core.random cimport random_of
from ..core.runtime cimport parallel_for
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DX, DY, FIRST_OWN, X, Y, idx_t, operand, run_t, step_t

cdef enum:
    DRAWS = 4       # uniform numbers for each row of the batch, a block of the generator

cdef enum:          # operands
    RANGES = FIRST_OWN  # least and largest factor, delta and result

cdef enum:          # sizes
    SIZE            # elements for each row of the batch
    CHANNELS
    SEED

ctypedef struct pass_t:
    const step_t *s
    const run_t *r
    const double *ranges
    fnn_random random
    char *out
    const char *dy      # NULL: forward
    const char *x


cdef void adjust_row(void *context, idx_t row, int thread) noexcept nogil:
    cdef const pass_t *p = <const pass_t *>context
    cdef const fnn_kernels *k = p.s.kernels
    cdef const double *q = p.ranges
    cdef idx_t n = p.s.size[CHANNELS], m = p.s.size[SIZE] // n, at = row * p.s.size[SIZE] * k.itemsize
    cdef char *workspace = p.r.scratch + thread * p.r.scratch_size
    cdef double drawn[DRAWS]
    cdef double factor, delta
    k.uniform(drawn, row * DRAWS, DRAWS, &p.random)
    factor, delta = q[0] + drawn[0] * (q[1] - q[0]), q[2] + drawn[1] * (q[3] - q[2])
    if p.dy is NULL:
        k.adjust_forward(p.out + at, p.x + at, workspace, m, n, factor, delta, q[4], q[5])
    else:
        k.adjust_backward(p.out + at, p.dy + at, p.x + at, workspace, m, n, factor, delta, q[4], q[5])


cdef void adjust(const step_t *s, const run_t *r, char *out, const char *dy) noexcept nogil:
    cdef pass_t p
    p.s, p.r, p.out, p.dy, p.x = s, r, out, dy, operand(s, r, X)
    p.ranges = <const double *>operand(s, r, RANGES)
    p.random = random_of(s.size[SEED], 0, r)
    parallel_for(adjust_row, &p, r.rows, r.threads)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    adjust(s, r, operand(s, r, Y), NULL)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    adjust(s, r, operand(s, r, DX), operand(s, r, DY))


cdef idx_t workspace_size(const step_t *s, idx_t rows) noexcept nogil:
    return 2 * s.size[CHANNELS] * s.kernels.itemsize


def emit(Plan plan, Value x, factor, delta, value_range, unsigned long long seed):
    """Append y = clip(factor x + (1 - factor) mean(x) + delta) to `plan`.

    Parameters
    ----------
    plan : Plan
    x : Value
        Rows of (..., channels).
    factor, delta : (float, float)
        The ranges that they are drawn from.
    value_range : (float, float)
        What results are clipped to.
    seed : int

    Returns
    -------
    Value
        Of the shape of x.
    """
    cdef Step s = plan.add("adjust", forward, backward, workspace_size, 6.0 * x.size)
    cdef Value y = plan.value(x.shape, x.differentiable)
    y.producer = s
    s.c.size[SIZE], s.c.size[CHANNELS], s.c.size[SEED] = x.size, x.shape[len(x.shape) - 1], <idx_t>seed
    s.use(X, x, BOTH).use(Y, y, FORWARD)
    s.use(RANGES, plan.constant(np.array([*factor, *delta, *value_range], np.float64)), BOTH)
    if y.differentiable:
        s.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD)
    return y
