"""Unit normalization, y = x / sqrt(sum x^2), of each vector of n elements along the last axis."""

from .activation cimport multiply_gradient
from ..core.plan cimport Plan
from ..core.runtime cimport parallel_chunks
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DX, DY, FIRST_OWN, OWN_SAVED, X, Y, idx_t, operand, run_t, step_t

cdef enum:
    INVERSE = FIRST_OWN     # 1 / sqrt(sum x^2) of each vector

cdef enum:          # sizes
    VECTORS         # for each row of the batch
    N

ctypedef struct pass_t:
    const step_t *step
    const run_t *run


def emit(Plan plan, Value x, double epsilon):
    """Append y = x min(1 / sqrt(sum x^2), 1 / epsilon) over the last axis to `plan`; returns y."""
    cdef Step s = plan.add("unit_norm", forward, backward, NULL, 4.0 * x.size)
    cdef Value y = plan.value(x.shape, x.differentiable)
    cdef idx_t n = x.shape[len(x.shape) - 1], vectors = x.size // max(1, n)
    y.producer = s
    s.c.size[VECTORS], s.c.size[N], s.c.param[0] = vectors, n, 1 / epsilon
    s.use(X, x, FORWARD).use(Y, y, FORWARD).use(INVERSE, plan.value((vectors,)), BOTH)
    if y.differentiable:
        s.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD).use(OWN_SAVED, y, BACKWARD)
        s.fuses_gradient = True
    return y


cdef void normalize(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef idx_t n = s.size[N], item = s.kernels.itemsize, at = first * n * item
    s.kernels.unit_norm_forward(operand(s, p.run, Y) + at, operand(s, p.run, INVERSE) + first * item,
                                operand(s, p.run, X) + at, count, n, s.param[0])


cdef void normalize_backward(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef idx_t n = s.size[N], item = s.kernels.itemsize, at = first * n * item
    s.kernels.unit_norm_backward(operand(s, p.run, DX) + at, operand(s, p.run, DY) + at,
                                 operand(s, p.run, OWN_SAVED) + at, operand(s, p.run, INVERSE) + first * item,
                                 count, n, s.param[0])
    multiply_gradient(s, p.run, first * n, count * n)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_t(s, r)
    parallel_chunks(normalize, &p, s.size[VECTORS] * r.rows, s.size[N], r.threads)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_t(s, r)
    parallel_chunks(normalize_backward, &p, s.size[VECTORS] * r.rows, s.size[N], r.threads)
