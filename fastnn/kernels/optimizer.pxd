from .csrc cimport fnn_kernels, fnn_update
from .types cimport idx_t, run_t

# Neighbouring weights that are updated together.
ctypedef struct range_t:
    idx_t start     # elements from the start of the parameter block
    idx_t size

ctypedef void (*update_fn)(const fnn_update *) noexcept nogil

cdef class Update:
    cdef readonly dict slots
    cdef public double learning_rate
    cdef public double weight_decay
    cdef public double clip_norm
    cdef public double global_clip_norm
    cdef public unsigned long long iterations
    cdef object block
    cdef list variables         # that are updated
    cdef str kernel_name
    cdef tuple slot_names
    cdef const fnn_kernels *kernels
    cdef update_fn kernel
    cdef fnn_update rule
    cdef bint bias_correction
    cdef range_t *ranges
    cdef int n_ranges
    cdef char *slot[3]

    cdef void apply(self, const run_t *r) noexcept nogil
    cdef double norm_scale(self, const run_t *r, int first, int last, double limit) noexcept nogil
