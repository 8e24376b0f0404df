"""y = x / sqrt(sum x^2) over the last axis; rows here are those of it, n elements each."""

from .norm cimport CHUNK, multiply_gradient, whole
from ..core.plan cimport Plan
from ..core.runtime cimport parallel_for
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DX, DY, FIRST_OWN, OWN_SAVED, SAVED, X, Y, idx_t, operand, run_t, step_t

cdef enum:
    INVERSE = FIRST_OWN     # of each row

cdef enum:          # sizes
    ROWS            # for each row of the batch
    N

ctypedef struct pass_t:
    const step_t *step
    const run_t *run
    idx_t rows      # of the whole batch


def emit(Plan plan, Value x, double epsilon):
    """Append y = x min(1 / sqrt(sum x^2), 1 / epsilon) over the last axis to `plan`; returns y."""
    cdef Step s = plan.add("unit_norm", forward, backward, NULL, 4.0 * x.size)
    cdef Value y = plan.value(x.shape, x.differentiable)
    cdef idx_t n = x.shape[len(x.shape) - 1]
    y.producer = s
    s.c.size[ROWS], s.c.size[N], s.c.param[0] = x.size // n, n, 1 / epsilon
    s.use(X, x, FORWARD).use(Y, y, FORWARD).use(INVERSE, plan.value((x.size // n,)), BOTH)
    if y.differentiable:
        s.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD).use(OWN_SAVED, y, BACKWARD)
        s.fuses_gradient = True
    return y


cdef idx_t chunk_of(const step_t *s) noexcept nogil:
    return max(1, CHUNK // s.size[N])


cdef void chunk(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef idx_t n = s.size[N], item = s.kernels.itemsize, first = i * chunk_of(s), at = first * n * item
    s.kernels.unit_norm_forward(operand(s, p.run, Y) + at, operand(s, p.run, INVERSE) + first * item,
                                operand(s, p.run, X) + at, min(chunk_of(s), p.rows - first), n, s.param[0])


cdef void gradient_chunk(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef idx_t n = s.size[N], item = s.kernels.itemsize, first = i * chunk_of(s), at = first * n * item
    cdef idx_t rows = min(chunk_of(s), p.rows - first)
    cdef char *dx = operand(s, p.run, DX) + at
    cdef char *saved = operand(s, p.run, SAVED)
    s.kernels.unit_norm_backward(dx, operand(s, p.run, DY) + at, operand(s, p.run, OWN_SAVED) + at,
                                 operand(s, p.run, INVERSE) + first * item, rows, n, s.param[0])
    multiply_gradient(s, dx, NULL if saved is NULL else saved + at, rows * n)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_t(s, r, s.size[ROWS] * r.rows)
    parallel_for(chunk, &p, whole(p.rows, chunk_of(s)), r.threads)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_t(s, r, s.size[ROWS] * r.rows)
    parallel_for(gradient_chunk, &p, whole(p.rows, chunk_of(s)), r.threads)
