"""Operands of a step y = activation(linear map of x by weights W, + b), whatever the map is."""

from .activation cimport activation_of, keep_for_gradient
from ..core.steps cimport BACKWARD, BOTH, FORWARD
from ..core.tables cimport FNN_ACT_linear
from ..core.types cimport DX, DY, X, Y


cdef Value gradient_beside(Plan plan, kernel, bias):
    """The gradient of a matrix, computed together with that of the bias: memory if only the bias learns."""
    cdef Value gradient = plan.parameter_gradient(kernel)
    if gradient is None and plan.trains(bias):
        gradient = plan.value(kernel.shape, False, False)
    return gradient


cdef Value emit_map(Plan plan, Step s, Value x, tuple shape, kernel, bias, tuple activation, int accepts):
    """Give a step of `plan` its operands and its activation.

    Parameters
    ----------
    plan : Plan
    s : Step
    x : Value
    shape : tuple of int
        Of a row of the result.
    kernel, bias : Variable
        W and b; bias may be None.
    activation : tuple
        Name and parameters, as `fastnn.activations` gives them.
    accepts : int
        The kinds of steps whose work this one can do behind its sums, if it has no activation of its own.

    Returns
    -------
    Value
        y, of the given shape.
    """
    cdef Value y = plan.value(shape, plan.trains(kernel) or plan.trains(bias) or x.differentiable)
    y.producer = s
    s.c.activation = activation_of(activation)
    s.accepts = accepts if s.c.activation.code == FNN_ACT_linear else 0
    cdef Value dw = gradient_beside(plan, kernel, bias)
    s.use(X, x, FORWARD if dw is None else BOTH).use(W, plan.parameter(kernel), BOTH)
    s.use(B, plan.parameter(bias), FORWARD).use(Y, y, FORWARD)
    if y.differentiable:
        s.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD)
        s.use(DW, dw, BACKWARD).use(DB, plan.parameter_gradient(bias), BACKWARD)
        s.fuses_gradient = True
        keep_for_gradient(plan, s, y, Z)
    return y
