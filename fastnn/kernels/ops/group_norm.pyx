"""y = (x - mean) gamma / sqrt(variance + epsilon) + beta, with mean and variance of each group of channels.

A row of the batch is (outer, n, inner) with n channels. Each row is normalized by itself, with the kernels
that normalize a batch in batch_norm.pyx, but with one mean and variance for all channels of a group. The
sums of a row are a part of the sums over the batch.
"""

from libc.string cimport memset

from .activation cimport multiply_gradient
from .norm cimport add_gradient, doubles
from ..core.plan cimport Plan
from ..core.runtime cimport parallel_for
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DX, DY, FIRST_OWN, X, Y, idx_t, operand, run_t, step_t

cdef enum:          # operands
    GAMMA = FIRST_OWN
    BETA
    DGAMMA
    DBETA
    STATISTICS      # (2, n) a row: mean and variance
    SUMS            # (2, n) a row, of double

cdef enum:          # sizes
    OUTER
    N
    INNER
    GROUPS

ctypedef struct pass_t:
    const step_t *step
    const run_t *run


def emit(Plan plan, Value x, int axis, idx_t groups, gamma, beta, double epsilon):
    """Append a normalization of each row by the statistics of its groups of channels to `plan`.

    Parameters
    ----------
    plan : Plan
    x : Value
    axis : int
        Axis of the channels in a row of x.
    groups : int
        Number of groups; it divides the number of channels.
    gamma, beta : Variable or None
        (channels,); None stands for 1 and 0.
    epsilon : float

    Returns
    -------
    Value
        Of the shape of x.
    """
    cdef Step s = plan.add("group_norm", forward, backward, scratch, 10.0 * x.size)
    learns = plan.trains(gamma) or plan.trains(beta)
    cdef Value y = plan.value(x.shape, learns or x.differentiable)
    cdef idx_t n = x.shape[axis]
    y.producer = s
    s.c.size[OUTER], s.c.size[N] = Value(x.shape[:axis]).size, n
    s.c.size[INNER], s.c.size[GROUPS] = Value(x.shape[axis + 1:]).size, groups
    s.c.param[0] = epsilon
    s.use(X, x, BOTH).use(Y, y, FORWARD).use(STATISTICS, plan.value((2, n)), BOTH)
    s.use(GAMMA, plan.parameter(gamma), BOTH).use(BETA, plan.parameter(beta), FORWARD)
    if y.differentiable:
        s.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD)
        s.use(DGAMMA, plan.parameter_gradient(gamma), BACKWARD)
        s.use(DBETA, plan.parameter_gradient(beta), BACKWARD)
        s.use(SUMS, plan.value((doubles(2 * n, plan.kernels.itemsize),)), BACKWARD)
        s.fuses_gradient = True
    return y


cdef idx_t scratch(const step_t *s, idx_t capacity) noexcept nogil:
    return s.size[N] * max(3 * s.kernels.itemsize, 2 * <idx_t>sizeof(double) + s.kernels.itemsize)


cdef void normalize_row(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef idx_t outer = s.size[OUTER], n = s.size[N], inner = s.size[INNER], row = n * s.kernels.itemsize
    cdef idx_t at = i * outer * inner * row
    cdef double *moments = <double *>(p.run.scratch + thread * p.run.scratch_size)
    cdef char *scale = <char *>(moments + 2 * n)
    cdef char *mean = operand(s, p.run, STATISTICS) + i * 2 * row
    cdef char *x = operand(s, p.run, X) + at
    s.kernels.channel_moments(moments, x, outer, n, inner)
    s.kernels.channel_statistics(mean, mean + row, moments, 1, outer * inner, outer * inner, n,
                                 s.size[GROUPS])
    s.kernels.channel_scale(scale, mean + row, operand(s, p.run, GAMMA), n, s.param[0])
    s.kernels.channel_affine(operand(s, p.run, Y) + at, x, mean, scale, operand(s, p.run, BETA), outer, n,
                             inner)


cdef void row_gradient(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef idx_t outer = s.size[OUTER], n = s.size[N], inner = s.size[INNER], row = n * s.kernels.itemsize
    cdef idx_t at = i * outer * inner * row
    cdef char *slopes = p.run.scratch + thread * p.run.scratch_size
    cdef double *sums = <double *>operand(s, p.run, SUMS) + i * 2 * n
    cdef char *mean = operand(s, p.run, STATISTICS) + i * 2 * row
    cdef char *x = operand(s, p.run, X) + at
    cdef char *dy = operand(s, p.run, DY) + at
    s.kernels.channel_sums(sums, dy, x, mean, outer, n, inner)
    s.kernels.channel_slopes(slopes, sums, mean + row, operand(s, p.run, GAMMA), outer * inner, n,
                             s.size[GROUPS], s.param[0])
    if s.at[DX].space >= 0:
        s.kernels.channel_gradient(operand(s, p.run, DX) + at, dy, x, mean, slopes, NULL, outer, n, inner)
        multiply_gradient(s, p.run, i * outer * n * inner, outer * n * inner)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_t(s, r)
    parallel_for(normalize_row, &p, r.rows, r.threads)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_t(s, r)
    cdef idx_t n = s.size[N]
    cdef double *sums = <double *>operand(s, r, SUMS)
    parallel_for(row_gradient, &p, r.rows, r.threads)
    if r.rows == 0:
        memset(sums, 0, 2 * n * sizeof(double))
    s.kernels.sum_parts(sums, r.rows, 2 * n)
    add_gradient(s, r, DBETA, sums, n)
    add_gradient(s, r, DGAMMA, sums + n, n)
