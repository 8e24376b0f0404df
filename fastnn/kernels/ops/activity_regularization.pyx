"""l1 * sum |y| + l2 * sum y^2 of an output over the rows of a batch, divided by their number, in the loss.

It is emitted right behind what makes y: backward, that comes after all readers of y, whose gradient it adds
to. The sum is one pass in the order of memory; the gradient is divided over threads.
"""

from ..core.plan cimport Plan
from ..core.runtime cimport parallel_for
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport FIRST_OWN, idx_t, operand, run_t, step_t

cdef idx_t CHUNK = 1 << 14      # elements that a thread takes at a time

cdef enum:
    W = FIRST_OWN
    DW

ctypedef struct pass_t:
    const step_t *s
    const run_t *r
    idx_t n


def emit(Plan plan, Value y, double l1, double l2):
    """Append the penalty of y to `plan`; then nothing else can be done behind what makes y."""
    cdef Step s = plan.add("activity_regularization", forward, backward, NULL, 2.0 * y.size)
    s.c.size[0], s.c.param[0], s.c.param[1] = y.size, l1, l2
    s.use(W, y, FORWARD)
    y.producer = None
    if y.differentiable:
        s.use(W, y, BOTH).use(DW, plan.gradient(y), BACKWARD)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    r.totals[0].value += s.kernels.regularization(
        NULL, operand(s, r, W), s.size[0] * r.rows, s.param[0], s.param[1])


cdef void chunk(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef idx_t at = i * CHUNK * s.kernels.itemsize
    s.kernels.regularization(operand(s, p.r, DW) + at, operand(s, p.r, W) + at, min(CHUNK, p.n - i * CHUNK),
                             s.param[0] / p.r.rows, s.param[1] / p.r.rows)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_t(s, r, s.size[0] * r.rows)
    if s.at[DW].space >= 0:
        parallel_for(chunk, &p, (p.n + CHUNK - 1) // CHUNK, r.threads)
