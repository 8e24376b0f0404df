"""Category counts: y[k] = how many of the whole numbers of a set, which come as reals, equal k."""

from libc.stdint cimport int32_t

from .embedding cimport find_numbers
from ..core.plan cimport Plan
from ..core.runtime cimport parallel_chunks
from ..core.steps cimport FORWARD, Step, Value
from ..core.types cimport FIRST_OWN, X, Y, idx_t, operand, run_t, step_t

cdef enum:          # operands
    INDEX = FIRST_OWN   # the numbers, as int32

cdef enum:          # sizes
    SETS            # for each row of the batch
    NUMBERS         # of a set
    DEPTH

cdef enum:          # parameters
    MOST

ctypedef struct pass_t:
    const step_t *s
    const run_t *r


def emit(Plan plan, Value x, idx_t numbers, idx_t depth, double most, tuple shape):
    """Append the counts (..., depth), at most `most`, of each set of `numbers` numbers of x to `plan`.

    A run stops at a number that is not from 0 to depth - 1.
    """
    if x.root.differentiable:
        raise ValueError("input: categories have no gradient, so nothing before them may learn")
    cdef Value y = plan.value(shape)
    cdef Step s = plan.add("category_encoding", forward, NULL, NULL, <double>y.size)
    y.producer = s
    s.c.size[SETS], s.c.size[NUMBERS], s.c.size[DEPTH] = y.size // depth, numbers, depth
    s.c.param[MOST] = most
    s.use(X, x, FORWARD).use(INDEX, plan.value((x.size,)), FORWARD).use(Y, y, FORWARD)
    return y


cdef void count_sets(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef idx_t depth = s.size[DEPTH]
    s.kernels.count_categories(operand(s, p.r, Y) + first * depth * s.kernels.itemsize,
                               <const int32_t *>operand(s, p.r, INDEX) + first * s.size[NUMBERS],
                               count, s.size[NUMBERS], depth, s.param[MOST])


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_t(s, r)
    if find_numbers(s, r, INDEX, s.size[SETS] * s.size[NUMBERS], s.size[DEPTH]):
        parallel_chunks(count_sets, &p, s.size[SETS] * r.rows, s.size[DEPTH], r.threads)
