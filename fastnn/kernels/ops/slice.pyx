"""A slice of each row of x: some elements of each axis, at even distances, forward or backward.

The gradient of what is not in the slice is 0.
"""

import numpy as np

from libc.string cimport memset

from ..core.plan cimport Plan
from ..core.runtime cimport parallel_for
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DX, DY, FIRST_OWN, X, Y, idx_t, operand, run_t, step_t

from .transpose import strides_of

cdef enum:          # operands
    BOX = FIRST_OWN     # sizes, strides in y, strides in x

cdef enum:          # sizes
    SIZE            # elements of a row of x
    OUT             # and of y
    AT              # where the slice begins in x
    DIMS            # of the box

ctypedef struct pass_t:
    const step_t *s
    const run_t *r


def emit(Plan plan, Value x, list slices):
    """Append a slice to `plan`.

    Parameters
    ----------
    x : Value
    slices : list of slice
        One for each dimension of a row, with the bounds that `slice.indices` of its size returns.

    Returns
    -------
    Value
        With as many dimensions as x.
    """
    cdef idx_t at = 0
    ranges = [range(n)[part] for part, n in zip(slices, x.shape)]
    sizes = [len(indices) for indices in ranges]
    strides = []
    for indices, stride in zip(ranges, strides_of(x.shape)):
        at += indices.start * stride if len(indices) else 0
        strides.append(indices.step * stride)
    cdef Value y = plan.value(tuple(sizes), x.differentiable)
    cdef Step s = plan.add("slice", forward, backward, NULL, <double>y.size)
    box = np.array([[1, 1, *sizes], [0, 0, *strides_of(y.shape)], [0, 0, *strides]], np.int64)
    box = box[:, min(2, len(sizes)):].copy()     # at least two dimensions
    y.producer = s
    s.c.size[SIZE], s.c.size[OUT], s.c.size[AT], s.c.size[DIMS] = x.size, y.size, at, box.shape[1]
    s.use(X, x, FORWARD).use(Y, y, FORWARD).use(BOX, plan.constant(box), BOTH)
    if y.differentiable:
        s.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD)
    return y


cdef void take(void *context, idx_t row, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef const idx_t *box = <const idx_t *>operand(s, p.r, BOX)
    cdef idx_t item = s.kernels.itemsize, dims = s.size[DIMS]
    s.kernels.strided_copy(operand(s, p.r, Y) + row * s.size[OUT] * item,
                       operand(s, p.r, X) + (row * s.size[SIZE] + s.size[AT]) * item, dims, box, box + dims,
                       box + 2 * dims)


cdef void give(void *context, idx_t row, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef const idx_t *box = <const idx_t *>operand(s, p.r, BOX)
    cdef idx_t item = s.kernels.itemsize, dims = s.size[DIMS]
    cdef char *dx = operand(s, p.r, DX) + row * s.size[SIZE] * item
    memset(dx, 0, s.size[SIZE] * item)
    s.kernels.strided_copy(dx + s.size[AT] * item, operand(s, p.r, DY) + row * s.size[OUT] * item, dims, box,
                       box + 2 * dims, box + dims)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_t(s, r)
    parallel_for(take, &p, r.rows, r.threads)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_t(s, r)
    parallel_for(give, &p, r.rows, r.threads)
