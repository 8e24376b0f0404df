from libc.stdint cimport uint64_t

from ..ops.constraint cimport constraint_t
from .tables cimport fnn_kernels, fnn_update
from .types cimport idx_t, run_t

# Neighbouring weights that are updated together.
ctypedef struct range_t:
    idx_t start     # elements from the start of the parameter block
    idx_t size
    bint decays     # by `weight_decay`

ctypedef void (*update_fn)(const fnn_update *) noexcept nogil

cdef class Update:
    cdef readonly dict slots            # arrays of the layout of the block, by name
    cdef readonly object block
    cdef readonly list variables        # that are updated
    cdef public double learning_rate
    cdef public double weight_decay
    cdef public double clip_norm
    cdef public double global_clip_norm
    cdef public uint64_t accumulation   # steps whose mean gradient makes one update
    cdef public double ema_momentum
    cdef public uint64_t ema_overwrite  # updates after which the weights become their averages, or 0
    cdef public uint64_t iterations
    cdef public object schedule         # the learning rate by the number of steps done, or None
    cdef public object exempt           # which variables do not decay
    cdef str kernel_name
    cdef tuple slot_names
    cdef dict start
    cdef const fnn_kernels *kernels
    cdef update_fn kernel
    cdef fnn_update rule
    cdef int correction
    cdef double beta
    cdef double product                 # of Nadam's momenta up to the update `product_at`
    cdef uint64_t product_at
    cdef bint partial                   # whether `ranges` leave out some of the variables
    cdef range_t *ranges
    cdef range_t *whole                 # of all variables
    cdef constraint_t *constraints
    cdef int n_ranges, n_whole, n_constraints
    cdef list hooks                     # (variable, constraint) for constraints in Python
    cdef idx_t *version                 # of the values of `block`
    cdef char *slot[3]
    cdef char *average
    cdef char *accumulator
    cdef object direction               # of Lamb's step, in the layout of the block

    cdef int _slots(self, block) except -1
    cdef int _constrain(self, block, constraints) except -1
    cdef int _select(self, list chosen) except -1
    cdef int begin(self) except -1
    cdef int end(self, bint done) except -1
    cdef void apply(self, const run_t *r) noexcept nogil
    cdef void _accumulate(self, const run_t *r, bint last) noexcept nogil
    cdef void _average(self, const run_t *r, uint64_t updates) noexcept nogil
    cdef void _step(self, const run_t *r, uint64_t t) noexcept nogil
    cdef fnn_update _corrected(self, uint64_t t) noexcept nogil
    cdef fnn_update _lamb(self, const run_t *r, fnn_update u) noexcept nogil
    cdef double _momentum_product(self, uint64_t t) noexcept nogil
    cdef double _norm_scale(
        self, const char *g, int first, int last, double limit, double scale) noexcept nogil
