"""Two values as one: their sum, mean or product, or one beside the other."""

import numpy as np

from .plan cimport Plan
from .runtime cimport parallel_for
from .steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from .types cimport DX, DY, FIRST_OWN, X, Y, idx_t, operand, run_t, step_t

cdef idx_t CHUNK = 1 << 14      # elements that a thread takes at a time

cdef enum:          # operands; X is the first value and DX its gradient
    OTHER = FIRST_OWN
    DOTHER
    BOX             # of each value in the result: sizes, strides in it, strides in the value

cdef enum:          # sizes
    SIZE            # elements of a row of the first value
    FORM
    WIDTH           # of the last dimension of a row of the first value

cdef enum:          # forms
    SUM             # times param[0]
    PRODUCT
    CONCATENATION

FORMS = {"sum": (SUM, 1.0), "ave": (SUM, 0.5), "mul": (PRODUCT, 1.0), "concat": (CONCATENATION, 1.0)}

ctypedef struct pass_t:
    const step_t *s
    const run_t *r
    idx_t n             # elements of the run
    bint backward


def emit(Plan plan, Value a, Value b, str mode):
    """Append y to `plan`: a + b, (a + b) / 2, a * b, or the last dimensions of both behind each other.

    Parameters
    ----------
    a, b : Value
        Of one shape.
    mode : {"sum", "ave", "mul", "concat"}

    Returns
    -------
    Value
    """
    cdef idx_t width = a.shape[len(a.shape) - 1], rows = a.size // max(1, width), columns
    form, factor = FORMS[mode]
    columns = 2 * width if form == CONCATENATION else width
    cdef Step s = plan.add("merge", forward, backward, NULL, 2.0 * a.size)
    cdef Value y = plan.value(a.shape[:len(a.shape) - 1] + (columns,), a.differentiable or b.differentiable)
    y.producer = s
    when = BOTH if form == PRODUCT else FORWARD
    s.c.size[SIZE], s.c.size[FORM], s.c.size[WIDTH], s.c.param[0] = a.size, form, width, factor
    s.use(X, a, when).use(OTHER, b, when).use(Y, y, FORWARD)
    if form == CONCATENATION:
        s.use(BOX, plan.constant(np.array([[rows, width], [2 * width, 1], [width, 1]], np.int64)), BOTH)
    if y.differentiable:
        s.use(DY, plan.gradient(y), BACKWARD)
        s.use(DX, plan.gradient(a), BACKWARD).use(DOTHER, plan.gradient(b), BACKWARD)
    return y


cdef void chunk(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef idx_t at = i * CHUNK * s.kernels.itemsize, n = min(CHUNK, p.n - i * CHUNK)
    cdef char *a = operand(s, p.r, X) + at
    cdef char *b = operand(s, p.r, OTHER) + at
    cdef char *y = operand(s, p.r, DY if p.backward else Y) + at
    cdef char *da = NULL if s.at[DX].space < 0 else operand(s, p.r, DX) + at
    cdef char *db = NULL if s.at[DOTHER].space < 0 else operand(s, p.r, DOTHER) + at
    if not p.backward:
        if s.size[FORM] == SUM:
            s.kernels.merge_sum(y, a, b, n, s.param[0])
        else:
            s.kernels.merge_product(y, a, b, n)
        return
    if da is not NULL:
        if s.size[FORM] == SUM:
            s.kernels.merge_sum(da, y, NULL, n, s.param[0])
        else:
            s.kernels.merge_product(da, y, b, n)
    if db is not NULL:
        if s.size[FORM] == SUM:
            s.kernels.merge_sum(db, y, NULL, n, s.param[0])
        else:
            s.kernels.merge_product(db, y, a, n)


cdef void beside(void *context, idx_t row, int thread) noexcept nogil:
    """A row of both values into one of the result, or what belongs to each of its gradient back."""
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef const idx_t *box = <const idx_t *>operand(s, p.r, BOX)
    cdef idx_t item = s.kernels.itemsize, at = row * s.size[SIZE] * item, i
    cdef int[2] values = [DX if p.backward else X, DOTHER if p.backward else OTHER]
    cdef char *y = operand(s, p.r, DY if p.backward else Y) + 2 * at
    for i in range(2):
        if s.at[values[i]].space >= 0:
            if p.backward:
                s.kernels.copy_box(operand(s, p.r, values[i]) + at, y, 2, box, box + 4, box + 2)
            else:
                s.kernels.copy_box(y, operand(s, p.r, values[i]) + at, 2, box, box + 2, box + 4)
        y += s.size[WIDTH] * item


cdef void merge(const step_t *s, const run_t *r, bint backward) noexcept nogil:
    cdef pass_t p
    p.s, p.r, p.n, p.backward = s, r, s.size[SIZE] * r.rows, backward
    if s.size[FORM] == CONCATENATION:
        parallel_for(beside, &p, r.rows, r.threads)
    else:
        parallel_for(chunk, &p, (p.n + CHUNK - 1) // CHUNK, r.threads)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    merge(s, r, False)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    merge(s, r, True)
