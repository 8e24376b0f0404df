"""y = (x - mean) gamma / sqrt(variance + epsilon) + beta, with mean and variance of each channel.

x is (outer, n, inner) with n channels. In training the statistics are those of the batch: moments and sums
are taken in parts whose number depends on the shape alone, and which are added in order. With a mask they
are those of the rows it keeps, although all of x is normalized: the moments are taken of a copy of these
rows, and no gradient of the other rows passes through the statistics. The moving statistics are updated in
the backward direction, which a step with an invalid target does not reach. On several ranks statistics, and
sums of gradients, are those of the batch of all ranks if they are to be synchronized.

In inference the statistics are the moving ones: `moving_scale` computes gamma / sqrt(variance + epsilon) in
each run, and affine.pyx applies it to x - mean.
"""

from .activation cimport multiply_gradient
from libc.string cimport memcpy

from .norm cimport MOST_PARTS, add_gradient, doubles
from ..core.plan cimport Plan, sum_over_ranks
from ..core.runtime cimport CHUNK_ELEMENTS, divide_sum, parallel_chunks, parallel_for, part_items, parts_t
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DX, DY, FIRST_OWN, SCALE, X, Y, idx_t, operand, run_t, step_t

cdef enum:          # sizes of every step here
    OUTER           # for each row of the batch
    N
    INNER
    SYNCHRONIZED    # of those with the statistics of the batch

cdef enum:
    LEAST_NUMBERS = 64  # of each channel in a part

ctypedef struct pass_t:
    const step_t *step
    const run_t *run
    parts_t parts       # of the sums over the outer axis


# ---- with the statistics of the batch -----------------------------------------------------------------

cdef enum:          # operands
    GAMMA = FIRST_OWN
    BETA
    DGAMMA
    DBETA
    STATISTICS      # (5, n): mean, variance, slopes; the first slope is gamma / sqrt(variance + epsilon)
    PARTS           # (parts, 2, n) of double: moments, then sums
    MASK            # (outer): 0 for the rows that the statistics leave out
    KEPT            # (outer, n): copies of the other rows


def emit(Plan plan, Value x, int axis, gamma, beta, moving_mean, moving_variance, double momentum,
         double epsilon, bint synchronized=False):
    """Append a normalization by the statistics of the batch to `plan`; training updates the moving ones.

    Parameters
    ----------
    plan : Plan
    x : Value
        A mask, if it has one, covers all axes but the last.
    axis : int
        Axis of the channels in a row of x; the last one if there is a mask.
    gamma, beta : Variable or None
        (channels,); None stands for 1 and 0.
    moving_mean, moving_variance : Variable
        (channels,): exponential moving averages over training steps.
    momentum, epsilon : float
    synchronized : bool, default False
        Whether the batch is that of all ranks of a training on several.

    Returns
    -------
    Value
        Of the shape of x.
    """
    cdef Step s = plan.add("batch_norm", forward, backward, NULL, 10.0 * x.size)
    cdef Value y = plan.value(x.shape, plan.trains(gamma) or plan.trains(beta) or x.differentiable)
    cdef idx_t n = x.shape[axis]
    cdef Value statistics = plan.value((5, n), False, False)
    cdef Value parts = plan.value((doubles(2 * MOST_PARTS * n, plan.kernels.itemsize),), False, False)
    y.producer = s
    s.c.size[OUTER], s.c.size[N] = Value(x.shape[:axis]).size, n
    s.c.size[INNER], s.c.size[SYNCHRONIZED] = Value(x.shape[axis + 1:]).size, synchronized
    s.c.param[0] = epsilon
    s.use(X, x, BOTH).use(Y, y, FORWARD).use(STATISTICS, statistics, BOTH).use(PARTS, parts, BOTH)
    s.use(GAMMA, plan.parameter(gamma), BOTH).use(BETA, plan.parameter(beta), FORWARD)
    if x.mask is not None:
        s.use(MASK, x.mask, BOTH).use(KEPT, plan.value(x.shape), FORWARD)
    if y.differentiable:
        s.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD)
        s.use(DGAMMA, plan.parameter_gradient(gamma), BACKWARD)
        s.use(DBETA, plan.parameter_gradient(beta), BACKWARD)
        s.fuses_gradient = True
    if plan.training:
        emit_moving(plan, statistics, moving_mean, moving_variance, momentum)
    else:
        plan.whole = True
    return y


