"""Concatenation of values along an axis: every element is copied once, and its gradient copied back once.

From the axis on, a row of each value consists of runs of contiguous elements, which alternate in the result.
"""

import numpy as np

from ..core.plan cimport Plan
from ..core.runtime cimport parallel_chunks
from ..core.steps cimport BACKWARD, FORWARD, Step, Value
from ..core.types cimport DY, FIRST_OWN, OPERANDS, Y, idx_t, operand, run_t, step_t

cdef enum:
    PARTS = (OPERANDS - FIRST_OWN) // 2     # values of one step; their gradients are further operands

cdef enum:          # sizes
    OUTER           # runs of each value in a row
    RUN             # of the result
    COUNT
    AT              # where the run of each value begins
    LENGTH = AT + PARTS

ctypedef struct pass_t:
    const step_t *s
    const run_t *r
    bint backward


def emit(Plan plan, list xs, int axis):
    """Append the concatenation of values along `axis` of a row, counted from 0, to `plan`.

    Returns
    -------
    Value
    """
    cdef Value x = xs[0], y, v
    cdef Step s = None
    cdef int i
    lengths = [v.shape[axis] * int(np.prod(x.shape[axis + 1:], dtype=np.int64)) for v in xs]
    shape = (*x.shape[:axis], sum([v.shape[axis] for v in xs]), *x.shape[axis + 1:])
    y = plan.value(shape, any([v.differentiable for v in xs]))
    for i, v in enumerate(xs):
        if i % PARTS == 0:
            s = plan.add("concatenate", forward, backward, NULL, <double>y.size)
            s.c.size[OUTER] = np.prod(x.shape[:axis], dtype=np.int64)
            s.c.size[RUN] = sum(lengths)
            s.use(Y, y, FORWARD)
            if y.differentiable:
                s.use(DY, plan.gradient(y), BACKWARD)
        part = i % PARTS
        s.c.size[COUNT] += 1
        s.c.size[AT + <int>part], s.c.size[LENGTH + <int>part] = sum(lengths[:i]), lengths[i]
        s.use(FIRST_OWN + 2 * part, v, FORWARD)
        if y.differentiable:
            s.use(FIRST_OWN + 2 * part + 1, plan.gradient(v), BACKWARD)
    return y


cdef void copy_runs(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef idx_t item = s.kernels.itemsize
    cdef idx_t[2] n, whole = [s.size[RUN], 1], part = [0, 1]
    cdef char *y = operand(s, p.r, DY if p.backward else Y) + first * s.size[RUN] * item
    cdef char *x
    cdef int j
    n[0] = count
    for j in range(s.size[COUNT]):
        x = operand(s, p.r, FIRST_OWN + 2 * j + p.backward)
        if x is NULL:
            continue
        n[1] = part[0] = s.size[LENGTH + j]
        x += first * n[1] * item
        if p.backward:
            s.kernels.strided_copy(x, y + s.size[AT + j] * item, 2, n, part, whole)
        else:
            s.kernels.strided_copy(y + s.size[AT + j] * item, x, 2, n, whole, part)


cdef void move(const step_t *s, const run_t *r, bint backward) noexcept nogil:
    cdef pass_t p = pass_t(s, r, backward)
    parallel_chunks(copy_runs, &p, s.size[OUTER] * r.rows, s.size[RUN], r.threads)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    move(s, r, False)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    move(s, r, True)
