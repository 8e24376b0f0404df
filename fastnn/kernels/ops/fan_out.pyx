"""A value that several layers read: each makes a gradient of its own, and the value's is their sum.

Forward there is nothing to do, as all read the same memory. The first reader's gradient is made where the
value's own has to be, the others are added to it in their order, so the sum depends on nothing else. Where
nobody reads a value, its gradient is zero.
"""

from libc.string cimport memset

from ..core.plan cimport Plan
from ..core.runtime cimport parallel_for
from ..core.steps cimport BACKWARD, Step, Value
from ..core.types cimport DX, FIRST_OWN, OPERANDS, idx_t, operand, run_t, step_t

cdef idx_t CHUNK = 1 << 14      # elements that a thread takes at a time

cdef enum:          # sizes
    SIZE            # elements of a row
    COUNT           # gradients to add, operands from FIRST_OWN on

ctypedef struct pass_t:
    const step_t *s
    const run_t *r
    idx_t n             # elements of the run


def emit(Plan plan, Value x, int readers):
    """Append to `plan` what lets so many readers read x, and return a value for each of them.

    It has to come before the readers: backward runs last to first.

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
    """The memory of x under another name."""
    cdef Value y = Value(x.shape, x.space, x.differentiable, root=x.root, times=x.times, flow=flow)
    y.mask = x.mask
    return y


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    pass


cdef void add(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef idx_t at = i * CHUNK * s.kernels.itemsize, n = min(CHUNK, p.n - i * CHUNK), j
    cdef char *dx = operand(s, p.r, DX) + at
    for j in range(s.size[COUNT]):
        s.kernels.merge_sum(dx, dx, operand(s, p.r, FIRST_OWN + <int>j) + at, n, 1)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p
    p.s, p.r, p.n = s, r, s.size[SIZE] * r.rows
    parallel_for(add, &p, (p.n + CHUNK - 1) // CHUNK, r.threads)
