from libc.stdint cimport uint64_t

from .batch cimport Batch, Port
from .claim cimport Claim
from .tables cimport fnn_kernels
from .optimizer cimport Update
from .steps cimport Step, Value
from .types cimport bad_t, idx_t, run_t, step_t, totals_t

cdef enum:
    MAX_TOTALS = 32

ctypedef void (*step_fn)(const step_t *, const run_t *) noexcept nogil
ctypedef idx_t (*scratch_fn)(const step_t *, idx_t) noexcept nogil

cdef int fail(const run_t *r, error) except -1
cdef void sum_over_ranks(const run_t *r, double *values, idx_t n) noexcept nogil

cdef class Arena:
    cdef object memory
    cdef char *base
    cdef char *scratch
    cdef idx_t nbytes
    cdef int threads

cdef int keep_arena(list arenas, Arena arena) except -1

cdef class Record:
    cdef list arenas            # of the plan, where the arena goes once it is free
    cdef Arena arena
    cdef list x
    cdef idx_t rows
    cdef uint64_t iteration
    cdef void free(self)

cdef class Plan:
    cdef readonly object layout         # of the gradients of the variables that the plan trains
    cdef readonly str dtype
    cdef readonly bint training
    cdef public bint stochastic         # whether random layers act in what is emitted now
    cdef public bint acts_by_default    # whether layers act that do so unless told otherwise
    cdef readonly list inputs           # Value
    cdef readonly list outputs          # Value
    cdef list _last                     # steps that backward begins with, in this order
    cdef readonly list tape_ends        # (input or -1, Step) of a plan that is a node of a tape
    cdef public object layer_trains     # whether a layer trains, by the layer
    cdef public bint masked             # whether a mask leaves steps out of losses and metrics
    cdef public int labeled_outputs     # outputs for which a batch has labels, or None
    cdef public tuple input_keys        # by which a dict gives the inputs, or None
    cdef public tuple output_keys       # the same for labels and weights
    cdef public tuple masked_outputs    # outputs whose masks are the last of the outputs
    cdef public bint whole              # whether rows depend on the rows beside them: one run for all of them
    cdef public bint runs_python        # whether a step of arrays runs Python
    cdef readonly list guards           # called with the rows of each run before it; may raise
    cdef public str layer               # name of the layer that appends steps now
    cdef public idx_t times             # rows for each row of the batch in what is emitted now
    cdef readonly list steps
    cdef readonly list values
    cdef readonly idx_t capacity
    cdef readonly idx_t arena_size
    cdef readonly idx_t scratch_size
    cdef readonly double work           # FLOPs per row of one run
    cdef public idx_t used              # when a cache gave it out last, as it counts
    cdef readonly dict totals
    cdef dict _reports                  # of totals that are no mean: (reader of a state, state, its reset)
    cdef const fnn_kernels *kernels
    cdef dict _parameters
    cdef list _constants
    cdef list _arenas
    cdef object _gradients
    cdef char *_gradient_base
    cdef totals_t _totals[MAX_TOTALS]
    cdef bad_t _bad
    cdef object _step_memory            # what holds the steps
    cdef step_t *_steps
    cdef int _n_steps
    cdef list _ports                    # of inputs, outputs, labels and weights
    cdef list _sources                  # what runs read: (argument of bind, index in it, Port)
    cdef int _n_inputs
    cdef int _n_weights                 # outputs whose samples have weights
    cdef Batch _batch
    cdef Claim _use                     # by a caller whose arrays are bound, or who changes the layout
    cdef tuple _claims                  # what a training step has to claim, this one included
    cdef Update _update
    cdef public object ranks            # see `Ranks` in fastnn/training/ranks.py; None alone
    cdef object _run_counts             # array of int64 that plans may share
    cdef idx_t *_runs                   # its element that counts the runs: each draws random masks of its own

    cdef Value value(self, tuple shape, bint differentiable=*, bint per_row=*)
    cdef Value constant(self, array)
    cdef Value parameter(self, variable)
    cpdef bint trains(self, variable)
    cdef Value parameter_gradient(self, variable)
    cdef Value port(self, tuple shape)
    cdef Value _port(self, tuple shape, str dtype, bint converts=*)
    cdef Value _source(self, int argument, int index, tuple shape, str dtype, bint converts=*)
    cdef Value gradient(self, Value value)
    cdef int put_last(self, Step step) except -1
    cdef Step add(self, str name, step_fn forward, step_fn backward, scratch_fn scratch, double work)
    cdef tuple _inputs_of(self, x)
    cdef tuple _labels_of(self, y)
    cdef tuple _weights_of(self, sample_weight)
    cdef idx_t _take(self, x, y, sample_weight) except -2
    cdef int _lay_out(self, idx_t capacity) except -1
    cdef int _mark_accumulation(self, step_t *steps, int n) except -1
    cdef int _prepare(self, run_t *r, Arena arena, idx_t rows) except -1
    cdef Arena _borrow(self)
    cdef object _predicted(self, Py_buffer *source)
    cdef object _refuse(self, const bad_t *bad, idx_t start)
    cdef bint _forward(self, run_t *r) noexcept nogil
    cdef int _steps_per_check(self, const run_t *r) noexcept nogil
    cdef object _run(self, idx_t start, idx_t rows, double *seconds)
    cdef void _infer(self, run_t *r) noexcept nogil
    cdef void _time(self, run_t *r, double *seconds) noexcept nogil
    cdef void _train(self, run_t *r) noexcept nogil
    cdef void _sum_gradients(self, run_t *r) noexcept nogil
    cdef void _run_backward(self, run_t *r) noexcept nogil
    cdef int _point(self, run_t *r, Record record) except -1
    cdef list _at_ends(self, run_t *r, Record record, int at, bint outputs)
