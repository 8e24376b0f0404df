from .types cimport idx_t, run_t, step_t

# When a step uses an operand.
cdef enum:
    FORWARD = 1
    BACKWARD = 2
    BOTH = 3

# Steps that a product can apply to its result.
cdef enum:
    AFFINE = 1          # by operands CENTRE, SCALE and SHIFT
    ACTIVATION = 2

# Fuses `step` into `maker`, the producer of its input; returns whether it could.
ctypedef bint (*fuse_fn)(Step maker, Step step) except -1

cdef class Value:
    cdef readonly tuple shape           # of a row; of the whole array where it does not grow with the batch
    cdef readonly idx_t size            # elements of `shape`
    cdef readonly bint per_row
    cdef readonly idx_t times           # copies of it for each row of the batch
    cdef readonly bint differentiable   # something before it is trained
    cdef readonly Value root            # the owner of the memory: itself, or what it reshapes
    cdef readonly Value flow            # the value whose gradient its readers write: itself, or its source
    cdef public int space
    cdef public idx_t offset
    cdef public Value gradient
    cdef public Step producer
    cdef public Value mask              # (steps) a row: 0 where a step of a sequence is left out; or None
    cdef readonly list consumers
    cdef int first, last

cdef class Step:
    cdef step_t c
    cdef readonly str name
    cdef public str layer               # name of the layer that appended it; "" for losses and the like
    cdef readonly double work           # FLOPs per row, forward
    cdef double input_work              # the part of `work` that has no gradient if the input has none
    cdef unsigned indexed               # bit i: operand i is a table of which a run reads some rows
    cdef dict uses                      # operand: (Value, when)
    cdef Value saved                    # what the gradient of the fused activation is computed from
    cdef bint fuses_gradient            # can multiply DX by the gradient of the activation before it
    cdef int kind                       # AFFINE, ACTIVATION or neither
    cdef int accepts                    # the kinds that it can apply to its result
    cdef fuse_fn fuse                   # or NULL; called if nothing else reads the input

    cdef Step use(self, int i, Value value, int when)
    cdef Value operand(self, int i)

cdef bint fuse_into_product(Step product, Step step) except -1
