# The structures that plans and ops exchange: a step, and the run that executes it.

from libc.stdint cimport int64_t, uint64_t

from .tables cimport fnn_activation, fnn_kernels

ctypedef int64_t idx_t

# The address spaces of arrays. A step holds (space, offset) pairs, so several threads run one plan on arenas
# of their own.
cdef enum:
    ARENA           # planned by lifetime
    PARAMETERS      # weights, which stay where they are: offsets are addresses
    GRADIENTS       # of the weights that a plan trains, in one array
    CONSTANTS       # arrays that an op made at creation: offsets are addresses
    PORTS           # the first of the caller's arrays: rows, or their gathered copy, and results

cdef enum:
    MAX_PORTS = 128
    SPACES = PORTS + MAX_PORTS

# The operands that ops have in common; an op numbers its own from FIRST_OWN.
cdef enum:
    X               # input
    Y               # output
    DX              # gradient of the input; not there if nothing before it learns
    DY              # gradient of the output
    OWN_SAVED       # what the gradient of the step's own fused activation is computed from
    SAVED           # the same of the step before, whose gradient this one fuses behind DX
    CENTRE          # y = (y - centre) scale + shift behind the step's own sums, one of each for a channel
    SCALE
    SHIFT           # not there for 0
    FIRST_OWN

cdef enum:
    OPERANDS = 37
    SIZES = 32

ctypedef struct operand_t:
    int space       # -1: not there
    idx_t offset    # bytes

ctypedef struct totals_t:
    double value    # sum of a loss or metric over the rows seen
    double weight   # what to divide it by

# An invalid input that stops a run before it changes anything.
ctypedef struct bad_t:
    idx_t at            # which target is invalid, or which index; -1 where none is
    idx_t limit         # 0, or what the index has to be below
    idx_t row           # of the run that the index is in
    double value        # what it is

# One execution of a plan on some rows.
ctypedef struct run_t:
    char *base[SPACES]
    char *scratch           # a piece for each thread
    idx_t scratch_size
    idx_t rows              # of the batch, times the steps of a layer that is distributed over time
    int threads
    uint64_t iteration      # of the optimizer: random masks depend on it
    totals_t *totals
    bad_t *bad
    void *ranks             # what sums over the ranks of a training on several, or NULL
    double portion          # of the rows of all ranks in this run

# One operation, both directions. Sizes and parameters are the op's own.
ctypedef struct step_t:
    void (*forward)(const step_t *, const run_t *) noexcept nogil
    void (*backward)(const step_t *, const run_t *) noexcept nogil
    idx_t (*scratch)(const step_t *, idx_t rows) noexcept nogil     # bytes per thread, or NULL
    const fnn_kernels *kernels
    idx_t times                     # rows for each row of the batch
    void *kernel                    # the one of them that an op chose at creation
    operand_t at[OPERANDS]
    uint64_t accumulate             # bit i: operand i holds an earlier contribution to its gradient
    idx_t size[SIZES]
    double param[4]
    fnn_activation activation       # fused behind the forward product
    fnn_activation inner            # of gates, where an op has such
    bint preactivation_gradient     # the gradient that arrives is already that of the preactivation
    fnn_activation gradient         # fused behind the gradient of the input, where operand SAVED is there

cdef inline char *operand(const step_t *s, const run_t *r, int i) noexcept nogil:
    """The address of operand i in this run, or NULL."""
    if s.at[i].space < 0:
        return NULL
    return <char *>(<size_t>r.base[s.at[i].space] + <size_t>s.at[i].offset)
