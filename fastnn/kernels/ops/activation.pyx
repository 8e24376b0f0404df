"""Elementwise activations y = f(x): as a step of their own, fused behind a product, and on arrays."""

import numpy as np

from ..core.tables cimport FNN_ACT_linear, FNN_ACTIVATIONS, FNN_SAVED_INPUT, fnn_kernels
from ..core.plan cimport Plan
from ..core.runtime cimport activation_rows, address, parallel_chunks, run_threads, table
from ..core.steps cimport ACTIVATION, BACKWARD, FORWARD, Step, Value, fuse_into_product
from ..core.types cimport DX, DY, OWN_SAVED, X, Y, operand

CODES = {activation_rows()[i].name.decode(): i for i in range(FNN_ACTIVATIONS)}

ctypedef struct pass_t:
    const fnn_kernels *kernels
    fnn_activation activation
    char *out
    const char *a       # x, or dy
    const char *saved   # NULL: forward


cdef fnn_activation activation_of(tuple activation) except *:
    """Return the kernels' structure for (name, parameter, ...)."""
    cdef fnn_activation a
    cdef int i
    a.code = CODES[activation[0]]
    for i in range(3):
        a.param[i] = activation[i + 1] if i + 1 < len(activation) else 0
    return a


cdef bint needs_input(const fnn_activation *a) noexcept nogil:
    """Return whether the gradient is computed from the input of the activation rather than its output."""
    return activation_rows()[a.code].saved == FNN_SAVED_INPUT


cdef void elements(void *context, idx_t first, idx_t n, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef idx_t at = first * p.kernels.itemsize
    if p.saved is NULL:
        p.kernels.activation_forward(p.out + at, n, p.a + at, n, 1, n, &p.activation)
    else:
        p.kernels.activation_backward(p.out + at, n, p.a + at, n, p.saved + at, n, 1, n, &p.activation)


cdef void elementwise(const fnn_kernels *k, const fnn_activation *act, int threads, char *out, const char *a,
                      const char *saved, idx_t n) noexcept nogil:
    cdef pass_t p
    p.kernels, p.activation, p.out, p.a, p.saved = k, act[0], out, a, saved
    parallel_chunks(elements, &p, n, 1, threads)


cdef int keep_for_gradient(Plan plan, Step s, Value y, int preactivation) except -1:
    """Make a step save what the gradient of its fused activation is computed from.

    That is the output y, or the input of the activation, which becomes the step's operand `preactivation`.
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
    """Multiply the gradient of y, n elements, by that of the fused activation, in place."""
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
    """Return activation(x) for a contiguous array of float32 or float64, as a new array."""
    cdef fnn_activation a = activation_of(activation)
    y = np.empty_like(x)
    elementwise(table(x.dtype), &a, run_threads(), address(y), address(x), NULL, x.size)
    return y


def apply_gradient(tuple activation, g, x, y):
    """Return the gradient of x, given g, that of y = activation(x); contiguous, of one dtype and shape."""
    cdef fnn_activation a = activation_of(activation)
    saved, dx = x if needs_input(&a) else y, np.empty_like(g)
    elementwise(table(g.dtype), &a, run_threads(), address(dx), address(g), address(saved), g.size)
    return dx
