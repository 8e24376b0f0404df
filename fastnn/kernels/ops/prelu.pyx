"""y = x where x > 0, else alpha * x, with alpha learned: one for each element of a row, or shared over axes.

A shared alpha is expanded to the shape of a row before the kernel and its gradient folded after it, through
an index map made at creation.
"""

import numpy as np

from libc.string cimport memset

from .indexed cimport expand, fold
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
        Of the shape of a row, with 1 where it is shared.

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
    cdef const idx_t *index = <const idx_t *>operand(s, r, INDEX)
    if s.kernels.itemsize == sizeof(float):
        expand(<float *>alpha, <const float *>operand(s, r, ALPHA), index, s.size[0])
    else:
        expand(<double *>alpha, <const double *>operand(s, r, ALPHA), index, s.size[0])
    s.kernels.prelu_forward(operand(s, r, Y), operand(s, r, X), alpha, r.rows, s.size[0])


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef char *row = operand(s, r, ROW_DALPHA)
    cdef char *dalpha = operand(s, r, DALPHA)
    cdef const idx_t *index = <const idx_t *>operand(s, r, INDEX)
    memset(row, 0, s.size[0] * s.kernels.itemsize)
    s.kernels.prelu_backward(operand(s, r, DX), row, operand(s, r, DY), operand(s, r, X),
                             operand(s, r, ROW_ALPHA), r.rows, s.size[0])
    if dalpha is NULL:
        return
    if not s.accumulate >> DALPHA & 1:
        memset(dalpha, 0, s.size[1] * s.kernels.itemsize)
    if s.kernels.itemsize == sizeof(float):
        fold(<float *>dalpha, <const float *>row, index, s.size[0])
    else:
        fold(<double *>dalpha, <const double *>row, index, s.size[0])
