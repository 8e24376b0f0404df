"""y = activation(x W + b): forward and backward.

x is (rows, ..., inputs), W (inputs, units), b (units), y (rows, ..., units). Backward, with dz the gradient
of x W + b:

    dW += x' dz     db += column sums of dz     dx = dz W' * gradient of the activation before x
"""

from libc.string cimport memset

from .activation cimport activation_of, keep_for_gradient, own_gradient
from ..core.tables cimport FNN_ACT_linear, fnn_gemm
from .gemm cimport gemm, gemm_scratch
from ..core.plan cimport Plan
from ..core.steps cimport ACTIVATION, AFFINE, BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DX, DY, FIRST_OWN, SAVED, SCALE, SHIFT, X, Y, idx_t, operand, run_t, step_t

cdef enum:
    W = FIRST_OWN
    B
    DW
    DB
    Z               # x W + b, kept where the activation's gradient needs it

cdef enum:          # sizes
    ROWS            # of x for each row of the batch: its dimensions between the first and the last
    INPUTS
    UNITS


def emit(Plan plan, Value x, kernel, bias, tuple activation):
    """Append a dense step to `plan`.

    Parameters
    ----------
    plan : Plan
    x : Value
        (..., inputs) a row.
    kernel, bias : Variable
        (..., inputs, units), where all but the last two dimensions are 1, and (units); bias may be None.
    activation : tuple
        Name and parameters, as `fastnn.activations` gives them.

    Returns
    -------
    Value
        (..., units) a row.
    """
    cdef idx_t inputs = kernel.shape[len(kernel.shape) - 2], units = kernel.shape[len(kernel.shape) - 1]
    cdef idx_t rows = x.size // max(1, inputs)
    cdef Step s = plan.add("dense", forward, backward, scratch, 2.0 * rows * inputs * units)
    learns = plan.trains(kernel) or plan.trains(bias)
    cdef Value y = plan.value(x.shape[:len(x.shape) - 1] + (units,), learns or x.differentiable)
    y.producer = s
    s.c.size[ROWS], s.c.size[INPUTS], s.c.size[UNITS] = rows, inputs, units
    s.c.activation = activation_of(activation)
    s.accepts = AFFINE | ACTIVATION if s.c.activation.code == FNN_ACT_linear else 0
    s.use(X, x, BOTH if plan.trains(kernel) else FORWARD).use(W, plan.parameter(kernel), BOTH)
    s.use(B, plan.parameter(bias), FORWARD).use(Y, y, FORWARD)
    if y.differentiable:
        s.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD)
        s.use(DW, plan.parameter_gradient(kernel), BACKWARD).use(DB, plan.parameter_gradient(bias), BACKWARD)
        s.fuses_gradient = True
        keep_for_gradient(plan, s, y, Z)
    return y


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef fnn_gemm g
    shape(&g, s.size[ROWS] * r.rows, s.size[UNITS], s.size[INPUTS])
    g.a, g.a_row, g.a_column = operand(s, r, X), s.size[INPUTS], 1
    g.b, g.b_row, g.b_column = operand(s, r, W), s.size[UNITS], 1
    g.c, g.ldc = operand(s, r, Y), s.size[UNITS]
    g.fused.bias = operand(s, r, B)
    g.fused.scale, g.fused.shift = operand(s, r, SCALE), operand(s, r, SHIFT)
    g.fused.activation, g.fused.preactivation = s.activation, operand(s, r, Z)
    gemm(s.kernels, &g, r)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef fnn_gemm g
    cdef idx_t rows = s.size[ROWS] * r.rows, inputs = s.size[INPUTS], units = s.size[UNITS]
    cdef char *dz = operand(s, r, DY)
    own_gradient(s, r, rows * units)
    if s.at[DX].space >= 0:
        shape(&g, rows, inputs, units)
        g.a, g.a_row, g.a_column = dz, units, 1
        g.b, g.b_row, g.b_column = operand(s, r, W), 1, units
        g.c, g.ldc = operand(s, r, DX), inputs
        g.fused.saved, g.fused.gradient = operand(s, r, SAVED), s.gradient
        gemm(s.kernels, &g, r)
    if s.at[DW].space >= 0:
        shape(&g, inputs, units, rows)
        g.a, g.a_row, g.a_column = operand(s, r, X), 1, inputs
        g.b, g.b_row, g.b_column = dz, units, 1
        g.c, g.ldc = operand(s, r, DW), units
        g.accumulate = s.accumulate >> DW & 1
        g.column_sums = operand(s, r, DB)
        gemm(s.kernels, &g, r)


cdef inline void shape(fnn_gemm *g, idx_t m, idx_t n, idx_t k) noexcept nogil:
    memset(g, 0, sizeof(fnn_gemm))
    g.m, g.n, g.k = m, n, k
    g.fused.activation.code = g.fused.gradient.code = FNN_ACT_linear


cdef idx_t scratch(const step_t *s, idx_t capacity) noexcept nogil:
    cdef idx_t rows = s.size[ROWS] * capacity, inputs = s.size[INPUTS], units = s.size[UNITS]
    return max(gemm_scratch(s.kernels, rows, units, inputs),
               gemm_scratch(s.kernels, inputs, units, rows),
               gemm_scratch(s.kernels, rows, inputs, units))
