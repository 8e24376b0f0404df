"""y = activation(convolution of x by W, + b), and the transposed convolution, its adjoint.

x is (rows, height, width, channels), W (kernel height, kernel width, channels / groups, filters), b
(filters), y (rows, out height, out width, filters). A transposed convolution is the gradient of the input
of a convolution from its output to its input: there x and y change places, and W is (..., filters,
channels).

Forward and the gradient of x are divided over threads by rows of images, or by columns of W if there are few
pixels; neither changes a bit. The gradients of W and b are in conv_weights.pyx. The class Convolution, with
which benchmarks run the same functions on arrays, brings this file to more than 300 lines.
"""

import numpy as np

from libc.string cimport memset

from .activation cimport own_gradient
from .conv_weights cimport most_parts, part_size, weight_gradient_of
from .gemm cimport PANEL, fuse_nothing
from .linear_map cimport DB, DW, W, emit_map, fuse_backward, fuse_forward
from ..core.tables cimport fnn_conv, fnn_kernels
from ..core.plan cimport Plan
from ..core.runtime cimport address, max_threads, parallel_for, piece_begin, run_threads, table, threads_for
from ..core.steps cimport ACTIVATION, AFFINE, BACKWARD, Step, Value
from ..core.types cimport DX, DY, X, Y, idx_t, operand, run_t, step_t

from . import dense
from ..core.memory import align, aligned_zeros

cdef enum:
    FEW_PIXELS = 256    # for a thread: packing the weights again takes 1 % of its work

ctypedef void (*kernel_fn)(const fnn_conv *, idx_t, idx_t, idx_t, idx_t, void *) noexcept nogil

ctypedef struct split_t:
    const fnn_conv *g
    const run_t *run
    kernel_fn kernel
    idx_t rows, columns             # of what is written: rows of images, or of W
    idx_t row_pieces, column_pieces


cdef void piece(void *context, idx_t chunk, int thread) noexcept nogil:
    cdef split_t *s = <split_t *>context
    cdef idx_t i = chunk // s.column_pieces, j = chunk % s.column_pieces
    cdef idx_t row = piece_begin(s.rows, s.row_pieces, i, 1)
    cdef idx_t column = piece_begin(s.columns, s.column_pieces, j, PANEL)
    s.kernel(s.g, row, piece_begin(s.rows, s.row_pieces, i + 1, 1) - row,
             column, piece_begin(s.columns, s.column_pieces, j + 1, PANEL) - column,
             s.run.scratch + thread * s.run.scratch_size)


cdef void on_images(kernel_fn kernel, const fnn_conv *g, idx_t rows, idx_t width, idx_t columns, double cost,
                    const run_t *r) noexcept nogil:
    """Write `rows` rows of images of `width` pixels with `columns` channels."""
    cdef split_t s
    cdef idx_t threads = threads_for(r, cost)
    s.g, s.run, s.kernel, s.rows, s.columns = g, r, kernel, rows, columns
    s.row_pieces = s.column_pieces = 1
    if threads > 1:
        if columns >= 2 * PANEL * threads and rows * width < FEW_PIXELS * threads:
            s.column_pieces = threads
        else:
            s.row_pieces = min(threads, rows)
    parallel_for(piece, &s, s.row_pieces * s.column_pieces, r.threads)


cdef void forward_of(const fnn_kernels *k, const fnn_conv *g, idx_t images, const run_t *r) noexcept nogil:
    on_images(k.conv_forward, g, images * g.out_height, g.out_width, g.filters, cost(g, images), r)


cdef void input_gradient_of(const fnn_kernels *k, const fnn_conv *g, idx_t images,
                            const run_t *r) noexcept nogil:
    on_images(k.conv_input_gradient, g, images * g.height, g.width, g.channels, cost(g, images), r)


cdef void rows_gradient(const fnn_kernels *k, const step_t *s, const run_t *r, fnn_conv *g, idx_t first,
                        idx_t count, idx_t i, idx_t m, char *scratch) noexcept nogil:
    k.conv_weight_gradient(g, first, count, i, m, scratch)


# ---- steps ----------------------------------------------------------------------------------------------

def emit(Plan plan, Value x, kernel, bias, tuple activation, tuple strides, tuple pads, tuple dilation,
         tuple output):
    """Append a convolution to `plan`.

    Parameters
    ----------
    plan : Plan
    x : Value
        (height, width, channels) a row; the height is 1 for sequences.
    kernel, bias : Variable
        (kernel height, kernel width, channels / groups, filters), without the first axis for sequences, and
        (filters); bias may be None.
    activation : tuple
        Name and parameters, as `fastnn.activations` gives them.
    strides, pads, dilation, output : tuple of two int
        Of rows and columns: steps between windows, zeros before the image, steps between taps, results.

    Returns
    -------
    Value
        (out height, out width, filters) a row.
    """
    window = window_of(kernel)
    cdef idx_t groups = x.shape[2] // kernel.shape[len(kernel.shape) - 2]
    filters = kernel.shape[len(kernel.shape) - 1]
    cdef Step s
    if window == (1, 1) == strides and pads == (0, 0) and groups == 1:
        return dense.emit(plan, x, kernel, bias, activation)
    s = plan.add("conv", forward, backward, scratch, 0)
    shape_step(s, x.shape, (*output, filters), window, strides, pads, dilation, groups)
    return emit_operands(plan, s, x, kernel, bias, activation, output, filters)


