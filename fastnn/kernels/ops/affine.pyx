"""Affine transformation y = x * scale + shift, with one scale and shift for each channel or for each element.

Scale and shift are constants of the plan, or they follow from a mean and a variance among the model's
weights. Then a preceding step computes them in each run, so they are never older than the weights.
"""

import numpy as np

from ..core.tables cimport fnn_kernels
from ..core.plan cimport Plan
from ..core.runtime cimport parallel_chunks
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DX, DY, FIRST_OWN, X, Y, idx_t, operand, run_t, step_t

cdef enum:          # operands
    SCALE = FIRST_OWN
    SHIFT
    MEAN
    VARIANCE
    INDEX

cdef enum:          # sizes
    SIZE            # elements for each row of the batch
    PERIOD          # elements of scale and shift

ctypedef struct pass_t:
    const fnn_kernels *kernels
    char *out
    const char *source
    const char *scale
    const char *shift
    idx_t period


cdef void transform(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef idx_t at = first * p.period * p.kernels.itemsize
    p.kernels.affine(p.out + at, p.source + at, p.scale, p.shift, count, p.period)


cdef void apply(const step_t *s, const run_t *r, char *out, const char *source,
                const char *shift) noexcept nogil:
    cdef pass_t p
    p.kernels, p.out, p.source, p.shift = s.kernels, out, source, shift
    p.scale, p.period = operand(s, r, SCALE), s.size[PERIOD]
    parallel_chunks(transform, &p, s.size[SIZE] // p.period * r.rows, p.period, r.threads)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    apply(s, r, operand(s, r, Y), operand(s, r, X), operand(s, r, SHIFT))


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    apply(s, r, operand(s, r, DX), operand(s, r, DY), NULL)


cdef Value append(Plan plan, Value x, Value scale, Value shift):
    cdef Step s = plan.add("affine", forward, backward, NULL, 2.0 * x.size)
    cdef Value y = plan.value(x.shape, x.differentiable)
    y.producer = s
    s.c.size[SIZE], s.c.size[PERIOD] = x.size, scale.size
    s.use(X, x, FORWARD).use(Y, y, FORWARD).use(SCALE, scale, BOTH).use(SHIFT, shift, FORWARD)
    if y.differentiable:
        s.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD)
    return y


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
                  plan.constant(np.ascontiguousarray(trailing(shift, x.shape), plan.dtype)))


# ---- from mean and variance ---------------------------------------------------------------------------

ctypedef void (*scale_fn)(
    void *, void *, const void *, const void *, const idx_t *, idx_t, double) noexcept nogil


cdef void moments_forward(const step_t *s, const run_t *r) noexcept nogil:
    (<scale_fn>s.kernel)(
        operand(s, r, SCALE), operand(s, r, SHIFT), operand(s, r, MEAN), operand(s, r, VARIANCE),
        <const idx_t *>operand(s, r, INDEX), s.size[PERIOD], s.param[0])


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
    s.c.size[PERIOD], s.c.param[0] = index.size, epsilon
    s.c.kernel = <void *>(plan.kernels.destandardize_scale if invert else plan.kernels.standardize_scale)
    s.use(SCALE, scale, FORWARD).use(SHIFT, shift, FORWARD).use(INDEX, plan.constant(index), FORWARD)
    s.use(MEAN, plan.parameter(mean), FORWARD).use(VARIANCE, plan.parameter(variance), FORWARD)
    return append(plan, x, scale, shift)
