"""Discretization: y = the number of the interval that x lies in, or how many ascending bounds are <= x."""

import numpy as np

from ..core.plan cimport Plan
from ..core.runtime cimport parallel_chunks
from ..core.steps cimport FORWARD, Step, Value
from ..core.types cimport FIRST_OWN, X, Y, idx_t, operand, run_t, step_t

cdef enum:          # operands
    BOUNDS = FIRST_OWN

cdef enum:          # sizes
    SIZE            # elements for each row of the batch
    COUNT           # bounds

cdef enum:
    COST = 4        # width of an element for chunks: each is compared with all bounds

ctypedef struct pass_t:
    const step_t *s
    const run_t *r


def emit(Plan plan, Value x, bounds):
    """Append the numbers of the intervals between ascending bounds to `plan`, as reals of the shape of x.

    Bounds in a contiguous array of the plan's dtype are read in place in each run, so they may change.
    """
    if x.root.differentiable:
        raise ValueError("input: intervals have no gradient, so nothing before them may learn")
    cdef Step s = plan.add("discretization", forward, NULL, NULL, <double>(x.size * max(1, len(bounds))))
    cdef Value y = plan.value(x.shape)
    y.producer = s
    s.c.size[SIZE], s.c.size[COUNT] = x.size, len(bounds)
    s.use(X, x, FORWARD).use(Y, y, FORWARD)
    s.use(BOUNDS, plan.constant(np.asarray(bounds, plan.dtype)), FORWARD)
    return y


cdef void find(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef idx_t at = first * s.kernels.itemsize
    s.kernels.bin_numbers(operand(s, p.r, Y) + at, operand(s, p.r, X) + at, operand(s, p.r, BOUNDS), count,
                          s.size[COUNT])


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_t(s, r)
    parallel_chunks(find, &p, s.size[SIZE] * r.rows, COST, r.threads)
