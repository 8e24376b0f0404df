"""y = (x - mean) gamma / sqrt(variance + epsilon) + beta, with mean and variance of each channel.

x is (outer, n, inner) with n channels. In training the statistics are those of the batch: moments and sums
are taken in parts that depend on the shape alone, and put together in their order. With a mask the moments
are those of what it leaves, though all of x is normalised: they are taken of a copy without the rest, and the
rest gets no gradient through them. The moving statistics
follow in the backward direction, which a step with an invalid target does not reach. Else they are the moving
ones, and what is left is y = x scale + shift, in two steps, the first of which makes scale and shift.
"""

from .norm cimport CHUNK, MOST_PARTS, add_gradient, doubles, multiply_gradient, whole
from ..core.plan cimport Plan
from ..core.runtime cimport parallel_for
from ..core.steps cimport AFFINE, BACKWARD, BOTH, FORWARD, Step, Value, fuse_into_product
from ..core.types cimport DX, DY, FIRST_OWN, SAVED, SCALE, SHIFT, X, Y, idx_t, operand, run_t, step_t

cdef enum:          # sizes of every step here
    OUTER           # for each row of the batch
    N
    INNER

ctypedef struct pass_t:
    const step_t *step
    const run_t *run
    idx_t outer         # of the whole batch
    idx_t per_part      # of outer
    idx_t parts


cdef pass_t pass_of(const step_t *s, const run_t *r) noexcept nogil:
    return pass_over(s, r, s.size[OUTER] * r.rows)


