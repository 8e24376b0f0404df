"""Penalties on a weight, added to the loss, and their gradients, added to the gradient of the weight.

l1 * sum |w| + l2 * sum w^2 is a kernel. Penalties written in Python depend on weights alone, so they are
computed before a run, and their step adds the result. A penalty is added once for each row to the total of
the loss. Penalties are appended before the layers: backward runs from last to first, and adds to the
gradients that the layers wrote.
"""

import numpy as np

from ..core.plan cimport Plan
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step
from ..core.types cimport FIRST_OWN, operand, run_t, step_t

cdef enum:
    W = FIRST_OWN
    DW
    VALUE
    GRADIENT


def emit(Plan plan, variable, double l1, double l2):
    """Append the penalty l1 * sum |w| + l2 * sum w^2 of `variable`."""
    cdef Step s = plan.add("regularization", forward, backward, NULL, 0)
    s.c.size[0], s.c.param[0], s.c.param[1] = plan.parameter(variable).size, l1, l2
    s.use(W, plan.parameter(variable), BOTH).use(DW, plan.parameter_gradient(variable), BACKWARD)


def emit_own(Plan plan, variable, penalty):
    """Append a penalty written in Python: `penalty(out)` returns its value, its gradient goes to `out`."""
    cdef Step s = plan.add("penalty", add_value, add_gradient, NULL, 0)
    value, gradient = np.zeros(1), np.zeros(variable.shape, plan.dtype)
    s.c.size[0] = variable.size
    s.use(VALUE, plan.constant(value), FORWARD).use(GRADIENT, plan.constant(gradient), BACKWARD)
    s.use(DW, plan.parameter_gradient(variable), BACKWARD)

    def compute(rows):
        value[0] = penalty(gradient)

    plan.guards.append(compute)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef double penalty = s.kernels.regularization(NULL, operand(s, r, W), s.size[0], s.param[0], s.param[1])
    r.totals[0].value += r.rows * penalty


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    if s.at[DW].space >= 0:
        s.kernels.regularization(operand(s, r, DW), operand(s, r, W), s.size[0], s.param[0], s.param[1])


cdef void add_value(const step_t *s, const run_t *r) noexcept nogil:
    r.totals[0].value += r.rows * (<double *>operand(s, r, VALUE))[0]


cdef void add_gradient(const step_t *s, const run_t *r) noexcept nogil:
    if s.at[DW].space >= 0:
        s.kernels.add_parts(operand(s, r, DW), operand(s, r, GRADIENT), s.size[0], 1, s.size[0], True)
