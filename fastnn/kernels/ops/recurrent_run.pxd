from ..core.tables cimport fnn_recurrent
from ..core.types cimport idx_t, run_t, step_t

cdef void shape(const step_t *s, fnn_recurrent *g) noexcept nogil
cdef void forward(const step_t *s, const run_t *r) noexcept nogil
cdef void backward(const step_t *s, const run_t *r) noexcept nogil
cdef idx_t scratch(const step_t *s, idx_t capacity) noexcept nogil
