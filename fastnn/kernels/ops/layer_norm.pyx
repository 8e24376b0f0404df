"""y = (x - mean) gamma / sqrt(variance + epsilon) + beta over the last axis, or without mean and beta.

A row here has the n elements of the last axis. The sums for the gradients of gamma and beta are taken in
parts whose number depends on the shape alone, and which are added in order.
"""

from libc.string cimport memset

from .activation cimport multiply_gradient
from .norm cimport MOST_PARTS, add_gradient, doubles
from ..core.plan cimport Plan
from ..core.runtime cimport (
    CHUNK_ELEMENTS,
    chunk_items,
    divide_sum,
    parallel_chunks,
    parallel_for,
    part_items,
    parts_t,
)
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DX, DY, FIRST_OWN, X, Y, idx_t, operand, run_t, step_t

cdef enum:          # operands
    GAMMA = FIRST_OWN
    BETA
    DGAMMA
    DBETA
    STATISTICS      # inverse of each row, then, if it is centered, its mean
    SUMS            # (parts, 2, n) of double

cdef enum:          # sizes
    ROWS            # for each row of the batch
    N
    CENTERED

cdef enum:
    LEAST_ROWS = 16     # rows of a part
    WIDE = 1 << 13      # elements of a row above which there are fewer parts, since each takes (2, n)

ctypedef struct pass_t:
    const step_t *step
    const run_t *run
    idx_t rows          # of the whole batch
    parts_t parts


def emit(Plan plan, Value x, gamma, beta, double epsilon, bint centered=True):
    """Append a normalization of each row over its last axis to `plan`.

    Parameters
    ----------
    plan : Plan
    x : Value
        (..., n).
    gamma, beta : Variable or None
        Of n elements; None stands for 1 and 0.
    epsilon : float
    centered : bool, default True
        Whether to subtract the mean and normalize the variance; else the mean square is normalized.

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
    cdef idx_t n = s.size[N]
    p.step, p.run, p.rows = s, r, s.size[ROWS] * r.rows
    p.parts = divide_sum(p.rows, most_parts(n), <double>(p.rows * n), max(LEAST_ROWS * n, CHUNK_ELEMENTS))
    return p


cdef void normalize_rows(void *context, idx_t first, idx_t rows, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef idx_t n = s.size[N], item = s.kernels.itemsize, at = first * n * item
    cdef char *inverse = operand(s, p.run, STATISTICS)
    cdef char *mean = inverse + p.rows * item
    s.kernels.layer_norm_forward(operand(s, p.run, Y) + at, mean + first * item if s.size[CENTERED] else NULL,
                                 inverse + first * item, operand(s, p.run, X) + at, operand(s, p.run, GAMMA),
                                 operand(s, p.run, BETA), rows, n, s.param[0])


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_of(s, r)
    parallel_chunks(normalize_rows, &p, p.rows, s.size[N], r.threads)


cdef void gradient_part(void *context, idx_t i, int thread) noexcept nogil:
    """Compute the gradients of a part of the rows, in chunks that stay in the cache."""
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef idx_t n = s.size[N], item = s.kernels.itemsize, first = i * p.parts.size, rows, at
    cdef idx_t end = first + part_items(&p.parts, i)
    cdef char *inverse = operand(s, p.run, STATISTICS)
    cdef char *mean = inverse + p.rows * item
    cdef char *dx = operand(s, p.run, DX)
    cdef double *sums = <double *>operand(s, p.run, SUMS)
    if sums is not NULL:
        sums += i * 2 * n
        memset(sums, 0, 2 * n * sizeof(double))
    while first < end:
        rows, at = min(chunk_items(n), end - first), first * n * item
        s.kernels.layer_norm_backward(
            NULL if dx is NULL else dx + at, sums, operand(s, p.run, DY) + at, operand(s, p.run, X) + at,
            mean + first * item if s.size[CENTERED] else NULL, inverse + first * item,
            operand(s, p.run, GAMMA), rows, n)
        multiply_gradient(s, p.run, first * n, rows * n)
        first += rows


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_of(s, r)
    cdef idx_t n = s.size[N]
    cdef double *sums = <double *>operand(s, r, SUMS)
    parallel_for(gradient_part, &p, p.parts.count, r.threads)
    if sums is not NULL:
        s.kernels.sum_parts(sums, p.parts.count, 2 * n)
        add_gradient(s, r, DBETA, sums, n)
        add_gradient(s, r, DGAMMA, sums + n, n)
