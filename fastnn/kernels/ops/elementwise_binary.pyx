"""y = a o b, element by element, where rows of a and b broadcast against each other as in NumPy.

Dimensions that both sides walk through alike are one, so most pairs come down to the kernel's two: equal
rows, which are one run of the whole batch, one number for each channel, or one for each position. The rest is
a loop over calls. Gradients of what repeats are sums in the order of memory, by the thread that has the row.
"""

import numpy as np

from ..core.tables cimport (
    FNN_ABSOLUTE,
    FNN_ADD,
    FNN_DIVIDE,
    FNN_MAXIMUM,
    FNN_MINIMUM,
    FNN_MULTIPLY,
    FNN_POWER,
    FNN_SUBTRACT,
    fnn_elementwise_binary,
)
from ..core.plan cimport Plan
from ..core.runtime cimport parallel_for
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DX, DY, FIRST_OWN, X, Y, idx_t, operand, run_t, step_t

cdef idx_t CHUNK = 1 << 13      # elements that a thread takes at a time

cdef enum:          # operands; X is a and DX its gradient
    B = FIRST_OWN
    DB
    BOX             # of the outer dimensions: sizes, strides of y, a and b

cdef enum:          # sizes
    SIZE            # elements of a row of y
    SIZE_A          # of a, and 0 where it is the same for all rows
    SIZE_B
    OP
    RUN             # whether the batch is one run of neighbours, or of one number
    DIMS            # outer ones
    M               # the kernel's
    N
    ROW
    COLUMN = ROW + 2

OPS = {"add": FNN_ADD, "subtract": FNN_SUBTRACT, "multiply": FNN_MULTIPLY, "divide": FNN_DIVIDE,
       "maximum": FNN_MAXIMUM, "minimum": FNN_MINIMUM, "absolute": FNN_ABSOLUTE, "power": FNN_POWER}
LINEAR = {"add", "subtract"}    # whose gradient does not depend on a and b

ctypedef struct pass_t:
    const step_t *s
    const run_t *r
    bint backward
    idx_t n             # rows, or elements if the run is one of them
    idx_t chunk         # of these that a thread takes at a time
    idx_t[3] size       # elements of y, a and b for each


def collapsed(tuple a, tuple b):
    """Two shapes that broadcast as few dimensions: sizes, strides in y, in a and in b, at least two."""
    rank = max(len(a), len(b))
    a, b = (1,) * (rank - len(a)) + a, (1,) * (rank - len(b)) + b
    dims = []
    at = [1, 1, 1]
    for i in range(rank - 1, -1, -1):
        n = max(a[i], b[i]) if a[i] and b[i] else 0
        strides = [at[0], at[1] if a[i] != 1 else 0, at[2] if b[i] != 1 else 0]
        at = [at[0] * n, at[1] * a[i], at[2] * b[i]]
        if n == 1:
            continue
        if dims and all([s == dims[0][0] * t for s, t in zip(strides, dims[0][1:])]):
            dims[0][0] *= n
        else:
            dims.insert(0, [n, *strides])
    for i in range(len(dims), 2):
        dims.insert(0, [1, *(at if i else (1, 1, 1))])
    return np.array(dims, np.int64).T.copy()


def emit(Plan plan, Value a, Value b, str op):
    """Append y = a o b to `plan`.

    Parameters
    ----------
    a, b : Value
        Whose shapes broadcast; one of them may be a constant of the plan.
    op : {"add", "subtract", "multiply", "divide", "maximum", "minimum", "power"}

    Returns
    -------
    Value
    """
    cdef Value y = plan.value(np.broadcast_shapes(a.shape, b.shape), a.differentiable or b.differentiable)
    cdef Step s = plan.add("elementwise_binary", forward, backward, NULL, (50.0 if op == "power" else 1.0) * y.size)
    cdef Value v
    box = collapsed(a.shape, b.shape)
    inner, outer = box[:, box.shape[1] - 2:], box[:, :box.shape[1] - 2].copy()
    y.producer = s
    s.c.size[SIZE], s.c.size[OP], s.c.size[DIMS] = y.size, OPS[op], outer.shape[1]
    s.c.size[SIZE_A], s.c.size[SIZE_B] = a.size if a.per_row else 0, b.size if b.per_row else 0
    s.c.size[RUN] = all([v.size == (y.size if v.per_row else 1) for v in (a, b)])
    s.c.size[M], s.c.size[N] = inner[0]
    for side, v in enumerate((a, b)):
        s.c.size[ROW + <int>side], s.c.size[COLUMN + <int>side] = inner[2 + side]
        if v.size == 1 and not v.per_row:  # also where rows have one element, which leaves no stride to tell
            s.c.size[COLUMN + <int>side] = 0
    when = FORWARD if op in LINEAR else BOTH
    s.use(X, a, when).use(B, b, when).use(Y, y, FORWARD).use(BOX, plan.constant(outer), BOTH)
    if y.differentiable:
        s.use(DY, plan.gradient(y), BACKWARD)
        s.use(DX, plan.gradient(a), BACKWARD).use(DB, plan.gradient(b), BACKWARD)
    return y


