"""y = x * scale + shift, which repeat along a row: one number for each channel, or for each element.

Scale and shift are constants of the plan, or follow from a mean and a variance among the model's weights.
Then a step before computes them anew in each run, so they are never older than the weights.
"""

import numpy as np

from libc.math cimport sqrt

from ..core.tables cimport fnn_kernels
from .indexed cimport real_t
from ..core.plan cimport Plan
from ..core.runtime cimport parallel_for
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DX, DY, FIRST_OWN, X, Y, idx_t, operand, run_t, step_t

cdef idx_t CHUNK = 1 << 14      # elements that a thread takes at a time

cdef enum:          # operands
    SCALE = FIRST_OWN
    SHIFT
    MEAN
    VARIANCE
    INDEX

cdef enum:          # sizes
    SIZE            # elements for each row of the batch
    PERIOD          # elements of scale and shift
    INVERT

ctypedef struct pass_t:
    const fnn_kernels *kernels
    char *out
    const char *source
    const char *scale
    const char *shift
    idx_t m
    idx_t n
    idx_t rows      # of n elements that a thread takes at a time


cdef void chunk(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef idx_t first = i * p.rows, at = first * p.n * p.kernels.itemsize
    p.kernels.affine(p.out + at, p.source + at, p.scale, p.shift, min(p.rows, p.m - first), p.n)


cdef void apply(const step_t *s, const run_t *r, char *out, const char *source,
                const char *shift) noexcept nogil:
    cdef pass_t p
    p.kernels, p.out, p.source, p.shift = s.kernels, out, source, shift
    p.scale, p.n = operand(s, r, SCALE), s.size[PERIOD]
    p.m, p.rows = s.size[SIZE] // p.n * r.rows, max(1, CHUNK // p.n)
    parallel_for(chunk, &p, (p.m + p.rows - 1) // p.rows, r.threads)


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
    """The array broadcast to the dimensions of `shape` from the first one on that it varies in, flat."""
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

cdef void from_moments(real_t *scale, real_t *shift, const real_t *mean, const real_t *variance,
                       const idx_t *index, idx_t n, double epsilon, bint invert) noexcept nogil:
    cdef idx_t i
    cdef double centre, deviation
    for i in range(n):
        centre, deviation = mean[index[i]], max(sqrt(<double>variance[index[i]]), epsilon)
        scale[i] = <real_t>(deviation if invert else 1 / deviation)
        shift[i] = <real_t>(centre if invert else -centre / deviation)


cdef void moments_forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef char *scale = operand(s, r, SCALE)
    cdef char *shift = operand(s, r, SHIFT)
    cdef char *mean = operand(s, r, MEAN)
    cdef char *variance = operand(s, r, VARIANCE)
    cdef const idx_t *index = <const idx_t *>operand(s, r, INDEX)
    if s.kernels.itemsize == sizeof(float):
        from_moments(<float *>scale, <float *>shift, <float *>mean, <float *>variance, index,
                     s.size[PERIOD], s.param[0], s.size[INVERT])
    else:
        from_moments(<double *>scale, <double *>shift, <double *>mean, <double *>variance, index,
                     s.size[PERIOD], s.param[0], s.size[INVERT])


def emit_moments(Plan plan, Value x, mean, variance, tuple shape, double epsilon, bint invert):
    """Append y = (x - mean) / max(sqrt(variance), epsilon), or its inverse, to `plan`.

    Parameters
    ----------
    plan : Plan
    x : Value
    mean, variance : Variable
    shape : tuple of int
        Theirs with as many dimensions as x: 1 where they are broadcast.
    epsilon : float
        The least deviation.
    invert : bool
        Whether it is x = y * max(sqrt(variance), epsilon) + mean.

    Returns
    -------
    Value
        Of the shape of x.
    """
    cdef Step s = plan.add("moments", moments_forward, NULL, NULL, 0)
    cdef Value scale, shift
    index = np.ascontiguousarray(trailing(np.arange(mean.size).reshape(shape), x.shape), np.int64)
    scale, shift = plan.value(index.shape, False, False), plan.value(index.shape, False, False)
    s.c.size[PERIOD], s.c.size[INVERT], s.c.param[0] = index.size, invert, epsilon
    s.use(SCALE, scale, FORWARD).use(SHIFT, shift, FORWARD).use(INDEX, plan.constant(index), FORWARD)
    s.use(MEAN, plan.parameter(mean), FORWARD).use(VARIANCE, plan.parameter(variance), FORWARD)
    return append(plan, x, scale, shift)
