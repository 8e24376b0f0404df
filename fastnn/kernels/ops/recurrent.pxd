# Operands and sizes of a recurrent step, which recurrent.pyx creates and recurrent_run.pyx runs.

from ..core.tables cimport FNN_LSTM, FNN_SIMPLE_RNN
from ..core.types cimport FIRST_OWN, idx_t, step_t

cdef enum:          # operands
    W = FIRST_OWN
    U
    B
    DW
    DU
    DB
    PACKED          # weights of one direction, as the kernel reads them
    A               # kept for backward, see fastnn.h
    GATES
    PREACTIVATION
    CELLS
    SQUASHED
    MASK
    INPUT_MASK
    STATE_MASK
    STATE           # the addresses of h and c that outlive a run
    VERSIONS        # addresses of the weights' counters of changes, if PACKED outlives a run, ...
    PACKED_VERSION  # ... and their sum when PACKED was written
    JOINT           # the gradients of U and W in one piece, if both have the same gates
    H0              # initial state and last state; c0 and c follow h0 and h, here and below
    C0
    H
    C
    DH0
    DC0
    DH
    DC

cdef enum:          # sizes
    CELL
    STEPS
    INPUTS
    UNITS
    A_ROW
    GATE_ROW
    SEED
    BACKWARDS
    SEQUENCES
    ZERO_MASKED
    N_VERSIONS

cdef enum:          # parameters
    DROPOUT
    RECURRENT_DROPOUT


cdef inline idx_t gates_of(const step_t *s) noexcept nogil:
    """How many gates of `units` columns the weights have."""
    return 1 if s.size[CELL] == FNN_SIMPLE_RNN else 4 if s.size[CELL] == FNN_LSTM else 3
