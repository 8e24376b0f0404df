"""A value with several readers: each computes a gradient of its own, and the value's gradient is their sum.

Forward there is nothing to do, as all readers share the memory of the value. The first reader writes its
gradient in place of the value's, and the others are added to it in the order of the readers. The gradient of
a value without readers is zero.
"""

from libc.string cimport memset

from ..core.plan cimport Plan
from ..core.runtime cimport parallel_chunks
from ..core.steps cimport BACKWARD, Step, Value
from ..core.types cimport DX, FIRST_OWN, OPERANDS, idx_t, operand, run_t, step_t

cdef enum:          # sizes
    SIZE            # elements of a row
    COUNT           # gradients to add, operands from FIRST_OWN on

ctypedef struct pass_t:
    const step_t *s
    const run_t *r


def emit(Plan plan, Value x, int readers):
    """Append the sum of the gradients of so many readers of x to `plan`; return a value for each of them.

    The step comes before the readers, since backward runs from last to first.

    Returns
    -------
    list of Value
    """
    cdef Value dx = plan.gradient(x), y
    cdef Step s = None
    if dx is None or readers == 1:
        return [x] * readers
    if not readers:
        s = plan.add("unread", forward, clear, NULL, 0)
        s.c.size[SIZE] = x.size
        s.use(DX, dx, BACKWARD)
        return []
    values = [alias(x, x.flow)]
    for i in range(readers - 1):
        if i % (OPERANDS - FIRST_OWN) == 0:
            s = plan.add("fan_out", forward, backward, NULL, 0)
            s.c.size[SIZE] = x.size
            s.use(DX, dx, BACKWARD)
        y = alias(x, None)
        s.use(FIRST_OWN + <int>s.c.size[COUNT], plan.gradient(y), BACKWARD)
        s.c.size[COUNT] += 1
        values.append(y)
    return values


cdef void clear(const step_t *s, const run_t *r) noexcept nogil:
    memset(operand(s, r, DX), 0, s.size[SIZE] * r.rows * s.kernels.itemsize)


cdef Value alias(Value x, Value flow):
    """Return another value in the memory of x; `flow` as in `Value`."""
    cdef Value y = Value(x.shape, x.space, x.differentiable, root=x.root, times=x.times, flow=flow)
    y.mask = x.mask
    return y


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    pass


cdef void add(void *context, idx_t first, idx_t n, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef idx_t at = first * s.kernels.itemsize, j
    cdef char *dx = operand(s, p.r, DX) + at
    for j in range(s.size[COUNT]):
        s.kernels.merge_sum(dx, dx, operand(s, p.r, FIRST_OWN + <int>j) + at, n, 1)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_t(s, r)
    parallel_chunks(add, &p, s.size[SIZE] * r.rows, 1, r.threads)
