"""The ends of a plan that is one operation of a tape: gradients enter at outputs and leave at inputs.

Forward and backward are two runs on one arena, which keeps what backward reads. Several forward runs may come
before the first backward, each on an arena of its own.
"""

from libc.string cimport memcpy

from .plan cimport Plan
from .steps cimport BACKWARD, FORWARD, Step, Value
from .types cimport DX, DY, X, Y, operand, run_t, step_t


def emit_input(Plan plan, int i):
    """Append a step that returns the gradient of input i to the caller, and return the input to read.

    It has to come before all that reads the input.
    """
    cdef Value x = plan.inputs[i]
    cdef Value y = Value(x.shape, x.space, True)
    cdef Step s = plan.add("tape_input", nothing, backward, NULL, 0)
    s.c.size[0] = x.size
    s.use(DX, plan.port(x.shape), BACKWARD).use(DY, plan.gradient(y), BACKWARD)
    plan.tape_ends.append((i, s))
    return y


def emit_output(Plan plan, Value x):
    """Append a step that returns x to the caller as an output, and takes its gradient from there."""
    cdef Step s = plan.add("tape_output", forward, backward, NULL, 0)
    s.c.size[0] = x.size
    s.use(X, x, FORWARD).use(Y, plan.port(x.shape), FORWARD)
    s.use(DX, plan.gradient(x), BACKWARD).use(DY, plan.port(x.shape), BACKWARD)
    plan.tape_ends.append((-1, s))


cdef void nothing(const step_t *s, const run_t *r) noexcept nogil:
    pass


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    memcpy(operand(s, r, Y), operand(s, r, X), s.size[0] * r.rows * s.kernels.itemsize)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    """Nothing where nothing before the output learns."""
    if s.at[DX].space >= 0:
        memcpy(operand(s, r, DX), operand(s, r, DY), s.size[0] * r.rows * s.kernels.itemsize)