ctypedef struct at_t:      # where a call begins
    char *y             # backward its gradient
    char *a
    char *b
    char *da
    char *db


cdef at_t moved(at_t at, idx_t y, idx_t a, idx_t b) noexcept nogil:
    """So many bytes on."""
    at.y, at.a, at.b = at.y + y, at.a + a, at.b + b
    if at.da is not NULL:
        at.da += a
    if at.db is not NULL:
        at.db += b
    return at


def emit_constant(Plan plan, Value x, array, str op, bint reverse):
    """Append y = x o array to `plan`, or y = array o x with `reverse`; the array broadcasts to rows."""
    cdef Value c = plan.constant(np.ascontiguousarray(array, plan.dtype))
    return emit(plan, c, x, op) if reverse else emit(plan, x, c, op)


def emit_absolute(Plan plan, Value x):
    """Append y = |x| to `plan`; returns y, of the shape of x. Its slope at 0 is 0."""
    return emit(plan, x, Value(x.shape, x.space, False, root=x.root, times=x.times), "absolute")


cdef void call(const pass_t *p, fnn_elementwise_binary c, at_t at, bint add_a, bint add_b) noexcept nogil:
    if not p.backward:
        p.s.kernels.elementwise_binary_forward(at.y, at.a, at.b, &c)
        return
    if at.da is not NULL:
        c.accumulate = add_a
        p.s.kernels.elementwise_binary_backward(at.da, at.y, at.a, at.b, &c, 0)
    if at.db is not NULL:
        c.accumulate = add_b
        p.s.kernels.elementwise_binary_backward(at.db, at.y, at.a, at.b, &c, 1)


cdef void box(const pass_t *p, fnn_elementwise_binary c, at_t at) noexcept nogil:
    """All calls of a row."""
    cdef const idx_t *n = <const idx_t *>operand(p.s, p.r, BOX)
    cdef idx_t dims = p.s.size[DIMS], item = p.s.kernels.itemsize, calls = 1, i, j, place, y, a, b
    cdef bint add_a, add_b
    for j in range(dims):
        calls *= n[j]
    for i in range(calls):
        place, y, a, b, add_a, add_b = i, 0, 0, 0, False, False
        for j in range(dims - 1, -1, -1):
            y += place % n[j] * n[dims + j]
            a += place % n[j] * n[2 * dims + j]
            b += place % n[j] * n[3 * dims + j]
            add_a |= place % n[j] > 0 and n[2 * dims + j] == 0
            add_b |= place % n[j] > 0 and n[3 * dims + j] == 0
            place //= n[j]
        call(p, c, moved(at, y * item, a * item, b * item), add_a, add_b)


cdef void chunk(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef idx_t first = i * p.chunk, n = min(p.chunk, p.n - first), item = s.kernels.itemsize, row
    cdef at_t at = at_t(operand(s, p.r, DY if p.backward else Y), operand(s, p.r, X), operand(s, p.r, B),
                        operand(s, p.r, DX), operand(s, p.r, DB))
    cdef fnn_elementwise_binary c
    c.op, c.accumulate, c.m, c.n = <int>s.size[OP], False, s.size[M], s.size[N]
    c.row[0], c.row[1], c.column[0], c.column[1] = (
        s.size[ROW], s.size[ROW + 1], s.size[COLUMN], s.size[COLUMN + 1])
    at = moved(at, first * p.size[0] * item, first * p.size[1] * item, first * p.size[2] * item)
    if s.size[RUN]:
        c.m, c.n = 1, n
        call(p, c, at, False, False)
    elif s.size[DIMS] == 0 and c.m == 1:
        c.m, c.row[0], c.row[1] = n, p.size[1], p.size[2]
        call(p, c, at, False, False)
    else:
        for row in range(n):
            box(p, c, moved(at, row * p.size[0] * item, row * p.size[1] * item, row * p.size[2] * item))


cdef void combine(const step_t *s, const run_t *r, bint backward) noexcept nogil:
    cdef pass_t p
    p.s, p.r, p.backward = s, r, backward
    if s.size[RUN]:
        p.n, p.chunk = s.size[SIZE] * r.rows, CHUNK
        p.size[0], p.size[1], p.size[2] = 1, s.size[COLUMN], s.size[COLUMN + 1]
    else:
        p.n, p.chunk = r.rows, max(1, CHUNK // max(1, s.size[SIZE]))
        p.size[0], p.size[1], p.size[2] = s.size[SIZE], s.size[SIZE_A], s.size[SIZE_B]
    parallel_for(chunk, &p, (p.n + p.chunk - 1) // p.chunk, r.threads)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    combine(s, r, False)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    combine(s, r, True)
