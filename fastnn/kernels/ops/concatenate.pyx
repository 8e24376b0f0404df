"""Values behind each other along an axis of a row: every element is moved once, and its gradient once back.

From the axis on, a row of each value is a few runs of neighbours, which take turns in the result.
"""

import numpy as np

from ..core.plan cimport Plan
from ..core.runtime cimport parallel_for
from ..core.steps cimport BACKWARD, FORWARD, Step, Value
from ..core.types cimport DY, FIRST_OWN, OPERANDS, Y, idx_t, operand, run_t, step_t

cdef idx_t CHUNK = 1 << 14      # elements of the result that a thread takes at a time

cdef enum:
    PARTS = (OPERANDS - FIRST_OWN) // 2     # values that one step moves; their gradients are further operands

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
    idx_t runs          # of the whole batch
    idx_t chunk         # runs that a thread takes at a time


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


cdef void chunk(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef idx_t first = i * p.chunk, item = s.kernels.itemsize
    cdef idx_t[2] n, whole = [s.size[RUN], 1], part = [0, 1]
    cdef char *y = operand(s, p.r, DY if p.backward else Y) + first * s.size[RUN] * item
    cdef char *x
    cdef int j
    n[0] = min(p.chunk, p.runs - first)
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
    cdef pass_t p
    p.s, p.r, p.backward, p.runs = s, r, backward, s.size[OUTER] * r.rows
    p.chunk = max(1, CHUNK // max(1, s.size[RUN]))
    parallel_for(chunk, &p, (p.runs + p.chunk - 1) // p.chunk, r.threads)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    move(s, r, False)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    move(s, r, True)
