"""y = f(x), element by element: as a step of its own, behind a product, and on arrays."""

import numpy as np

from ..core.tables cimport FNN_ACT_linear, FNN_ACTIVATIONS, FNN_SAVED_INPUT, fnn_kernels
from ..core.plan cimport Plan
from ..core.runtime cimport activation_rows, address, max_threads, parallel_for, table
from ..core.steps cimport ACTIVATION, BACKWARD, FORWARD, Step, Value, fuse_into_product
from ..core.types cimport DX, DY, OWN_SAVED, X, Y, operand

cdef idx_t CHUNK = 1 << 14      # elements that a thread takes at a time

CODES = {activation_rows()[i].name.decode(): i for i in range(FNN_ACTIVATIONS)}

ctypedef struct pass_t:
    const fnn_kernels *kernels
    fnn_activation activation
    idx_t n
    char *out
    const char *a       # x, or dy
    const char *saved   # NULL: forward


cdef fnn_activation activation_of(tuple activation) except *:
    """The kernels' form of (name, parameter, ...)."""
    cdef fnn_activation a
    cdef int i
    a.code = CODES[activation[0]]
    for i in range(3):
        a.param[i] = activation[i + 1] if i + 1 < len(activation) else 0
    return a


cdef bint needs_input(const fnn_activation *a) noexcept nogil:
    """Whether the gradient is computed from the input of the activation rather than from its output."""
    return activation_rows()[a.code].saved == FNN_SAVED_INPUT


cdef void chunk(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef idx_t at = i * CHUNK * p.kernels.itemsize, n = min(CHUNK, p.n - i * CHUNK)
    if p.saved is NULL:
        p.kernels.activation_forward(p.out + at, n, p.a + at, n, 1, n, &p.activation)
    else:
        p.kernels.activation_backward(p.out + at, n, p.a + at, n, p.saved + at, n, 1, n, &p.activation)


cdef void elementwise(const fnn_kernels *k, const fnn_activation *act, int threads, char *out, const char *a,
                      const char *saved, idx_t n) noexcept nogil:
    cdef pass_t p
    p.kernels, p.activation, p.n, p.out, p.a, p.saved = k, act[0], n, out, a, saved
    parallel_for(chunk, &p, (n + CHUNK - 1) // CHUNK, threads)


cdef int keep_for_gradient(Plan plan, Step s, Value y, int preactivation) except -1:
    """Let a step keep what the gradient of the activation fused behind it is computed from.

    That is its output y, or what the activation is applied to, which becomes its operand `preactivation`.
    """
    if s.c.activation.code == FNN_ACT_linear:
        return 0
    s.saved = y
    if needs_input(&s.c.activation):
        s.saved = plan.value(y.shape)
        s.use(preactivation, s.saved, FORWARD)
    s.use(OWN_SAVED, s.saved, BACKWARD)
    return 0


cdef void own_gradient(const step_t *s, const run_t *r, idx_t n) noexcept nogil:
    """Make of the gradient of y, n elements, that of what the fused activation is applied to."""
    if s.activation.code != FNN_ACT_linear and not s.preactivation_gradient:
        elementwise(s.kernels, &s.activation, r.threads, operand(s, r, DY), operand(s, r, DY),
                    operand(s, r, OWN_SAVED), n)


def emit(Plan plan, Value x, tuple activation):
    """Append y = activation(x) to `plan`; returns y, of the shape of x."""
    cdef Step s = plan.add("activation", forward, backward, NULL, 10.0 * x.size)
    cdef Value y = plan.value(x.shape, x.differentiable)
    y.producer = s
    s.c.activation = activation_of(activation)
    s.c.size[0] = x.size
    s.kind, s.fuse = ACTIVATION, fuse_into_product
    s.use(X, x, FORWARD).use(Y, y, FORWARD)
    if y.differentiable:
        s.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD)
        s.use(OWN_SAVED, x if needs_input(&s.c.activation) else y, BACKWARD)
    return y


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    elementwise(s.kernels, &s.activation, r.threads, operand(s, r, Y), operand(s, r, X), NULL,
                s.size[0] * r.rows)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    elementwise(s.kernels, &s.activation, r.threads, operand(s, r, DX), operand(s, r, DY),
                operand(s, r, OWN_SAVED), s.size[0] * r.rows)


def apply(tuple activation, x):
    """activation(x) of a contiguous array of float32 or float64, as a new array."""
    cdef fnn_activation a = activation_of(activation)
    y = np.empty_like(x)
    elementwise(table(x.dtype.name), &a, max_threads(), address(y), address(x), NULL, x.size)
    return y


def apply_gradient(tuple activation, g, x, y):
    """The gradient of x, from that of y = activation(x); contiguous arrays of one dtype and shape."""
    cdef fnn_activation a = activation_of(activation)
    saved, dx = x if needs_input(&a) else y, np.empty_like(g)
    elementwise(table(g.dtype.name), &a, max_threads(), address(dx), address(g), address(saved), g.size)
    return dx
