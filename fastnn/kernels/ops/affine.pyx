"""Affine transformation y = (x - centre) * scale + shift, with one of each for a channel or for an element.

Its terms are constants of the plan, or they follow from a mean and a variance among the model's weights. Then
a preceding step computes them in each run, so they are never older than the weights.

Product and sum are rounded one after the other, so that a Rescaling gives the numbers that NumPy gives. The
exception is `emit_channels`: a product that takes this step over has a fused multiply-add, and so has the
step.

A centre is not folded into the shift: of a mean far from zero, compared with the deviation, the difference is
exact, and the folded terms would cancel.
"""

import numpy as np

from .activation cimport multiply_gradient
from ..core.plan cimport Plan
from ..core.runtime cimport parallel_chunks
from ..core.steps cimport AFFINE, BACKWARD, BOTH, FORWARD, Step, Value, fuse_into_product
from ..core.types cimport CENTRE, DX, DY, FIRST_OWN, SCALE, SHIFT, X, Y, idx_t, operand, run_t, step_t

cdef enum:          # operands
    MEAN = FIRST_OWN
    VARIANCE
    INDEX

cdef enum:          # sizes: x is (outer, n, inner), scale and shift are (n)
    OUTER           # for each row of the batch
    N
    INNER
    BY_CHANNEL      # whether with a centre, and by a fused multiply-add

ctypedef struct pass_t:
    const step_t *step
    const run_t *run
    char *out
    const char *source
    const char *centre
    const char *shift


