from .csrc cimport fnn_activation
from .types cimport idx_t, run_t, step_t

cdef fnn_activation activation_of(tuple activation) except *
cdef bint needs_input(const fnn_activation *a) noexcept nogil
cdef void activation_gradient(const step_t *s, const run_t *r, char *dx, const char *dy, const char *saved,
                              idx_t n) noexcept nogil
