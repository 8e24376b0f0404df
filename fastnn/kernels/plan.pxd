from libc.stdint cimport int32_t

from .csrc cimport fnn_activation, fnn_kernels
from .optimizer cimport Update
from .types cimport idx_t, run_t, step_t, totals_t

# When a step uses an operand.
cdef enum:
    FORWARD = 1
    BACKWARD = 2
    BOTH = 3

cdef enum:
    MAX_NDIM = 8
    MAX_TOTALS = 32

ctypedef void (*step_fn)(const step_t *, const run_t *) noexcept nogil
ctypedef idx_t (*scratch_fn)(const step_t *, idx_t) noexcept nogil

cdef class Value:
    cdef readonly tuple shape           # of a row; of the whole array where it does not grow with the batch
    cdef readonly idx_t size            # elements of `shape`
    cdef readonly bint per_row
    cdef readonly bint differentiable   # something that learns lies before it
    cdef readonly Value root            # whose memory this is: itself, or what it reshapes
    cdef public int space
    cdef public idx_t offset
    cdef public Value gradient
    cdef public Step producer
    cdef readonly list consumers
    cdef int first, last

cdef class Step:
    cdef step_t c
    cdef readonly str name
    cdef readonly double work           # FLOPs per row, forward
    cdef dict uses                      # operand: (Value, when)
    cdef Value saved                    # what the gradient of the fused activation is computed from
    cdef bint fuses_gradient            # can multiply DX by the gradient of the activation before it

    cdef Step use(self, int i, Value value, int when)
    cdef Value operand(self, int i)

cdef class Arena:
    cdef object memory
    cdef char *base
    cdef char *scratch
    cdef int threads

cdef class Plan:
    cdef readonly object block
    cdef readonly str dtype
    cdef readonly bint training
    cdef readonly bint stochastic
    cdef readonly Value input
    cdef readonly Value output
    cdef public Value scored            # what the loss compares with the targets
    cdef public bint sparse             # whether targets are class numbers
    cdef readonly list steps
    cdef readonly list values
    cdef readonly idx_t capacity
    cdef readonly idx_t arena_size
    cdef readonly idx_t scratch_size
    cdef readonly double work           # FLOPs per row of one run
    cdef readonly dict totals
    cdef const fnn_kernels *kernels
    cdef dict _parameters
    cdef list _constants
    cdef list _arenas
    cdef object _gradients
    cdef char *_parameter_base
    cdef char *_gradient_base
    cdef char _format
    cdef int _ndim
    cdef idx_t _row_shape[MAX_NDIM]
    cdef totals_t _totals[MAX_TOTALS]
    cdef idx_t _bad
    cdef step_t *_steps
    cdef int _n_steps
    cdef list _bound
    cdef char *_source[3]
    cdef char *_gathered[3]
    cdef idx_t _row_bytes[3]
    cdef const idx_t *_order
    cdef int32_t[::1] _classes
    cdef bint _running
    cdef Update _update

    cdef Value value(self, tuple shape, bint differentiable=*, bint per_row=*)
    cdef Value constant(self, array)
    cdef Value parameter(self, variable)
    cdef Value parameter_gradient(self, variable)
    cdef Value gradient(self, Value value)
    cdef Step add(self, str name, step_fn forward, step_fn backward, scratch_fn scratch, double work)
    cdef void _prepare(self, run_t *r, Arena arena, idx_t rows) noexcept
    cdef Arena _borrow(self)
    cdef void _forward(self, run_t *r) noexcept nogil
    cdef void _train(self, run_t *r) noexcept nogil
    cdef void _rows(self, run_t *r, idx_t start, idx_t rows) noexcept nogil
    cdef bint _matches(self, Py_buffer *view) noexcept
    cdef char *_targets(self, Py_buffer *view, idx_t rows) except? NULL
