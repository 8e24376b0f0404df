"""Random contrast and brightness for each image: y = clip(factor x + (1 - factor) mean(x) + delta).

The mean is that of a channel of the image. Random numbers depend on seed, step and row; backward draws the
same ones again.
"""

import numpy as np

from ..core.tables cimport fnn_kernels, fnn_random
from ..core.plan cimport Plan
from ..core.random cimport random_of
from ..core.runtime cimport parallel_chunks
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DX, DY, FIRST_OWN, X, Y, idx_t, operand, run_t, step_t

cdef enum:
    DRAWS = 4       # random numbers for each row of the batch: a block of the generator; two are used
    PASSES = 4      # width of an element for chunks: an image is read twice and written twice

cdef enum:          # operands
    RANGES = FIRST_OWN  # lower and upper bounds of factor, delta and result

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


cdef void adjust_images(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef const pass_t *p = <const pass_t *>context
    cdef const fnn_kernels *k = p.s.kernels
    cdef const double *q = p.ranges
    cdef idx_t n = p.s.size[CHANNELS], m = p.s.size[SIZE] // n, row, at
    cdef char *workspace = p.r.scratch + thread * p.r.scratch_size
    cdef double drawn[2]        # factor and delta
    for row in range(first, first + count):
        at = row * p.s.size[SIZE] * k.itemsize
        k.uniform_between(drawn, q, row * DRAWS, 2, &p.random)
        if p.dy is NULL:
            k.adjust_forward(p.out + at, p.x + at, workspace, m, n, drawn[0], drawn[1], q[4], q[5])
        else:
            k.adjust_backward(
                p.out + at, p.dy + at, p.x + at, workspace, m, n, drawn[0], drawn[1], q[4], q[5])


cdef void adjust(const step_t *s, const run_t *r, char *out, const char *dy) noexcept nogil:
    cdef pass_t p
    p.s, p.r, p.out, p.dy, p.x = s, r, out, dy, operand(s, r, X)
    p.ranges = <const double *>operand(s, r, RANGES)
    p.random = random_of(s.size[SEED], 0, r)
    parallel_chunks(adjust_images, &p, r.rows, PASSES * s.size[SIZE], r.threads)


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
        Ranges that they are drawn from.
    value_range : (float, float)
        Range that results are clipped to.
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
