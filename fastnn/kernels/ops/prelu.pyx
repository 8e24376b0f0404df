"""Parametric ReLU: y = x where x > 0, else alpha * x, with a learned alpha for each element, or shared.

A shared alpha is broadcast to the shape of a row before the kernel runs, and its gradient is summed back
afterwards, both through an index map made at creation.
"""

import numpy as np

from libc.string cimport memset

from ..core.plan cimport Plan
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DX, DY, FIRST_OWN, X, Y, idx_t, operand, run_t, step_t

cdef enum:
    ALPHA = FIRST_OWN
    DALPHA
    INDEX
    ROW_ALPHA       # alpha for each element of a row
    ROW_DALPHA


def emit(Plan plan, Value x, alpha):
    """Append y = prelu(x) to `plan`.

    Parameters
    ----------
    x : Value
    alpha : Variable
        Of the shape of a row of x, with 1 along the axes that share it.

    Returns
    -------
    Value
        Of the shape of x.
    """
    cdef Step s = plan.add("prelu", forward, backward, NULL, 4.0 * x.size)
    cdef Value y = plan.value(x.shape, plan.trains(alpha) or x.differentiable)
    size = int(np.prod(alpha.shape, dtype=np.int64))
    index = np.ascontiguousarray(np.broadcast_to(np.arange(size).reshape(alpha.shape), x.shape), np.int64)
    y.producer = s
    s.c.size[0], s.c.size[1] = x.size, size
    s.use(X, x, BOTH).use(Y, y, FORWARD).use(ALPHA, plan.parameter(alpha), FORWARD)
    s.use(INDEX, plan.constant(index), BOTH).use(ROW_ALPHA, plan.value(x.shape, False, False), BOTH)
    if y.differentiable:
        dx = plan.gradient(x)
        s.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.value(x.shape) if dx is None else dx, BACKWARD)
        s.use(DALPHA, plan.parameter_gradient(alpha), BACKWARD)
        s.use(ROW_DALPHA, plan.value(x.shape, False, False), BACKWARD)
    return y


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef char *alpha = operand(s, r, ROW_ALPHA)
    s.kernels.gather(alpha, operand(s, r, ALPHA), <const idx_t *>operand(s, r, INDEX), s.size[0])
    s.kernels.prelu_forward(operand(s, r, Y), operand(s, r, X), alpha, r.rows, s.size[0])


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef char *row = operand(s, r, ROW_DALPHA)
    cdef char *dalpha = operand(s, r, DALPHA)
    memset(row, 0, s.size[0] * s.kernels.itemsize)
    s.kernels.prelu_backward(operand(s, r, DX), row, operand(s, r, DY), operand(s, r, X),
                             operand(s, r, ROW_ALPHA), r.rows, s.size[0])
    if dalpha is NULL:
        return
    if not s.accumulate >> DALPHA & 1:
        memset(dalpha, 0, s.size[1] * s.kernels.itemsize)
    s.kernels.scatter_add(dalpha, row, <const idx_t *>operand(s, r, INDEX), s.size[0])