cdef pass_t pass_over(const step_t *s, const run_t *r, idx_t outer) noexcept nogil:
    cdef pass_t p
    p.step, p.run, p.outer = s, r, outer
    cdef idx_t count = p.outer * s.size[INNER]
    p.parts = max(1, min(MOST_PARTS, min(p.outer, min(count // 64, count * s.size[N] // CHUNK))))
    p.per_part = max(1, whole(p.outer, p.parts))
    p.parts = max(1, whole(p.outer, p.per_part))
    return p


cdef idx_t chunk_of(const step_t *s) noexcept nogil:
    """How much of outer a thread takes at a time, element by element."""
    return max(1, CHUNK // (s.size[N] * s.size[INNER]))


cdef int set_shape(Step s, Value x, int axis) except -1:
    s.c.size[OUTER], s.c.size[N] = Value(x.shape[:axis]).size, x.shape[axis]
    s.c.size[INNER] = Value(x.shape[axis + 1:]).size
    return 0


# ---- with the statistics of the batch -----------------------------------------------------------------

cdef enum:          # operands
    GAMMA = FIRST_OWN
    BETA
    DGAMMA
    DBETA
    STATISTICS      # (5, n): mean, variance, slopes; the first slope is gamma / sqrt(variance + epsilon)
    PARTS           # (parts, 2, n) of double: moments, then sums
    MASK            # (outer): 0 for the rows that the statistics leave out
    COUNTED         # (outer, n): copies of the other rows


def emit(Plan plan, Value x, int axis, gamma, beta, moving_mean, moving_variance, double momentum,
         double epsilon):
    """Append a normalisation by the statistics of the batch to `plan`, whose training they are learned in.

    Parameters
    ----------
    plan : Plan
    x : Value
        If it has a mask, that is of all but the last dimension.
    axis : int
        Of a row of x: the channels; the last one, where there is a mask.
    gamma, beta : Variable or None
        (channels,), for 1 and 0 if they are None.
    moving_mean, moving_variance : Variable
        (channels,): means over training steps, later ones weighing more.
    momentum, epsilon : float

    Returns
    -------
    Value
        Of the shape of x.
    """
    cdef Step s = plan.add("batch_norm", forward, backward, NULL, 10.0 * x.size)
    learns = plan.trains(gamma) or plan.trains(beta)
    cdef Value y = plan.value(x.shape, learns or x.differentiable)
    cdef idx_t n = x.shape[axis]
    cdef Value statistics = plan.value((5, n), False, False)
    cdef Value parts = plan.value((doubles(2 * MOST_PARTS * n, plan.kernels.itemsize),), False, False)
    y.producer = s
    set_shape(s, x, axis)
    s.c.param[0] = epsilon
    s.use(X, x, BOTH).use(Y, y, FORWARD).use(STATISTICS, statistics, BOTH).use(PARTS, parts, BOTH)
    s.use(GAMMA, plan.parameter(gamma), BOTH).use(BETA, plan.parameter(beta), FORWARD)
    if x.mask is not None:
        s.use(MASK, x.mask, BOTH).use(COUNTED, plan.value(x.shape), FORWARD)
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


cdef void moments_part(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef idx_t n = s.size[N], inner = s.size[INNER], first = i * p.per_part
    cdef double *moments = <double *>operand(s, p.run, PARTS) + i * 2 * n
    cdef char *x = operand(s, p.run, X if s.at[COUNTED].space < 0 else COUNTED)
    s.kernels.channel_moments(moments, x + first * n * inner * s.kernels.itemsize,
                              min(p.per_part, p.outer - first), n, inner)


cdef void normalise_chunk(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef idx_t n = s.size[N], inner = s.size[INNER], item = s.kernels.itemsize
    cdef idx_t first = i * chunk_of(s), at = first * n * inner * item
    cdef char *mean = operand(s, p.run, STATISTICS)
    s.kernels.channel_affine(operand(s, p.run, Y) + at, operand(s, p.run, X) + at, mean, mean + 2 * n * item,
                             operand(s, p.run, BETA), min(chunk_of(s), p.outer - first), n, inner)


cdef idx_t counted_rows(const step_t *s, const run_t *r, char *counted) noexcept nogil:
    """How many rows of x the mask counts, all of them without a mask; their copies go to `counted` unless NULL."""
    cdef idx_t outer = s.size[OUTER] * r.rows
    cdef char *mask = operand(s, r, MASK)
    if mask is NULL:
        return outer
    return s.kernels.mask_compact(counted, operand(s, r, X), mask, outer, s.size[N])


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_over(s, r, counted_rows(s, r, operand(s, r, COUNTED)))
    cdef idx_t n = s.size[N], row = n * s.kernels.itemsize, inner = s.size[INNER]
    cdef char *mean = operand(s, r, STATISTICS)
    parallel_for(moments_part, &p, p.parts, r.threads)
    s.kernels.channel_statistics(mean, mean + row, <double *>operand(s, r, PARTS), p.parts,
                                 p.per_part * inner, p.outer * inner, n, n)
    p = pass_of(s, r)
    s.kernels.channel_scale(mean + 2 * row, NULL, mean, mean + row, operand(s, r, GAMMA), NULL, n, s.param[0])
    parallel_for(normalise_chunk, &p, whole(p.outer, chunk_of(s)), r.threads)


cdef void sums_part(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef idx_t n = s.size[N], inner = s.size[INNER], first = i * p.per_part
    cdef idx_t at = first * n * inner * s.kernels.itemsize
    s.kernels.channel_sums(<double *>operand(s, p.run, PARTS) + i * 2 * n, operand(s, p.run, DY) + at,
                           operand(s, p.run, X) + at, operand(s, p.run, STATISTICS),
                           min(p.per_part, p.outer - first), n, inner)


cdef void gradient_chunk(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef idx_t n = s.size[N], inner = s.size[INNER], item = s.kernels.itemsize
    cdef idx_t first = i * chunk_of(s), at = first * n * inner * item
    cdef idx_t rows = min(chunk_of(s), p.outer - first)
    cdef char *dx = operand(s, p.run, DX) + at
    cdef char *mean = operand(s, p.run, STATISTICS)
    cdef char *saved = operand(s, p.run, SAVED)
    cdef char *dy = operand(s, p.run, DY) + at
    cdef char *mask = operand(s, p.run, MASK)
    s.kernels.channel_gradient(dx, dy, operand(s, p.run, X) + at, mean, mean + 2 * n * item,
                               NULL if mask is NULL else mask + first * item, rows, n, inner)
    multiply_gradient(s, dx, NULL if saved is NULL else saved + at, rows * n * inner)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_of(s, r)
    cdef idx_t n = s.size[N], row = n * s.kernels.itemsize
    cdef char *mean = operand(s, r, STATISTICS)
    cdef double *sums = <double *>operand(s, r, PARTS)
    parallel_for(sums_part, &p, p.parts, r.threads)
    s.kernels.sum_parts(sums, p.parts, 2 * n)
    s.kernels.channel_slopes(mean + 2 * row, sums, mean + row, operand(s, r, GAMMA),
                             max(1, counted_rows(s, r, NULL)) * s.size[INNER], n, n, s.param[0])
    add_gradient(s, r, DBETA, sums, n)
    add_gradient(s, r, DGAMMA, sums + n, n)
    if s.at[DX].space >= 0:
        parallel_for(gradient_chunk, &p, whole(p.outer, chunk_of(s)), r.threads)


# ---- the moving statistics ----------------------------------------------------------------------------

cdef enum:          # operands
    OF_BATCH = FIRST_OWN
    MOVING_MEAN
    MOVING_VARIANCE


cdef int emit_moving(Plan plan, Value statistics, moving_mean, moving_variance, double momentum) except -1:
    """Append the update of what moves: in backward, since nothing may change before labels are found valid.

    A layer that is called twice sees its batches in the order of the calls, so backward has to do this first.
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
    OFFSET          # beta
    MEAN
    VARIANCE


def scale_shift(Plan plan, gamma, beta, moving_mean, moving_variance, double epsilon):
    """Append scale = gamma / sqrt(variance + epsilon) and shift = beta - mean scale to `plan`.

    Parameters
    ----------
    plan : Plan
    gamma, beta : Variable or None
        (channels,), for 1 and 0 if they are None.
    moving_mean, moving_variance : Variable
        (channels,).
    epsilon : float

    Returns
    -------
    scale, shift : Value
        (channels,), for the whole batch.
    """
    cdef Step s = plan.add("scale_shift", make_scale, NULL, NULL, 0)
    plan.steps.insert(0, plan.steps.pop())      # what comes before the normalisation may take both over
    cdef Value scale = plan.value(moving_mean.shape, False, False)
    cdef Value shift = plan.value(moving_mean.shape, False, False)
    s.c.size[N], s.c.param[0] = scale.size, epsilon
    s.use(SCALE, scale, FORWARD).use(SHIFT, shift, FORWARD)
    s.use(FACTOR, plan.parameter(gamma), FORWARD).use(OFFSET, plan.parameter(beta), FORWARD)
    s.use(MEAN, plan.parameter(moving_mean), FORWARD).use(VARIANCE, plan.parameter(moving_variance), FORWARD)
    return scale, shift


cdef void make_scale(const step_t *s, const run_t *r) noexcept nogil:
    s.kernels.channel_scale(operand(s, r, SCALE), operand(s, r, SHIFT), operand(s, r, MEAN),
                            operand(s, r, VARIANCE), operand(s, r, FACTOR), operand(s, r, OFFSET), s.size[N],
                            s.param[0])


def affine(Plan plan, Value x, int axis, Value scale, Value shift):
    """Append y = x scale + shift, with one of each for every channel, to `plan`; returns y."""
    cdef Step s = plan.add("affine", affine_forward, affine_backward, NULL, 2.0 * x.size)
    cdef Value y = plan.value(x.shape, x.differentiable)
    y.producer = s
    set_shape(s, x, axis)
    if s.c.size[INNER] == 1:
        s.kind, s.fuse = AFFINE, fuse_into_product
    s.use(X, x, FORWARD).use(Y, y, FORWARD).use(SCALE, scale, BOTH).use(SHIFT, shift, FORWARD)
    if y.differentiable:
        s.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD)
        s.fuses_gradient = True
    return y


cdef void affine_chunk(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef idx_t n = s.size[N], inner = s.size[INNER], first = i * chunk_of(s)
    cdef idx_t at = first * n * inner * s.kernels.itemsize
    s.kernels.channel_affine(operand(s, p.run, Y) + at, operand(s, p.run, X) + at, NULL,
                             operand(s, p.run, SCALE), operand(s, p.run, SHIFT),
                             min(chunk_of(s), p.outer - first), n, inner)


cdef void affine_gradient_chunk(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef idx_t n = s.size[N], inner = s.size[INNER], first = i * chunk_of(s)
    cdef idx_t at = first * n * inner * s.kernels.itemsize, rows = min(chunk_of(s), p.outer - first)
    cdef char *dx = operand(s, p.run, DX) + at
    cdef char *saved = operand(s, p.run, SAVED)
    s.kernels.channel_affine(dx, operand(s, p.run, DY) + at, NULL, operand(s, p.run, SCALE), NULL, rows, n,
                             inner)
    multiply_gradient(s, dx, NULL if saved is NULL else saved + at, rows * n * inner)


cdef void affine_forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_of(s, r)
    parallel_for(affine_chunk, &p, whole(p.outer, chunk_of(s)), r.threads)


cdef void affine_backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_of(s, r)
    parallel_for(affine_gradient_chunk, &p, whole(p.outer, chunk_of(s)), r.threads)
