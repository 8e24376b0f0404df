from ..core.tables cimport fnn_activation
from ..core.plan cimport Plan
from ..core.steps cimport Step, Value
from ..core.types cimport idx_t, run_t, step_t

cdef fnn_activation activation_of(tuple activation) except *
cdef bint needs_input(const fnn_activation *a) noexcept nogil
cdef int keep_for_gradient(Plan plan, Step s, Value y, int preactivation) except -1
cdef void own_gradient(const step_t *s, const run_t *r, idx_t n) noexcept nogil
