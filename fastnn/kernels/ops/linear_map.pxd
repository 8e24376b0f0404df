# Operands and fusions of y = activation(linear map of x by weights W, + b), for dense, conv and depthwise.

from ..core.plan cimport Plan
from ..core.steps cimport Step, Value
from ..core.tables cimport fnn_fused
from ..core.types cimport CENTRE, FIRST_OWN, SAVED, SCALE, SHIFT, operand, run_t, step_t

cdef enum:          # operands
    W = FIRST_OWN
    B
    DW
    DB
    Z               # before the activation, kept if the gradient of the activation is computed from it
    FIRST_OF_MAP    # an op numbers its own operands from here

cdef Value emit_map(Plan plan, Step s, Value x, tuple shape, kernel, bias, tuple activation, int accepts)


cdef inline void fuse_forward(fnn_fused *f, const step_t *s, const run_t *r) noexcept nogil:
    """Let the product for y start from b, and centre, scale, shift and activate its sums."""
    f.bias = operand(s, r, B)
    f.centre, f.scale, f.shift = operand(s, r, CENTRE), operand(s, r, SCALE), operand(s, r, SHIFT)
    f.activation, f.preactivation = s.activation, operand(s, r, Z)


cdef inline void fuse_backward(fnn_fused *f, const step_t *s, const run_t *r) noexcept nogil:
    """Let the product for DX multiply it by the gradient of the activation before the step."""
    f.saved, f.gradient = operand(s, r, SAVED), s.gradient
cdef Value gradient_beside(Plan plan, kernel, bias)
