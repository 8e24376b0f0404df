"""Gaussian noise, y = x + stddev z, and Gaussian dropout, y = x (1 + stddev z), with standard normal z.

z depends on seed, step and element alone. Backward copies the gradient for noise; for dropout it draws the
same numbers again instead of keeping them.
"""

from libc.string cimport memcpy

from ..core.tables cimport fnn_kernels, fnn_random
from ..core.plan cimport Plan
from ..core.random cimport random_of
from ..core.runtime cimport parallel_chunks
from ..core.steps cimport BACKWARD, FORWARD, Step, Value
from ..core.types cimport DX, DY, X, Y, idx_t, operand, run_t, step_t

cdef enum:          # sizes
    SIZE            # elements for each row of the batch
    SEED

cdef enum:
    COST = 2        # width of an element for chunks: a normal number takes longer than a memory access

ctypedef void (*gaussian_fn)(void *, const void *, idx_t, idx_t, double, const fnn_random *) noexcept nogil

ctypedef struct pass_t:
    const fnn_kernels *kernels
    gaussian_fn kernel
    fnn_random random
    double stddev
    char *out
    const char *source


cdef void draw(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef idx_t at = first * p.kernels.itemsize
    p.kernel(p.out + at, p.source + at, first, count, p.stddev, &p.random)


cdef void apply(const step_t *s, const run_t *r, char *out, const char *source) noexcept nogil:
    cdef pass_t p
    p.kernels, p.kernel, p.out, p.source = s.kernels, <gaussian_fn>s.kernel, out, source
    p.stddev, p.random = s.param[0], random_of(s.size[SEED], 0, r)
    parallel_chunks(draw, &p, s.size[SIZE] * r.rows, COST, r.threads)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    apply(s, r, operand(s, r, Y), operand(s, r, X))


cdef void noise_backward(const step_t *s, const run_t *r) noexcept nogil:
    memcpy(operand(s, r, DX), operand(s, r, DY), s.size[SIZE] * r.rows * s.kernels.itemsize)


cdef void dropout_backward(const step_t *s, const run_t *r) noexcept nogil:
    apply(s, r, operand(s, r, DX), operand(s, r, DY))


cdef Value complete(Plan plan, Step s, Value x, double stddev, unsigned long long seed):
    cdef Value y = plan.value(x.shape, x.differentiable)
    y.producer = s
    s.c.size[SIZE], s.c.size[SEED], s.c.param[0] = x.size, <idx_t>seed, stddev
    s.use(X, x, FORWARD).use(Y, y, FORWARD)
    if y.differentiable:
        s.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD)
    return y


def emit_noise(Plan plan, Value x, double stddev, unsigned long long seed):
    """Append y = x + stddev z to `plan`; returns y, of the shape of x."""
    cdef Step s = plan.add("gaussian_noise", forward, noise_backward, NULL, 40.0 * x.size)
    s.c.kernel = <void *>plan.kernels.gaussian_noise
    return complete(plan, s, x, stddev, seed)


def emit_dropout(Plan plan, Value x, double stddev, unsigned long long seed):
    """Append y = x (1 + stddev z) to `plan`; returns y, of the shape of x."""
    cdef Step s = plan.add("gaussian_dropout", forward, dropout_backward, NULL, 40.0 * x.size)
    s.c.kernel = <void *>plan.kernels.gaussian_dropout
    return complete(plan, s, x, stddev, seed)
