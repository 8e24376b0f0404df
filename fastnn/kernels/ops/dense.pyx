"""y = activation(x W + b): forward and backward.

x is (rows, ..., inputs), W (inputs, units), b (units), y (rows, ..., units). Backward, with dz the gradient
of x W + b:

    dW += x' dz     db += column sums of dz     dx = dz W' * gradient of the activation before x
"""

from .activation cimport own_gradient
from .gemm cimport gemm, gemm_scratch, init_gemm
from .linear_map cimport DB, DW, W, emit_map, fuse_backward, fuse_forward
from ..core.tables cimport fnn_gemm
from ..core.plan cimport Plan
from ..core.steps cimport ACTIVATION, AFFINE, Step, Value
from ..core.types cimport DX, DY, X, Y, idx_t, operand, run_t, step_t

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
        (..., inputs, units), whose leading dimensions are 1, and (units); bias may be None.
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
    s.c.size[ROWS], s.c.size[INPUTS], s.c.size[UNITS] = rows, inputs, units
    return emit_map(plan, s, x, (*x.shape[:len(x.shape) - 1], units), kernel, bias, activation,
                    AFFINE | ACTIVATION)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef fnn_gemm g
    init_gemm(&g, s.size[ROWS] * r.rows, s.size[UNITS], s.size[INPUTS])
    g.a, g.a_row, g.a_column = operand(s, r, X), s.size[INPUTS], 1
    g.b, g.b_row, g.b_column = operand(s, r, W), s.size[UNITS], 1
    g.c, g.ldc = operand(s, r, Y), s.size[UNITS]
    fuse_forward(&g.fused, s, r)
    gemm(s.kernels, &g, r)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef fnn_gemm g
    cdef idx_t rows = s.size[ROWS] * r.rows, inputs = s.size[INPUTS], units = s.size[UNITS]
    cdef char *dz = operand(s, r, DY)
    own_gradient(s, r, rows * units)
    if s.at[DX].space >= 0:
        init_gemm(&g, rows, inputs, units)
        g.a, g.a_row, g.a_column = dz, units, 1
        g.b, g.b_row, g.b_column = operand(s, r, W), 1, units
        g.c, g.ldc = operand(s, r, DX), inputs
        fuse_backward(&g.fused, s, r)
        gemm(s.kernels, &g, r)
    if s.at[DW].space >= 0:
        init_gemm(&g, inputs, units, rows)
        g.a, g.a_row, g.a_column = operand(s, r, X), 1, inputs
        g.b, g.b_row, g.b_column = dz, units, 1
        g.c, g.ldc = operand(s, r, DW), units
        g.column_sums = operand(s, r, DB)
        g.accumulate = s.accumulate >> (DW if g.column_sums is NULL else DB) & 1
        gemm(s.kernels, &g, r)


cdef idx_t scratch(const step_t *s, idx_t capacity) noexcept nogil:
    cdef idx_t rows = s.size[ROWS] * capacity, inputs = s.size[INPUTS], units = s.size[UNITS]
    return max(gemm_scratch(s.kernels, rows, units, inputs),
               gemm_scratch(s.kernels, inputs, units, rows),
               gemm_scratch(s.kernels, rows, inputs, units))
