"""y = x + stddev z and y = x (1 + stddev z), where z is normal: it depends on seed, step and element.

Backward passes the gradient on as it is, or draws the same numbers again instead of keeping them.
"""

from libc.string cimport memcpy

from ..core.tables cimport fnn_kernels, fnn_random
from ..core.plan cimport Plan
from ..core.random cimport random_of
from ..core.runtime cimport parallel_for
from ..core.steps cimport BACKWARD, FORWARD, Step, Value
from ..core.types cimport DX, DY, X, Y, idx_t, operand, run_t, step_t

cdef idx_t CHUNK = 1 << 13      # elements that a thread takes at a time

cdef enum:          # sizes
    SIZE            # elements for each row of the batch
    SEED

ctypedef void (*gaussian_fn)(void *, const void *, idx_t, idx_t, double, const fnn_random *) noexcept nogil

ctypedef struct pass_t:
    const fnn_kernels *kernels
    gaussian_fn kernel
    fnn_random random
    double stddev
    idx_t n
    char *out
    const char *source


cdef void chunk(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef idx_t first = i * CHUNK, at = first * p.kernels.itemsize
    p.kernel(p.out + at, p.source + at, first, min(CHUNK, p.n - first), p.stddev, &p.random)


cdef void disturb(const step_t *s, const run_t *r, char *out, const char *source) noexcept nogil:
    cdef pass_t p
    p.kernels, p.kernel, p.out, p.source = s.kernels, <gaussian_fn>s.kernel, out, source
    p.n, p.stddev = s.size[SIZE] * r.rows, s.param[0]
    p.random = random_of(s.size[SEED], 0, r)
    parallel_for(chunk, &p, (p.n + CHUNK - 1) // CHUNK, r.threads)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    disturb(s, r, operand(s, r, Y), operand(s, r, X))


cdef void noise_backward(const step_t *s, const run_t *r) noexcept nogil:
    memcpy(operand(s, r, DX), operand(s, r, DY), s.size[SIZE] * r.rows * s.kernels.itemsize)


cdef void dropout_backward(const step_t *s, const run_t *r) noexcept nogil:
    disturb(s, r, operand(s, r, DX), operand(s, r, DY))


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
