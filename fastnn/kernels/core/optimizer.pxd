from libc.stdint cimport uint64_t

from ..ops.constraint cimport constraint_t
from .claim cimport Claim
from .tables cimport fnn_kernels, fnn_update
from .types cimport idx_t, run_t

# A weight that is updated.
ctypedef struct weight_t:
    char *value
    idx_t *version          # the counter of its variable
    idx_t offset            # bytes from the start of flat arrays to its gradients and slots
    idx_t size
    idx_t first_chunk, n_chunks
    bint decays             # by `weight_decay`
    bint chosen             # whether this step updates it
    double scale            # of its gradient at this step

# Consecutive elements of a weight that one thread updates.
ctypedef struct chunk_t:
    int weight
    idx_t first, count

ctypedef void (*update_fn)(const fnn_update *) noexcept nogil

# A pass over the chunks of all weights, or of one.
ctypedef struct pass_t:
    const fnn_kernels *kernels
    const weight_t *weights
    const chunk_t *chunks
    update_fn kernel
    fnn_update rule
    char *slot[3]           # flat arrays, NULL where the rule has no such slot
    const char *gradients
    char *sums              # accumulated gradients, or averages of the weights
    bint last               # whether sums are cleared, or averages replace the weights
    double momentum         # of averages

cdef class Weights:
    cdef tuple memory                   # what holds the arrays
    cdef weight_t *at
    cdef int n
    cdef chunk_t *chunks
    cdef idx_t n_chunks

cdef class Constraints:
    cdef object memory                  # what holds the array
    cdef constraint_t *at
    cdef int n
    cdef list hooks                     # (variable, constraint) for constraints in Python

cdef class Update:
    cdef readonly dict slots            # arrays of the layout, by name
    cdef readonly object layout         # of the variables
    cdef readonly list variables        # that are updated
    cdef readonly Claim claim           # of who updates, or changes what is updated
    cdef tuple bound                    # the arguments of `bind`
    cdef readonly dict known            # slots by name, of variables that were updated before
    cdef public double learning_rate
    cdef double weight_decay
    cdef double clip_norm
    cdef double global_clip_norm
    cdef readonly uint64_t accumulation   # steps whose mean gradient makes one update
    cdef double ema_momentum
    cdef uint64_t ema_overwrite  # updates after which the weights become their averages, or 0
    cdef public uint64_t iterations
    cdef public object schedule         # the learning rate by the number of steps done, or None
    cdef str kernel_name
    cdef tuple slot_names
    cdef object start
    cdef const fnn_kernels *kernels
    cdef update_fn kernel
    cdef fnn_update rule
    cdef int correction
    cdef double beta
    cdef double product                 # of Nadam's momenta up to the update `product_at`
    cdef uint64_t product_at
    cdef bint partial                   # whether the last step left out some of the variables
    cdef public object ranks            # that share the gradients given to `step`; None alone
    cdef Weights weights
    cdef Constraints constraints
    cdef char *slot[3]
    cdef char *average
    cdef char *accumulator
    cdef object direction               # of Lamb's step

    cdef int _name_slots(self, bint accumulates, bint averages) except -1
    cdef int _bind(self, list names, tuple bound) except -1
    cdef dict _known_slots(self)
    cdef object _new_slot(self, layout, str name, dict known)
    cdef int _choose(self, chosen) except -1
    cdef int begin(self) except -1
    cdef int end(self, bint done) except -1
    cdef void apply(self, const run_t *r) noexcept nogil
    cdef void _change_versions(self) noexcept nogil
    cdef void _begin_pass(self, pass_t *p, const run_t *r) noexcept nogil
    cdef void _accumulate(self, const run_t *r, bint last) noexcept nogil
    cdef void _average(self, const run_t *r, uint64_t updates) noexcept nogil
    cdef void _step(self, const run_t *r, uint64_t t) noexcept nogil
    cdef fnn_update _corrected(self, uint64_t t) noexcept nogil
    cdef double _momentum_product(self, uint64_t t) noexcept nogil
    cdef void _lamb(self, pass_t p, int i, int threads) noexcept nogil
    cdef double _squares(self, const char *gradients, int first, int last) noexcept nogil
