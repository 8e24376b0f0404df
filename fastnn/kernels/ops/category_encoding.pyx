"""y[k] = how many of some whole numbers, which come as reals, are k: vectors for sets of categories."""

from libc.stdint cimport int32_t

from .embedding cimport find_numbers
from ..core.plan cimport Plan
from ..core.runtime cimport parallel_for
from ..core.steps cimport FORWARD, Step, Value
from ..core.types cimport FIRST_OWN, X, Y, idx_t, operand, run_t, step_t

cdef idx_t CHUNK = 1 << 14      # elements of y that a thread takes at a time

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
    idx_t sets          # of the run
    idx_t chunk


def emit(Plan plan, Value x, idx_t numbers, idx_t depth, double most, tuple shape):
    """Append counts (..., depth) of the numbers of x, up to `most`, to `plan`: of each `numbers` of them.

    A run stops where a number is not from 0 to depth - 1.
    """
    if x.root.differentiable:
        raise ValueError("input: categories have no gradient, so nothing before them may learn")
    cdef Step s = plan.add("category_encoding", forward, NULL, NULL, <double>(x.size // numbers * depth))
    cdef Value y = plan.value(shape)
    y.producer = s
    s.c.size[SETS], s.c.size[NUMBERS], s.c.size[DEPTH] = x.size // numbers, numbers, depth
    s.c.param[MOST] = most
    s.use(X, x, FORWARD).use(INDEX, plan.value((x.size,)), FORWARD).use(Y, y, FORWARD)
    return y


cdef void count(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef idx_t first = i * p.chunk, depth = s.size[DEPTH]
    s.kernels.count_categories(operand(s, p.r, Y) + first * depth * s.kernels.itemsize,
                               <const int32_t *>operand(s, p.r, INDEX) + first * s.size[NUMBERS],
                               min(p.chunk, p.sets - first), s.size[NUMBERS], depth, s.param[MOST])


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p
    if not find_numbers(s, r, INDEX, s.size[SETS] * s.size[NUMBERS], s.size[DEPTH]):
        return
    p.s, p.r, p.sets, p.chunk = s, r, s.size[SETS] * r.rows, max(1, CHUNK // s.size[DEPTH])
    parallel_for(count, &p, (p.sets + p.chunk - 1) // p.chunk, r.threads)
