"""Copy of a box of each row of x to a box of y, and back for the gradient: transposition, cropping, padding.

Elements of y outside the box hold a fixed value, those of dx outside it are 0; a box that leaves some out
consists of runs of contiguous elements.
"""

import numpy as np

from ..core.tables cimport fnn_kernels
from ..core.plan cimport Plan
from ..core.runtime cimport parallel_chunks
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DX, DY, FIRST_OWN, X, Y, idx_t, operand, run_t, step_t

cdef enum:          # operands
    BOX = FIRST_OWN     # sizes, strides in y, strides in x
    VALUES              # outside the box: of y, of dx

cdef enum:          # sizes; SIZE and AT of y, then of x
    SIZE = 0            # elements of a row
    AT = 2              # offset of the first element of the box
    ELEMENTS = 4        # of the box
    DIMS                # of the box

ctypedef struct side_t:
    char *rows
    idx_t size
    idx_t at
    const idx_t *strides

ctypedef struct pass_t:
    const fnn_kernels *kernels
    idx_t elements
    idx_t dims
    const idx_t *n
    side_t out
    side_t source
    const char *value


cdef void fill(const pass_t *p, char *row, idx_t at, idx_t count, idx_t n, idx_t distance) noexcept nogil:
    """Fill `count` runs of n elements, the first at `at`, with the value."""
    cdef idx_t[2] box = [count, n], to = [distance, 1], still = [0, 0]
    p.kernels.strided_copy(row + at * p.kernels.itemsize, p.value, 2, box, to, still)


cdef void fill_around(const pass_t *p, char *row) noexcept nogil:
    """Fill a row before the first run of the box, between its runs, and after the last one."""
    cdef idx_t runs = p.n[0], run = p.n[1], distance = p.out.strides[0]
    cdef idx_t end = p.out.at + (runs - 1) * distance + run
    fill(p, row, 0, 1, p.out.at, 0)
    fill(p, row, p.out.at + run, runs - 1, distance - run, distance)
    fill(p, row, end, 1, p.out.size - end, 0)


cdef void copy_rows(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef idx_t item = p.kernels.itemsize, row
    cdef char *out
    cdef char *source
    for row in range(first, first + count):
        out = p.out.rows + row * p.out.size * item
        source = p.source.rows + row * p.source.size * item
        if p.elements < p.out.size:
            fill_around(p, out)
        p.kernels.strided_copy(out + p.out.at * item, source + p.source.at * item, p.dims, p.n,
                               p.out.strides, p.source.strides)


cdef side_t side_of(const step_t *s, const run_t *r, int i, int side) noexcept nogil:
    """Return one side of the copy, in operand i: side 0 has the shape of y, side 1 that of x."""
    cdef side_t t
    t.rows, t.size, t.at = operand(s, r, i), s.size[SIZE + side], s.size[AT + side]
    t.strides = <const idx_t *>operand(s, r, BOX) + (1 + side) * s.size[DIMS]
    return t


cdef void copy(const step_t *s, const run_t *r, side_t out, side_t source, int value) noexcept nogil:
    cdef pass_t p
    p.kernels, p.elements, p.dims = s.kernels, s.size[ELEMENTS], s.size[DIMS]
    p.n, p.out, p.source = <const idx_t *>operand(s, r, BOX), out, source
    p.value = operand(s, r, VALUES) + value * s.kernels.itemsize
    parallel_chunks(copy_rows, &p, r.rows, max(out.size, source.size), r.threads)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    copy(s, r, side_of(s, r, Y, 0), side_of(s, r, X, 1), 0)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    copy(s, r, side_of(s, r, DX, 1), side_of(s, r, DY, 0), 1)


def emit(Plan plan, Value x, tuple shape, box, idx_t y_at=0, idx_t x_at=0, double value=0.0):
    """Append y, which is x inside a box and `value` outside it, to `plan`.

    Parameters
    ----------
    x : Value
    shape : tuple of int
        Of a row of y.
    box : ndarray
        (3, dimensions): sizes, strides in y, strides in x. A box that does not cover all of y and x is
        two-dimensional and has runs of contiguous elements on both sides.
    y_at, x_at : int
        Offsets of its first element.
    value : float

    Returns
    -------
    Value
    """
    return append(plan, x, plan.value(shape, x.differentiable), box, y_at, x_at, value)


cdef Value append(Plan plan, Value x, Value y, box, idx_t y_at, idx_t x_at, double value):
    cdef Step s = plan.add("strided_copy", forward, backward, NULL, 4.0 * y.size)
    y.producer = s
    s.c.size[SIZE], s.c.size[SIZE + 1] = y.size, x.size
    s.c.size[AT], s.c.size[AT + 1] = y_at, x_at
    s.c.size[ELEMENTS], s.c.size[DIMS] = box[0].prod(), box.shape[1]
    s.use(X, x, FORWARD).use(Y, y, FORWARD).use(BOX, plan.constant(box), BOTH)
    s.use(VALUES, plan.constant(np.array([value, 0.0], plan.dtype)), BOTH)
    if y.differentiable:
        s.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD)
    return y


def emit_window(Plan plan, Value x, idx_t top, idx_t left, idx_t height, idx_t width, double value=0.0):
    """Append the window of x with its corner at (top, left) to `plan`; rows are (height, width, channels).

    The window holds `value` where it extends beyond x (top and left may be negative): so it crops and pads.
    """
    cdef idx_t h = x.shape[0], w = x.shape[1], c = x.shape[2]
    if (top, left, height, width) == (0, 0, h, w):
        return x
    cdef Value y = plan.value((height, width, c), x.differentiable)     # refuses sizes that overflow below
    cdef idx_t y_row = max(0, -top), y_column = max(0, -left), x_row = max(0, top), x_column = max(0, left)
    rows = min(h - x_row, height - y_row)
    columns = min(w - x_column, width - y_column)
    box = np.array([[rows, columns * c], [width * c, 1], [w * c, 1]], np.int64)
    return append(plan, x, y, box, (y_row * width + y_column) * c, (x_row * w + x_column) * c, value)