cdef void transform(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef idx_t n = s.size[N], inner = s.size[INNER], at = first * n * inner * s.kernels.itemsize
    cdef char *scale = operand(s, p.run, SCALE)
    if s.size[BY_CHANNEL]:
        s.kernels.channel_affine(p.out + at, p.source + at, p.centre, scale, p.shift, count, n, inner)
    else:
        s.kernels.affine(p.out + at, p.source + at, scale, p.shift, count, n)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_t(
        s, r, operand(s, r, Y), operand(s, r, X), operand(s, r, CENTRE), operand(s, r, SHIFT))
    parallel_chunks(transform, &p, s.size[OUTER] * r.rows, s.size[N] * s.size[INNER], r.threads)


cdef void gradient(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef idx_t width = p.step.size[N] * p.step.size[INNER]
    transform(context, first, count, thread)
    multiply_gradient(p.step, p.run, first * width, count * width)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_t(s, r, operand(s, r, DX), operand(s, r, DY), NULL, NULL)
    parallel_chunks(gradient, &p, s.size[OUTER] * r.rows, s.size[N] * s.size[INNER], r.threads)


cdef Step append(Plan plan, Value x, Value scale, Value shift, idx_t inner):
    cdef Step s = plan.add("affine", forward, backward, NULL, 2.0 * x.size)
    cdef Value y = plan.value(x.shape, x.differentiable)
    y.producer = s
    s.c.size[OUTER], s.c.size[N], s.c.size[INNER] = x.size // max(1, scale.size * inner), scale.size, inner
    s.use(X, x, FORWARD).use(Y, y, FORWARD).use(SCALE, scale, BOTH)
    if shift is not None:
        s.use(SHIFT, shift, FORWARD)
    if y.differentiable:
        s.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD)
        s.fuses_gradient = True
    return s


def emit_channels(Plan plan, Value x, int axis, centre, Value scale, shift):
    """Append y = (x - centre) * scale + shift to `plan`, with one of each for each channel.

    Parameters
    ----------
    plan : Plan
    x : Value
    axis : int
        Axis of the channels in a row of x.
    centre : Variable
        (channels,).
    scale : Value
        (channels,), for the whole batch.
    shift : Variable or None
        (channels,); None stands for 0.

    Returns
    -------
    Value
        Of the shape of x.
    """
    cdef idx_t inner = Value(x.shape[axis + 1:]).size
    cdef Step s = append(plan, x, scale, plan.parameter(shift), inner)
    s.c.size[BY_CHANNEL] = True
    s.use(CENTRE, plan.parameter(centre), FORWARD)
    if inner == 1:
        s.kind, s.fuse = AFFINE, fuse_into_product
    return s.operand(Y)


def trailing(array, shape):
    """Broadcast an array to the axes of `shape` from the first one that it varies along; return it flat."""
    array = np.asarray(array)
    array = array.reshape((1,) * (len(shape) - array.ndim) + array.shape)
    same = 0
    while same < len(shape) and array.shape[same] == 1:
        same += 1
    return np.broadcast_to(array, array.shape[:same] + tuple(shape[same:])).reshape(-1)


def emit(Plan plan, Value x, scale, shift):
    """Append y = x * scale + shift to `plan`.

    Parameters
    ----------
    plan : Plan
    x : Value
    scale, shift : array_like
        Constants that broadcast to the shape of x.

    Returns
    -------
    Value
        Of the shape of x.
    """
    scale, shift = np.broadcast_arrays(np.asarray(scale), np.asarray(shift))
    return append(plan, x, plan.constant(np.ascontiguousarray(trailing(scale, x.shape), plan.dtype)),
                  plan.constant(np.ascontiguousarray(trailing(shift, x.shape), plan.dtype)), 1).operand(Y)


cdef Value standardize(Plan plan, Value x, Value centre, Value scale):
    """Append y = (x - centre) * scale to `plan`, with one of each for every element, or for all."""
    cdef Step s = append(plan, x, scale, None, x.size if scale.size == 1 else 1)
    s.c.size[BY_CHANNEL] = True
    s.use(CENTRE, centre, FORWARD)
    return s.operand(Y)


def emit_standardized(Plan plan, Value x, mean, deviation):
    """Append y = (x - mean) / deviation to `plan`.

    Parameters
    ----------
    plan : Plan
    x : Value
    mean, deviation : array_like
        Constants that broadcast to the shape of x.

    Returns
    -------
    Value
        Of the shape of x.
    """
    arrays = np.broadcast_arrays(np.asarray(mean), 1 / np.asarray(deviation))
    centre, scale = [
        plan.constant(np.ascontiguousarray(trailing(array, x.shape), plan.dtype)) for array in arrays]
    return standardize(plan, x, centre, scale)


# ---- from mean and variance ---------------------------------------------------------------------------

ctypedef void (*scale_fn)(
    void *, void *, const void *, const void *, const idx_t *, idx_t, double) noexcept nogil


cdef void moments_forward(const step_t *s, const run_t *r) noexcept nogil:
    (<scale_fn>s.kernel)(
        operand(s, r, SCALE), operand(s, r, SHIFT), operand(s, r, MEAN), operand(s, r, VARIANCE),
        <const idx_t *>operand(s, r, INDEX), s.size[N], s.param[0])


def emit_moments(Plan plan, Value x, mean, variance, tuple shape, double epsilon, bint invert):
    """Append y = (x - mean) / max(sqrt(variance), epsilon), or its inverse, to `plan`.

    Parameters
    ----------
    plan : Plan
    x : Value
    mean, variance : Variable
    shape : tuple of int
        Shape of mean and variance with as many dimensions as x: 1 where they are broadcast.
    epsilon : float
        Lower bound of the standard deviation.
    invert : bool
        Whether to append the inverse, y = x * max(sqrt(variance), epsilon) + mean.

    Returns
    -------
    Value
        Of the shape of x.
    """
    cdef Step s = plan.add("moments", moments_forward, NULL, NULL, 0)
    cdef Value scale, shift
    index = np.ascontiguousarray(trailing(np.arange(mean.size).reshape(shape), x.shape), np.int64)
    scale, shift = plan.value(index.shape, False, False), plan.value(index.shape, False, False)
    s.c.size[N], s.c.param[0] = index.size, epsilon
    s.c.kernel = <void *>(plan.kernels.destandardize_scale if invert else plan.kernels.standardize_scale)
    s.use(SCALE, scale, FORWARD).use(SHIFT, shift, FORWARD).use(INDEX, plan.constant(index), FORWARD)
    s.use(MEAN, plan.parameter(mean), FORWARD).use(VARIANCE, plan.parameter(variance), FORWARD)
    return append(plan, x, scale, shift, 1).operand(Y) if invert else standardize(plan, x, shift, scale)