cdef pass_t pass_over(const step_t *s, const run_t *r, idx_t outer) noexcept nogil:
    """Divide the sums over so much of the outer axis."""
    cdef pass_t p
    cdef idx_t n = s.size[N]
    p.step, p.run = s, r
    p.parts = divide_sum(outer, MOST_PARTS, <double>(outer * s.size[INNER] * n),
                         max(LEAST_NUMBERS * n, CHUNK_ELEMENTS))
    return p


cdef idx_t outer_size(const step_t *s, const run_t *r) noexcept nogil:
    return s.size[OUTER] * r.rows


cdef idx_t kept_rows(const step_t *s, const run_t *r, char *kept) noexcept nogil:
    """How much of the outer axis the mask keeps, or all of it; `kept`, unless NULL, gets a copy of it."""
    cdef char *mask = operand(s, r, MASK)
    if mask is NULL:
        return outer_size(s, r)
    return s.kernels.mask_compact(kept, operand(s, r, X), mask, outer_size(s, r), s.size[N])


cdef void moments_part(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef idx_t n = s.size[N], inner = s.size[INNER], first = i * p.parts.size
    cdef double *moments = <double *>operand(s, p.run, PARTS) + i * 2 * n
    cdef char *x = operand(s, p.run, X if s.at[KEPT].space < 0 else KEPT)
    s.kernels.channel_moments(moments, x + first * n * inner * s.kernels.itemsize, part_items(&p.parts, i), n,
                              inner)


cdef void normalize_chunk(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef idx_t n = s.size[N], inner = s.size[INNER], item = s.kernels.itemsize, at = first * n * inner * item
    cdef char *mean = operand(s, p.run, STATISTICS)
    s.kernels.channel_affine(operand(s, p.run, Y) + at, operand(s, p.run, X) + at, mean, mean + 2 * n * item,
                             operand(s, p.run, BETA), count, n, inner)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef idx_t kept = kept_rows(s, r, operand(s, r, KEPT))
    cdef idx_t n = s.size[N], row = n * s.kernels.itemsize, inner = s.size[INNER]
    cdef pass_t p = pass_over(s, r, kept)
    cdef char *mean = operand(s, r, STATISTICS)
    parallel_for(moments_part, &p, p.parts.count, r.threads)
    s.kernels.channel_statistics(mean, mean + row, <double *>operand(s, r, PARTS), p.parts.count,
                                 p.parts.size * inner, kept * inner, n, n)
    if s.size[SYNCHRONIZED] and r.ranks is not NULL:
        merge_statistics(s, r, kept * inner)
    s.kernels.channel_scale(mean + 2 * row, mean + row, operand(s, r, GAMMA), n, s.param[0])
    parallel_chunks(normalize_chunk, &p, outer_size(s, r), n * inner, r.threads)


cdef void merge_statistics(const step_t *s, const run_t *r, idx_t count) noexcept nogil:
    """Make mean and variance of so many numbers, whose moments are in the first part, those of all ranks."""
    cdef double *moments = <double *>operand(s, r, PARTS)
    cdef char *mean = operand(s, r, STATISTICS)
    cdef idx_t c, n = s.size[N]
    for c in range(n):
        moments[n + c] = moments[n + c] + count * moments[c] * moments[c] if count else 0
        moments[c] = count * moments[c] if count else 0
    moments[2 * n] = <double>count
    sum_over_ranks(r, moments, 2 * n + 1)
    count = <idx_t>(moments[2 * n] + 0.5)
    for c in range(n):
        moments[c] /= max(1, count)
        moments[n + c] = max(0, moments[n + c] - count * moments[c] * moments[c])
    s.kernels.channel_statistics(mean, mean + n * s.kernels.itemsize, moments, 1, count, count, n, n)


cdef void sums_part(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef idx_t n = s.size[N], inner = s.size[INNER], first = i * p.parts.size
    cdef idx_t at = first * n * inner * s.kernels.itemsize
    s.kernels.channel_sums(<double *>operand(s, p.run, PARTS) + i * 2 * n, operand(s, p.run, DY) + at,
                           operand(s, p.run, X) + at, operand(s, p.run, STATISTICS), part_items(&p.parts, i),
                           n, inner)


cdef void gradient_chunk(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef idx_t n = s.size[N], inner = s.size[INNER], item = s.kernels.itemsize, at = first * n * inner * item
    cdef char *mean = operand(s, p.run, STATISTICS)
    cdef char *mask = operand(s, p.run, MASK)
    s.kernels.channel_gradient(operand(s, p.run, DX) + at, operand(s, p.run, DY) + at,
                               operand(s, p.run, X) + at, mean, mean + 2 * n * item,
                               NULL if mask is NULL else mask + first * item, count, n, inner)
    multiply_gradient(s, p.run, first * n * inner, count * n * inner)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_over(s, r, outer_size(s, r))
    cdef idx_t n = s.size[N], row = n * s.kernels.itemsize
    cdef char *mean = operand(s, r, STATISTICS)
    cdef double *sums = <double *>operand(s, r, PARTS)
    cdef double *of_all = sums + 2 * n
    cdef idx_t i, kept = max(1, kept_rows(s, r, NULL)) * s.size[INNER]
    parallel_for(sums_part, &p, p.parts.count, r.threads)
    s.kernels.sum_parts(sums, p.parts.count, 2 * n)
    memcpy(of_all, sums, 2 * n * sizeof(double))
    s.kernels.channel_slopes(
        mean + 2 * row, sums, mean + row, operand(s, r, GAMMA), kept, n, n, s.param[0])
    add_gradient(s, r, DBETA, sums, n)
    add_gradient(s, r, DGAMMA, sums + n, n)
    if s.size[SYNCHRONIZED] and r.ranks is not NULL:
        # Gradients before the ranks share them are those of the mean over a rank's own rows.
        for i in range(2 * n):
            of_all[i] *= r.portion
        of_all[2 * n] = <double>kept
        sum_over_ranks(r, of_all, 2 * n + 1)
        for i in range(2 * n):
            of_all[i] /= r.portion
        s.kernels.channel_slopes(mean + 2 * row, of_all, mean + row, operand(s, r, GAMMA),
                                 <idx_t>(of_all[2 * n] + 0.5), n, n, s.param[0])
    if s.at[DX].space >= 0:
        parallel_chunks(gradient_chunk, &p, outer_size(s, r), n * s.size[INNER], r.threads)


# ---- the moving statistics ----------------------------------------------------------------------------

cdef enum:          # operands
    OF_BATCH = FIRST_OWN
    MOVING_MEAN
    MOVING_VARIANCE


cdef int emit_moving(Plan plan, Value statistics, moving_mean, moving_variance, double momentum) except -1:
    """Append the update of the moving statistics: in backward, after the labels have been validated.

    A layer that is called twice sees its batches in the order of the calls, so this comes first in backward.
    """
    cdef Step s = plan.add("moving_statistics", nothing, update_moving, NULL, 0)
    plan.put_last(s)
    s.c.size[N], s.c.param[0] = statistics.shape[1], momentum
    s.use(OF_BATCH, statistics, BACKWARD)
    s.use(MOVING_MEAN, plan.parameter(moving_mean), BACKWARD)
    s.use(MOVING_VARIANCE, plan.parameter(moving_variance), BACKWARD)
    return 0


cdef void nothing(const step_t *s, const run_t *r) noexcept nogil:
    pass


cdef void update_moving(const step_t *s, const run_t *r) noexcept nogil:
    cdef idx_t n = s.size[N]
    cdef char *mean = operand(s, r, OF_BATCH)
    if r.rows:
        s.kernels.moving_average(operand(s, r, MOVING_MEAN), mean, n, s.param[0])
        s.kernels.moving_average(operand(s, r, MOVING_VARIANCE), mean + n * s.kernels.itemsize, n, s.param[0])


# ---- with the moving statistics -----------------------------------------------------------------------

cdef enum:          # operands
    FACTOR = FIRST_OWN      # gamma
    VARIANCE


def moving_scale(Plan plan, gamma, moving_variance, double epsilon):
    """Append scale = gamma / sqrt(variance + epsilon) to `plan`.

    Parameters
    ----------
    plan : Plan
    gamma : Variable or None
        (channels,); None stands for 1.
    moving_variance : Variable
        (channels,).
    epsilon : float

    Returns
    -------
    Value
        (channels,), for the whole batch.
    """
    cdef Step s = plan.add("moving_scale", make_scale, NULL, NULL, 0)
    plan.steps.insert(0, plan.steps.pop())      # the step that makes x may apply it itself
    cdef Value scale = plan.value(moving_variance.shape, False, False)
    s.c.size[N], s.c.param[0] = scale.size, epsilon
    s.use(SCALE, scale, FORWARD).use(FACTOR, plan.parameter(gamma), FORWARD)
    s.use(VARIANCE, plan.parameter(moving_variance), FORWARD)
    return scale


cdef void make_scale(const step_t *s, const run_t *r) noexcept nogil:
    s.kernels.channel_scale(operand(s, r, SCALE), operand(s, r, VARIANCE), operand(s, r, FACTOR), s.size[N],
                            s.param[0])
