"""y = a o b, element by element, where rows of a and b broadcast against each other as in NumPy.

Axes along which both sides vary alike are merged, so most pairs come down to equal rows, which make the
whole batch one row; to one number for each channel; or to one for each position. The kernel repeats that
over a grid for the axes that remain. Gradients of what is repeated are sums in the order of memory, by the
thread that has the row.
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
from ..core.runtime cimport parallel_chunks
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DX, DY, FIRST_OWN, X, Y, idx_t, operand, run_t, step_t

cdef enum:
    OPERANDS_READ = 2   # so chunks have half as many elements as those of ops that read one array

cdef enum:          # operands; X is a and DX its gradient
    B = FIRST_OWN
    DB
    GRID            # (3, dims) of the axes outside of (m, n): sizes, strides of a and of b

cdef enum:          # sizes
    SIZE            # elements of a row of y
    SIZE_A          # of a, or 0 if it is the same for all rows
    SIZE_B
    OP
    ONE_ROW         # whether the batch is one row, each side of which is contiguous or a single number
    DIMS            # of the grid
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


def collapsed(tuple a, tuple b):
    """Merge the axes of two shapes that broadcast; return sizes and strides in y, a and b, of two or more."""
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
        Their shapes broadcast; one of them may be a constant of the plan.
    op : {"add", "subtract", "multiply", "divide", "maximum", "minimum", "power"}

    Returns
    -------
    Value
    """
    cdef Value y = plan.value(np.broadcast_shapes(a.shape, b.shape), a.differentiable or b.differentiable)
    cdef double cost = 50.0 if op == "power" else 1.0
    cdef Step s = plan.add("elementwise_binary", forward, backward, NULL, cost * y.size)
    cdef Value v
    axes = collapsed(a.shape, b.shape)
    inner, outer = axes[:, axes.shape[1] - 2:], axes[:, :axes.shape[1] - 2]
    grid = np.ascontiguousarray(outer[[0, 2, 3]])
    y.producer = s
    s.c.size[SIZE], s.c.size[OP], s.c.size[DIMS] = y.size, OPS[op], outer.shape[1]
    s.c.size[SIZE_A], s.c.size[SIZE_B] = a.size if a.per_row else 0, b.size if b.per_row else 0
    s.c.size[ONE_ROW] = all([v.size == (y.size if v.per_row else 1) for v in (a, b)])
    s.c.size[M], s.c.size[N] = inner[0]
    for side, v in enumerate((a, b)):
        s.c.size[ROW + <int>side], s.c.size[COLUMN + <int>side] = inner[2 + side]
        if v.size == 1 and not v.per_row:   # rows of one element do not show that it is repeated
            s.c.size[COLUMN + <int>side] = 0
    when = FORWARD if op in LINEAR else BOTH
    s.use(X, a, when).use(B, b, when).use(Y, y, FORWARD).use(GRID, plan.constant(grid), BOTH)
    if y.differentiable:
        s.use(DY, plan.gradient(y), BACKWARD)
        s.use(DX, plan.gradient(a), BACKWARD).use(DB, plan.gradient(b), BACKWARD)
    return y


def emit_constant(Plan plan, Value x, array, str op, bint reverse):
    """Append y = x o array to `plan`, or y = array o x with `reverse`; the array broadcasts with rows."""
    cdef Value c = plan.constant(np.ascontiguousarray(array, plan.dtype))
    return emit(plan, c, x, op) if reverse else emit(plan, x, c, op)


def emit_absolute(Plan plan, Value x):
    """Append y = |x| to `plan`; return y, of the shape of x. Its derivative at 0 is 0."""
    return emit(plan, x, Value(x.shape, x.space, False, root=x.root, times=x.times), "absolute")


cdef fnn_elementwise_binary describe(const step_t *s, const run_t *r, idx_t count) noexcept nogil:
    """Describe the operation for so many rows of the batch, or elements if the batch is one row."""
    cdef fnn_elementwise_binary c
    c.op, c.accumulate, c.m, c.n, c.samples = <int>s.size[OP], False, s.size[M], s.size[N], count
    c.row[0], c.row[1], c.column[0], c.column[1] = (
        s.size[ROW], s.size[ROW + 1], s.size[COLUMN], s.size[COLUMN + 1])
    c.dims, c.grid = s.size[DIMS], <const idx_t *>operand(s, r, GRID)
    c.sample[0], c.sample[1] = s.size[SIZE_A], s.size[SIZE_B]
    if s.size[ONE_ROW]:
        c.m, c.n, c.dims, c.samples = 1, count, 0, 1
    elif c.dims == 0 and c.m == 1:      # one matrix of the rows
        c.m, c.row[0], c.row[1], c.samples = count, c.sample[0], c.sample[1], 1
    return c


cdef void combine(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    """Compute y, or the gradients of a and b, for some rows of the batch, or elements if it is one row."""
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef fnn_elementwise_binary c = describe(s, p.r, count)
    cdef idx_t at = first * s.kernels.itemsize, at_y, at_a, at_b
    cdef char *a = operand(s, p.r, X)
    cdef char *b = operand(s, p.r, B)
    cdef char *da = operand(s, p.r, DX)
    cdef char *db = operand(s, p.r, DB)
    cdef char *y = operand(s, p.r, DY if p.backward else Y)
    if s.size[ONE_ROW]:
        at_y, at_a, at_b = at, at * c.column[0], at * c.column[1]
    else:
        at_y, at_a, at_b = at * s.size[SIZE], at * s.size[SIZE_A], at * s.size[SIZE_B]
    if not p.backward:
        s.kernels.elementwise_binary_forward(y + at_y, a + at_a, b + at_b, &c)
        return
    if da is not NULL:
        s.kernels.elementwise_binary_backward(da + at_a, y + at_y, a + at_a, b + at_b, &c, 0)
    if db is not NULL:
        s.kernels.elementwise_binary_backward(db + at_b, y + at_y, a + at_a, b + at_b, &c, 1)


cdef void over_batch(const step_t *s, const run_t *r, bint backward) noexcept nogil:
    cdef pass_t p = pass_t(s, r, backward)
    if s.size[ONE_ROW]:
        parallel_chunks(combine, &p, s.size[SIZE] * r.rows, OPERANDS_READ, r.threads)
    else:
        parallel_chunks(combine, &p, r.rows, OPERANDS_READ * s.size[SIZE], r.threads)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    over_batch(s, r, False)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    over_batch(s, r, True)
