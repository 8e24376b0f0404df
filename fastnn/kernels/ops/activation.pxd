from ..core.tables cimport fnn_activation
from ..core.plan cimport Plan
from ..core.steps cimport Step, Value
from ..core.types cimport DX, SAVED, idx_t, operand, run_t, step_t

cdef fnn_activation activation_of(tuple activation) except *
cdef bint needs_input(const fnn_activation *a) noexcept nogil
cdef int keep_for_gradient(Plan plan, Step s, Value y, int preactivation) except -1
cdef void own_gradient(const step_t *s, const run_t *r, idx_t n) noexcept nogil


cdef inline void multiply_gradient(const step_t *s, const run_t *r, idx_t first, idx_t n) noexcept nogil:
    """Multiply n elements of DX by the gradient of the activation before the step, if that is fused here."""
    cdef char *saved = operand(s, r, SAVED)
    cdef char *dx = operand(s, r, DX)
    if saved is not NULL:
        dx, saved = dx + first * s.kernels.itemsize, saved + first * s.kernels.itemsize
        s.kernels.activation_backward(dx, n, dx, n, saved, n, 1, n, &s.gradient)
