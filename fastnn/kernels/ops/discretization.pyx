"""y = the number of the interval that x lies in: how many of some ascending bounds are not above it."""

import numpy as np

from ..core.plan cimport Plan
from ..core.runtime cimport parallel_for
from ..core.steps cimport FORWARD, Step, Value
from ..core.types cimport FIRST_OWN, X, Y, idx_t, operand, run_t, step_t

cdef idx_t CHUNK = 1 << 12      # elements that a thread takes at a time

cdef enum:          # operands
    BOUNDS = FIRST_OWN

cdef enum:          # sizes
    SIZE            # elements for each row of the batch
    COUNT           # bounds

ctypedef struct pass_t:
    const step_t *s
    const run_t *r
    idx_t n             # of the run


def emit(Plan plan, Value x, bounds):
    """Append the numbers of the intervals between ascending bounds to `plan`, as reals of the shape of x.

    A contiguous array of the dtype of the plan is read in each run, so it may change.
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


cdef void find(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef idx_t at = i * CHUNK * s.kernels.itemsize
    s.kernels.bin_numbers(operand(s, p.r, Y) + at, operand(s, p.r, X) + at, operand(s, p.r, BOUNDS),
                          min(CHUNK, p.n - i * CHUNK), s.size[COUNT])


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p
    p.s, p.r, p.n = s, r, s.size[SIZE] * r.rows
    parallel_for(find, &p, (p.n + CHUNK - 1) // CHUNK, r.threads)
