"""Activity penalty: l1 * sum |y| + l2 * sum y^2 over a batch, divided by its rows, is added to the loss.

The step is appended directly after the step that computes y: backward it runs after all readers of y, and
adds to the gradient that they made. The sum is one pass in memory order; the gradient is split over threads.
"""

from ..core.plan cimport Plan
from ..core.runtime cimport parallel_chunks
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport FIRST_OWN, idx_t, operand, run_t, step_t

cdef enum:
    W = FIRST_OWN
    DW

ctypedef struct pass_t:
    const step_t *s
    const run_t *r


def emit(Plan plan, Value y, double l1, double l2):
    """Append the penalty of y to `plan`; no later step can be fused into the one that computes y then."""
    cdef Step s = plan.add("activity_regularization", forward, backward, NULL, 2.0 * y.size)
    s.c.size[0], s.c.param[0], s.c.param[1] = y.size, l1, l2
    s.use(W, y, FORWARD)
    y.producer = None
    if y.differentiable:
        s.use(W, y, BOTH).use(DW, plan.gradient(y), BACKWARD)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    r.totals[0].value += s.kernels.regularization(
        NULL, operand(s, r, W), s.size[0] * r.rows, s.param[0], s.param[1])


cdef void add_gradient(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef idx_t at = first * s.kernels.itemsize
    s.kernels.regularization(operand(s, p.r, DW) + at, operand(s, p.r, W) + at, count,
                             s.param[0] / p.r.rows, s.param[1] / p.r.rows)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_t(s, r)
    if s.at[DW].space >= 0:
        parallel_chunks(add_gradient, &p, s.size[0] * r.rows, 1, r.threads)
