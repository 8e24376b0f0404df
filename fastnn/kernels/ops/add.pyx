"""Sum of values of one shape: y = factor (x0 + x1 + ...).

Values are added to y one after the other, in chunks that stay in the L1 cache: so memory is read once for
each value, not once for each pair.
"""

from ..core.plan cimport Plan
from ..core.runtime cimport parallel_chunks
from ..core.steps cimport BACKWARD, FORWARD, Step, Value
from ..core.types cimport DY, FIRST_OWN, OPERANDS, Y, idx_t, operand, run_t, step_t

cdef enum:
    PARTS = (OPERANDS - FIRST_OWN) // 2     # values that one step adds; their gradients are further operands
    IN_L1 = 4       # width of an element for chunks: 16 KiB of y in float

cdef enum:          # sizes
    SIZE            # elements of a row
    COUNT

ctypedef struct pass_t:
    const step_t *s
    const run_t *r


def emit(Plan plan, list xs, double factor=1.0):
    """Append the sum of values of one shape, times `factor`, to `plan`.

    Returns
    -------
    Value
    """
    cdef Value x = xs[0], y, v
    cdef Step s
    cdef int i
    for start in range(1, max(2, len(xs)), PARTS - 1):
        rest = xs[start:start + PARTS - 1]
        s = plan.add("add", forward, backward, NULL, <double>x.size * (1 + len(rest)))
        y = plan.value(x.shape, any([v.differentiable for v in [x, *rest]]))
        y.producer = s
        s.c.size[SIZE], s.c.size[COUNT] = x.size, 1 + len(rest)
        s.c.param[0] = factor if start + len(rest) >= len(xs) else 1
        s.use(Y, y, FORWARD)
        if y.differentiable:
            s.use(DY, plan.gradient(y), BACKWARD)
        for i, v in enumerate([x, *rest]):
            s.use(FIRST_OWN + 2 * i, v, FORWARD)
            if y.differentiable:
                s.use(FIRST_OWN + 2 * i + 1, plan.gradient(v), BACKWARD)
        x = y
    return x


cdef void add(void *context, idx_t first, idx_t n, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef idx_t at = first * s.kernels.itemsize
    cdef int j, last = <int>s.size[COUNT] - 1
    cdef char *y = operand(s, p.r, Y) + at
    cdef const char *sum = operand(s, p.r, FIRST_OWN) + at
    if not last:
        s.kernels.merge_sum(y, sum, NULL, n, s.param[0])
    for j in range(1, last + 1):
        s.kernels.merge_sum(y, sum, operand(s, p.r, FIRST_OWN + 2 * j) + at, n,
                            s.param[0] if j == last else 1)
        sum = y


cdef void pass_gradient(void *context, idx_t first, idx_t n, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef idx_t at = first * s.kernels.itemsize
    cdef char *dx
    cdef int j
    for j in range(<int>s.size[COUNT]):
        dx = operand(s, p.r, FIRST_OWN + 2 * j + 1)
        if dx is not NULL:
            s.kernels.merge_sum(dx + at, operand(s, p.r, DY) + at, NULL, n, s.param[0])


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_t(s, r)
    parallel_chunks(add, &p, s.size[SIZE] * r.rows, IN_L1, r.threads)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_t(s, r)
    parallel_chunks(pass_gradient, &p, s.size[SIZE] * r.rows, IN_L1, r.threads)
