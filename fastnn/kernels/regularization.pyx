"""l1 * sum |w| + l2 * sum w^2 of one weight, added to the loss, and its gradient to the weight's."""

from .plan cimport Plan
from .steps cimport BACKWARD, BOTH, Step
from .types cimport FIRST_OWN, operand, run_t, step_t

cdef enum:
    W = FIRST_OWN
    DW


def emit(Plan plan, variable, double l1, double l2):
    """Append the penalty of `variable` to `plan`; it counts once for every row in the total of the loss.

    It has to be appended before the layers are: backward runs last to first, and adds to what they made.
    """
    cdef Step s = plan.add("regularization", forward, backward, NULL, 0)
    s.c.size[0], s.c.param[0], s.c.param[1] = plan.parameter(variable).size, l1, l2
    s.use(W, plan.parameter(variable), BOTH).use(DW, plan.parameter_gradient(variable), BACKWARD)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef double penalty = s.kernels.regularization(NULL, operand(s, r, W), s.size[0], s.param[0], s.param[1])
    r.totals[0].value += r.rows * penalty


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    if s.at[DW].space >= 0:
        s.kernels.regularization(operand(s, r, DW), operand(s, r, W), s.size[0], s.param[0], s.param[1])
