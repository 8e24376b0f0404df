"""y = (x - mean) gamma / sqrt(variance + epsilon) + beta over the last axis, or without mean and beta.

Rows here are those of the last axis, n elements each. The sums for the gradients of gamma and beta are taken
in parts that depend on the shape alone, and put together in their order.
"""

from libc.string cimport memset

from .norm cimport CHUNK, MOST_PARTS, add_gradient, doubles, multiply_gradient, whole
from ..core.plan cimport Plan
from ..core.runtime cimport parallel_for
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DX, DY, FIRST_OWN, SAVED, X, Y, idx_t, operand, run_t, step_t

cdef enum:          # operands
    GAMMA = FIRST_OWN
    BETA
    DGAMMA
    DBETA
    STATISTICS      # inverse of each row, then means, if these are taken off
    SUMS            # (parts, 2, n) of double

cdef enum:          # sizes
    ROWS            # for each row of the batch
    N
    CENTERED

cdef idx_t WIDE = 1 << 13   # elements from which there are fewer parts, since each has two sums of double

ctypedef struct pass_t:
    const step_t *step
    const run_t *run
    idx_t rows          # of the whole batch
    idx_t per_part
    idx_t parts


def emit(Plan plan, Value x, gamma, beta, double epsilon, bint centered=True):
    """Append a normalisation of each row over its last axis to `plan`.

    Parameters
    ----------
    plan : Plan
    x : Value
        (..., n).
    gamma, beta : Variable or None
        Of n elements, for 1 and 0 if they are None.
    epsilon : float
    centered : bool, default True
        Whether the mean is taken off; else it is the mean square that becomes 1.

    Returns
    -------
    Value
        Of the shape of x.
    """
    cdef Step s = plan.add("layer_norm", forward, backward, NULL, 10.0 * x.size)
    learns = plan.trains(gamma) or plan.trains(beta)
    cdef Value y = plan.value(x.shape, learns or x.differentiable)
    cdef idx_t n = x.shape[len(x.shape) - 1], rows = x.size // n
    y.producer = s
    s.c.size[ROWS], s.c.size[N], s.c.size[CENTERED], s.c.param[0] = rows, n, centered, epsilon
    s.use(X, x, BOTH).use(Y, y, FORWARD).use(STATISTICS, plan.value(((1 + centered) * rows,)), BOTH)
    s.use(GAMMA, plan.parameter(gamma), BOTH).use(BETA, plan.parameter(beta), FORWARD)
    if y.differentiable:
        s.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD)
        s.fuses_gradient = True
    if learns and plan.training:
        s.use(DGAMMA, plan.parameter_gradient(gamma), BACKWARD)
        s.use(DBETA, plan.parameter_gradient(beta), BACKWARD)
        sums = plan.value((doubles(2 * most_parts(n) * n, plan.kernels.itemsize),), False, False)
        s.use(SUMS, sums, BACKWARD)
    return y


cdef idx_t most_parts(idx_t n) noexcept nogil:
    return MOST_PARTS if n <= WIDE else MOST_PARTS // 4


cdef pass_t pass_of(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p
    p.step, p.run, p.rows = s, r, s.size[ROWS] * r.rows
    p.parts = max(1, min(most_parts(s.size[N]), min(p.rows // 16, p.rows * s.size[N] // CHUNK)))
    p.per_part = max(1, whole(p.rows, p.parts))
    p.parts = max(1, whole(p.rows, p.per_part))
    return p


cdef idx_t chunk_of(const step_t *s) noexcept nogil:
    return max(1, CHUNK // s.size[N])


cdef void chunk(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef idx_t n = s.size[N], item = s.kernels.itemsize, first = i * chunk_of(s), at = first * n * item
    cdef char *inverse = operand(s, p.run, STATISTICS)
    cdef char *mean = inverse + p.rows * item
    s.kernels.layer_norm_forward(operand(s, p.run, Y) + at, mean + first * item if s.size[CENTERED] else NULL,
                                 inverse + first * item, operand(s, p.run, X) + at, operand(s, p.run, GAMMA),
                                 operand(s, p.run, BETA), min(chunk_of(s), p.rows - first), n, s.param[0])


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_of(s, r)
    parallel_for(chunk, &p, whole(p.rows, chunk_of(s)), r.threads)


cdef void part(void *context, idx_t i, int thread) noexcept nogil:
    """A part of the rows, in pieces that stay in the cache."""
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef idx_t n = s.size[N], item = s.kernels.itemsize, first = i * p.per_part, rows, at
    cdef idx_t end = min(p.rows, first + p.per_part)
    cdef char *inverse = operand(s, p.run, STATISTICS)
    cdef char *mean = inverse + p.rows * item
    cdef char *dx = operand(s, p.run, DX)
    cdef char *saved = operand(s, p.run, SAVED)
    cdef double *sums = <double *>operand(s, p.run, SUMS)
    if sums is not NULL:
        sums += i * 2 * n
        memset(sums, 0, 2 * n * sizeof(double))
    while first < end:
        rows, at = min(chunk_of(s), end - first), first * n * item
        s.kernels.layer_norm_backward(
            NULL if dx is NULL else dx + at, sums, operand(s, p.run, DY) + at, operand(s, p.run, X) + at,
            mean + first * item if s.size[CENTERED] else NULL, inverse + first * item,
            operand(s, p.run, GAMMA), rows, n)
        if saved is not NULL:
            multiply_gradient(s, dx + at, saved + at, rows * n)
        first += rows


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_of(s, r)
    cdef idx_t n = s.size[N]
    cdef double *sums = <double *>operand(s, r, SUMS)
    parallel_for(part, &p, p.parts, r.threads)
    if sums is not NULL:
        s.kernels.sum_parts(sums, p.parts, 2 * n)
        add_gradient(s, r, DBETA, sums, n)
        add_gradient(s, r, DGAMMA, sums + n, n)
