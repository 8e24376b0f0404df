"""y = factor (x0 + x1 + ...), of values of one shape.

Sums are made in y, two at a time from the first one on, in pieces that stay in L1: so memory is passed over
once for each value, not once for each pair.
"""

from ..core.plan cimport Plan
from ..core.runtime cimport parallel_for
from ..core.steps cimport BACKWARD, FORWARD, Step, Value
from ..core.types cimport DY, FIRST_OWN, OPERANDS, Y, idx_t, operand, run_t, step_t

cdef idx_t CHUNK = 1 << 12      # elements that a thread takes at a time

cdef enum:
    PARTS = (OPERANDS - FIRST_OWN) // 2     # values that one step adds; their gradients are further operands

cdef enum:          # sizes
    SIZE            # elements of a row
    COUNT

ctypedef struct pass_t:
    const step_t *s
    const run_t *r
    idx_t n             # elements of the run


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


cdef void chunk(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef idx_t at = i * CHUNK * s.kernels.itemsize, n = min(CHUNK, p.n - i * CHUNK)
    cdef int j, last = <int>s.size[COUNT] - 1
    cdef char *y = operand(s, p.r, Y) + at
    cdef const char *sum = operand(s, p.r, FIRST_OWN) + at
    if not last:
        s.kernels.merge_sum(y, sum, NULL, n, s.param[0])
    for j in range(1, last + 1):
        s.kernels.merge_sum(y, sum, operand(s, p.r, FIRST_OWN + 2 * j) + at, n,
                            s.param[0] if j == last else 1)
        sum = y


cdef void gradient_chunk(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef idx_t at = i * CHUNK * s.kernels.itemsize, n = min(CHUNK, p.n - i * CHUNK)
    cdef char *dx
    cdef int j
    for j in range(<int>s.size[COUNT]):
        dx = operand(s, p.r, FIRST_OWN + 2 * j + 1)
        if dx is not NULL:
            s.kernels.merge_sum(dx + at, operand(s, p.r, DY) + at, NULL, n, s.param[0])


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_t(s, r, s.size[SIZE] * r.rows)
    parallel_for(chunk, &p, (p.n + CHUNK - 1) // CHUNK, r.threads)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_t(s, r, s.size[SIZE] * r.rows)
    parallel_for(gradient_chunk, &p, (p.n + CHUNK - 1) // CHUNK, r.threads)
