"""y = x with the axes of a row in another order; the gradient takes the way back through the same box."""

import numpy as np

from .csrc cimport fnn_kernels
from .plan cimport Plan
from .runtime cimport parallel_for
from .steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from .types cimport DX, DY, FIRST_OWN, X, Y, idx_t, operand, run_t, step_t

cdef idx_t CHUNK = 1 << 14      # elements that a thread takes at a time

cdef enum:          # operands
    BOX = FIRST_OWN     # sizes, strides in y, strides in x

cdef enum:          # sizes
    SIZE            # elements of a row
    DIMS            # of the box

ctypedef struct pass_t:
    const fnn_kernels *kernels
    idx_t rows
    idx_t size
    idx_t dims
    const idx_t *n
    const idx_t *to
    const idx_t *source_strides
    char *out
    const char *source


cdef idx_t rows_of_chunk(const pass_t *p) noexcept nogil:
    return max(1, CHUNK // p.size)


cdef void chunk(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef idx_t first = i * rows_of_chunk(p), row, at
    for row in range(first, min(first + rows_of_chunk(p), p.rows)):
        at = row * p.size * p.kernels.itemsize
        p.kernels.copy_box(p.out + at, p.source + at, p.dims, p.n, p.to, p.source_strides)


cdef void move(const step_t *s, const run_t *r, int out, int source, int to, int source_strides) noexcept nogil:
    cdef pass_t p
    cdef const idx_t *box = <const idx_t *>operand(s, r, BOX)
    p.kernels, p.rows, p.size, p.dims = s.kernels, r.rows, s.size[SIZE], s.size[DIMS]
    p.n, p.to, p.source_strides = box, box + to * p.dims, box + source_strides * p.dims
    p.out, p.source = operand(s, r, out), operand(s, r, source)
    parallel_for(chunk, &p, (p.rows + rows_of_chunk(&p) - 1) // rows_of_chunk(&p), r.threads)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    move(s, r, Y, X, 1, 2)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    move(s, r, DX, DY, 2, 1)


def box_of(tuple shape, tuple axes):
    """The permutation as a box: [sizes, strides in y, strides in x], with as few dimensions as it takes.

    Axes that stay neighbours are one. The last dimension is that of neighbours in y; the one before it is
    that of neighbours in x, if it is another.
    """
    strides = [Value(shape[axis + 1:]).size for axis in range(len(shape))]
    sizes, moves, before = [], [], 0
    for axis in axes:
        n, stride = shape[axis], strides[axis]
        if n > 1:
            if before == n * stride:
                n *= sizes.pop()
                moves.pop()
            sizes.append(n)
            moves.append(stride)
            before = stride
    dims = len(sizes)
    to = [Value(tuple(sizes[i + 1:])).size for i in range(dims)]
    order = sorted(range(dims), key=lambda i: (i == dims - 1, moves[i] == 1))
    return np.array([sizes, to, moves], np.int64)[:, order].copy()


def emit(Plan plan, Value x, tuple axes):
    """Append y = transpose(x) to `plan`; axis i of a row of y is axis `axes[i]` of a row of x, from 0 on.

    Where nothing moves in memory, this is another shape of x and no step.
    """
    cdef Step s
    cdef Value y
    shape = tuple(x.shape[axis] for axis in axes)
    box = box_of(x.shape, axes)
    if box.shape[1] < 2:
        return plan.reshaped(x, shape)
    s = plan.add("transpose", forward, backward, NULL, 4.0 * x.size)
    y = plan.value(shape, x.differentiable)
    y.producer = s
    s.c.size[SIZE], s.c.size[DIMS] = x.size, box.shape[1]
    s.use(X, x, FORWARD).use(Y, y, FORWARD).use(BOX, plan.constant(box), BOTH)
    if y.differentiable:
        s.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD)
    return y
