"""Basic slicing of each row of x, with a start, a stop and a step for each axis; steps may be negative.

The gradient of elements outside the slice is 0.
"""

import numpy as np

from libc.string cimport memset

from ..core.plan cimport Plan
from ..core.runtime cimport parallel_chunks
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DX, DY, FIRST_OWN, X, Y, idx_t, operand, run_t, step_t

from .transpose import strides_of

cdef enum:          # operands
    BOX = FIRST_OWN     # sizes, strides in y, strides in x

cdef enum:          # sizes
    SIZE            # elements of a row of x
    OUT             # elements of a row of y
    AT              # offset of the first element in x
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
        One for each dimension of a row, with bounds as `slice.indices` of its size returns them.

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


cdef void slice_rows(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef const idx_t *box = <const idx_t *>operand(s, p.r, BOX)
    cdef idx_t item = s.kernels.itemsize, dims = s.size[DIMS], row
    for row in range(first, first + count):
        s.kernels.strided_copy(operand(s, p.r, Y) + row * s.size[OUT] * item,
                               operand(s, p.r, X) + (row * s.size[SIZE] + s.size[AT]) * item, dims, box,
                               box + dims, box + 2 * dims)


cdef void slice_rows_backward(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef const idx_t *box = <const idx_t *>operand(s, p.r, BOX)
    cdef idx_t item = s.kernels.itemsize, dims = s.size[DIMS], row
    cdef char *dx
    for row in range(first, first + count):
        dx = operand(s, p.r, DX) + row * s.size[SIZE] * item
        memset(dx, 0, s.size[SIZE] * item)
        s.kernels.strided_copy(dx + s.size[AT] * item, operand(s, p.r, DY) + row * s.size[OUT] * item, dims,
                               box, box + 2 * dims, box + dims)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_t(s, r)
    parallel_chunks(slice_rows, &p, r.rows, s.size[OUT], r.threads)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_t(s, r)
    parallel_chunks(slice_rows_backward, &p, r.rows, s.size[SIZE], r.threads)