def emit_transpose(Plan plan, Value x, kernel, bias, tuple activation, tuple strides, tuple pads,
                   tuple dilation, tuple output):
    """Append a transposed convolution to `plan`: the adjoint of the convolution of this geometry.

    The arguments are those of `emit`, except that kernel is (kernel height, kernel width, filters, channels),
    that strides, pads and dilation are those of the convolution from the output to the input, and that there
    are no groups.
    """
    window = window_of(kernel)
    filters = kernel.shape[len(kernel.shape) - 2]
    cdef Step s = plan.add("conv_transpose", transpose_forward, transpose_backward, scratch, 0)
    shape_step(s, (*output, filters), x.shape, window, strides, pads, dilation, 1)
    return emit_operands(plan, s, x, kernel, bias, activation, output, filters)


cdef tuple window_of(kernel):
    """Return rows and columns of the taps; sequences have one row."""
    window = kernel.shape[:len(kernel.shape) - 2]
    return window if len(window) == 2 else (1, *window)


cdef int shape_step(Step s, tuple x, tuple y, tuple kernel, tuple strides, tuple pads, tuple dilation,
                    idx_t groups) except -1:
    """Set the geometry of a convolution from images x to y, and the work of the step."""
    cdef fnn_conv g
    cdef int a = 0, b = 1, d
    if x[0] == 1 and kernel[0] == 1 and y[0] == 1:
        a, b = 1, 0             # an image of width 1, whose rows can be divided over threads
    s.c.size[HEIGHT], s.c.size[WIDTH], s.c.size[CHANNELS] = x[a], x[b], x[2]
    s.c.size[OUT_HEIGHT], s.c.size[OUT_WIDTH], s.c.size[FILTERS] = y[a], y[b], y[2]
    for d, side in enumerate((a, b)):
        s.c.size[KERNEL + d], s.c.size[STRIDE + d] = kernel[side], strides[side]
        s.c.size[DILATION + d], s.c.size[PAD + d] = dilation[side], pads[side]
    s.c.size[GROUPS] = groups
    geometry(&s.c, &g)
    s.work = flops(&g, s.c.times)
    return 0


cdef Value emit_operands(Plan plan, Step s, Value x, kernel, bias, tuple activation, tuple output,
                         idx_t filters):
    cdef fnn_conv g
    cdef idx_t parts
    cdef Value y = emit_map(plan, s, x, (*output, filters), kernel, bias, activation, AFFINE | ACTIVATION)
    geometry(&s.c, &g)
    parts = most_parts(&g, plan.kernels.itemsize) - 1
    if y.differentiable and parts and (plan.trains(kernel) or plan.trains(bias)):
        s.use(PARTS, plan.value((parts, part_size(&g)), False, False), BACKWARD)
    return y


cdef void geometry(const step_t *s, fnn_conv *g) noexcept nogil:
    cdef int d
    memset(g, 0, sizeof(fnn_conv))
    g.height, g.width, g.channels = s.size[HEIGHT], s.size[WIDTH], s.size[CHANNELS]
    g.out_height, g.out_width, g.filters = s.size[OUT_HEIGHT], s.size[OUT_WIDTH], s.size[FILTERS]
    for d in range(2):
        g.kernel[d], g.stride[d] = s.size[KERNEL + d], s.size[STRIDE + d]
        g.dilation[d], g.pad[d] = s.size[DILATION + d], s.size[PAD + d]
    g.groups = s.size[GROUPS]
    fuse_nothing(&g.fused)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef fnn_conv g
    geometry(s, &g)
    g.x, g.w, g.y = operand(s, r, X), operand(s, r, W), operand(s, r, Y)
    fuse_forward(&g.fused, s, r)
    forward_of(s.kernels, &g, r.rows, r)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef fnn_conv g
    geometry(s, &g)
    own_gradient(s, r, r.rows * g.out_height * g.out_width * g.filters)
    if s.at[DX].space >= 0:
        g.x, g.w, g.y = operand(s, r, DX), operand(s, r, W), operand(s, r, DY)
        fuse_backward(&g.fused, s, r)
        input_gradient_of(s.kernels, &g, r.rows, r)
    if s.at[DW].space >= 0:
        geometry(s, &g)
        g.x, g.w, g.y = operand(s, r, X), operand(s, r, DW), operand(s, r, DY)
        g.bias_gradient = operand(s, r, DB)
        g.accumulate = s.accumulate >> (DW if g.bias_gradient is NULL else DB) & 1
        weight_gradient_of(s.kernels, s, &g, r.rows, operand(s, r, PARTS), r, rows_gradient)


cdef void transpose_forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef fnn_conv g
    geometry(s, &g)
    g.x, g.w, g.y = operand(s, r, Y), operand(s, r, W), operand(s, r, X)
    fuse_forward(&g.fused, s, r)
    input_gradient_of(s.kernels, &g, r.rows, r)


cdef void transpose_backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef fnn_conv g
    cdef idx_t pixels
    geometry(s, &g)
    pixels = r.rows * g.height * g.width
    own_gradient(s, r, pixels * g.channels)
    if s.at[DX].space >= 0:
        g.x, g.w, g.y = operand(s, r, DY), operand(s, r, W), operand(s, r, DX)
        fuse_backward(&g.fused, s, r)
        forward_of(s.kernels, &g, r.rows, r)
    if s.at[DW].space >= 0:
        geometry(s, &g)
        g.x, g.w, g.y = operand(s, r, DY), operand(s, r, DW), operand(s, r, X)
        g.accumulate = s.accumulate >> DW & 1
        weight_gradient_of(s.kernels, s, &g, r.rows, operand(s, r, PARTS), r, rows_gradient)
    if s.at[DB].space >= 0:
        s.kernels.column_sums(operand(s, r, DB), operand(s, r, DY), pixels, g.channels,
                              s.accumulate >> DB & 1)


cdef idx_t scratch(const step_t *s, idx_t capacity) noexcept nogil:
    cdef fnn_conv g
    geometry(s, &g)
    return s.kernels.conv_workspace(&g)


# ---- on arrays ------------------------------------------------------------------------------------------

cdef class Convolution:
    """A convolution and its gradients on arrays of its own, computed as by a plan; for tests and benchmarks.

    Parameters
    ----------
    x_shape : tuple of int
        (images, height, width, channels).
    kernel_shape : tuple of int
        (kernel height, kernel width, channels / groups, filters).
    strides, pads, dilation : tuple of two int
        As `emit` takes them.
    output : tuple of two int, optional
        Rows and columns of results; by default as many as fit with as many zeros after the image as before.
    dtype : {"float32", "float64"}

    Attributes
    ----------
    x, w, y, dx, dw, dy : ndarray
        Zeros; `forward` writes y, `input_gradient` dx, `weight_gradient` dw.
    flops : float
        Of each of the three.
    """

    cdef readonly object x, w, y, dx, dw, dy
    cdef readonly double flops
    cdef fnn_conv g
    cdef run_t r
    cdef const fnn_kernels *kernels
    cdef object scratch, parts
    cdef int threads

    def __init__(self, tuple x_shape, tuple kernel_shape, tuple strides=(1, 1), tuple pads=(0, 0),
                 tuple dilation=(1, 1), tuple output=None, str dtype="float32"):
        cdef Step s = Step("conv")
        if output is None:
            output = tuple(
                (n + 2 * p - (k - 1) * d - 1) // t + 1
                for n, p, k, d, t in zip(x_shape[1:3], pads, kernel_shape, dilation, strides))
        y_shape = (x_shape[0], *output, kernel_shape[3])
        shape_step(s, x_shape[1:], y_shape[1:], kernel_shape[:2], strides, pads, dilation,
                   x_shape[3] // kernel_shape[2])
        geometry(&s.c, &self.g)
        self.x, self.dx = array(x_shape, dtype), array(x_shape, dtype)
        self.y, self.dy = array(y_shape, dtype), array(y_shape, dtype)
        self.w, self.dw = array(kernel_shape, dtype), array(kernel_shape, dtype)
        self.kernels = table(dtype)
        self.parts = array((most_parts(&self.g, self.kernels.itemsize), part_size(&self.g)), dtype)
        self.threads = max_threads()
        self.r.scratch_size = align(self.kernels.conv_workspace(&self.g))
        self.scratch = aligned_zeros(self.threads * self.r.scratch_size)
        self.r.scratch = address(self.scratch)
        self.flops = flops(&self.g, x_shape[0])

    cdef fnn_conv at(self, x, w, y):
        cdef fnn_conv g = self.g
        g.x, g.w, g.y = address(x), address(w), address(y)
        self.r.threads = min(self.threads, run_threads())
        return g

    def forward(self):
        """Write the convolution of x with w to y."""
        cdef fnn_conv g = self.at(self.x, self.w, self.y)
        cdef idx_t images = self.x.shape[0]
        with nogil:
            forward_of(self.kernels, &g, images, &self.r)

    def input_gradient(self):
        """Write the gradient of x, from the gradient dy of y, to dx."""
        cdef fnn_conv g = self.at(self.dx, self.w, self.dy)
        cdef idx_t images = self.x.shape[0]
        with nogil:
            input_gradient_of(self.kernels, &g, images, &self.r)

    def weight_gradient(self):
        """Write the gradient of w, from the gradient dy of y, to dw."""
        cdef fnn_conv g = self.at(self.x, self.dw, self.dy)
        cdef idx_t images = self.x.shape[0]
        cdef char *parts = address(self.parts)
        with nogil:
            weight_gradient_of(self.kernels, NULL, &g, images, parts, &self.r, rows_gradient)


def array(tuple shape, dtype):
    """Return zeros that begin at a cache line."""
    return aligned_zeros(np.prod(shape, dtype=np.int64), dtype).reshape(shape)
