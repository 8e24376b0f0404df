"""y = activation(depthwise convolution of x by W, + b): forward and backward.

x is (height, width, channels) a row, W (kernel height, kernel width, channels, multiplier), y (out height,
out width, channels * multiplier). With a multiplier above 1, a step of its own repeats the channels of x
first; W, as it lies in memory, is then (kernel height, kernel width, channels * multiplier).

Work is divided by rows of images. The gradients of W and b, sums over all images, are taken in parts whose
number depends on the number of images and the size of W alone, and which are added in order.
"""

from libc.math cimport INFINITY
from libc.string cimport memset

from .activation cimport multiply_gradient, own_gradient
from .linear_map cimport B, DB, DW, FIRST_OF_MAP, W, Z, emit_map
from ..core.tables cimport FNN_ACT_linear, FNN_ACT_relu, fnn_depthwise, fnn_kernels
from ..core.plan cimport Plan
from ..core.runtime cimport (
    divide_sum,
    parallel_chunks,
    parallel_for,
    parallel_image_rows,
    part_items,
    parts_t,
)
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DX, DY, X, Y, idx_t, operand, run_t, step_t

cdef enum:
    MOST_PARTS = 16
    PARTS_BYTES = 1 << 18   # of all parts: they stay in the cache

cdef enum:
    PARTS = FIRST_OF_MAP    # of dw and db, by images

cdef enum:          # sizes: a fnn_depthwise, and
    N_PARTS = 13

ctypedef struct pass_t:
    const step_t *step
    const run_t *run
    parts_t parts           # of the sums over images


cdef inline const fnn_depthwise *geometry(const step_t *s) noexcept nogil:
    return <const fnn_depthwise *>&s.size[0]


cdef inline idx_t x_size(const fnn_depthwise *d) noexcept nogil:
    return d.height * d.width * d.channels


cdef inline idx_t y_size(const fnn_depthwise *d) noexcept nogil:
    return d.out_height * d.out_width * d.channels


cdef inline idx_t w_size(const fnn_depthwise *d) noexcept nogil:
    return d.window[0] * d.window[1] * d.channels


cdef void convolve_rows(void *context, idx_t image, idx_t first, idx_t rows, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef const fnn_kernels *k = s.kernels
    cdef const fnn_depthwise *d = geometry(s)
    cdef idx_t row = d.out_width * d.channels, n = rows * row
    cdef idx_t start = image * y_size(d) * k.itemsize, at = start + first * row * k.itemsize
    cdef char *y = operand(s, p.run, Y)
    cdef char *z = operand(s, p.run, Z)
    cdef double lowest = 0 if s.activation.code == FNN_ACT_relu else -INFINITY
    if z is NULL:
        z = y
    k.depthwise_forward(z + start, operand(s, p.run, X) + image * x_size(d) * k.itemsize,
                        operand(s, p.run, W), operand(s, p.run, B), lowest, d, first, rows)
    if s.activation.code != FNN_ACT_linear and s.activation.code != FNN_ACT_relu:
        k.activation_forward(y + at, n, z + at, n, 1, n, &s.activation)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p
    cdef const fnn_depthwise *d = geometry(s)
    p.step, p.run = s, r
    parallel_image_rows(convolve_rows, &p, r.rows, d.out_height, y_size(d), r.threads)


cdef void input_gradient_rows(void *context, idx_t image, idx_t first, idx_t rows, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef const fnn_kernels *k = s.kernels
    cdef const fnn_depthwise *d = geometry(s)
    cdef idx_t row = d.width * d.channels
    k.depthwise_backward(operand(s, p.run, DX) + image * x_size(d) * k.itemsize,
                         operand(s, p.run, DY) + image * y_size(d) * k.itemsize, operand(s, p.run, W), d,
                         first, rows)
    multiply_gradient(s, p.run, image * x_size(d) + first * row, rows * row)


cdef void weight_gradient_part(void *context, idx_t part, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef const fnn_kernels *k = s.kernels
    cdef const fnn_depthwise *d = geometry(s)
    cdef idx_t i, first = part * p.parts.size, size = w_size(d) + d.channels
    cdef char *dw = operand(s, p.run, PARTS) + part * size * k.itemsize
    cdef char *db = NULL if s.at[DB].space < 0 else dw + w_size(d) * k.itemsize
    memset(dw, 0, size * k.itemsize)
    for i in range(first, first + part_items(&p.parts, part)):
        k.depthwise_weights(dw, db, operand(s, p.run, X) + i * x_size(d) * k.itemsize,
                            operand(s, p.run, DY) + i * y_size(d) * k.itemsize, d)


cdef void add_parts(const pass_t *p, int to, idx_t offset, idx_t n) noexcept nogil:
    """Add the parts of operand `to`, a gradient of n elements, which begin at `offset` in each part."""
    cdef const step_t *s = p.step
    cdef idx_t step = w_size(geometry(s)) + geometry(s).channels
    if s.at[to].space >= 0:
        s.kernels.add_parts(operand(s, p.run, to), operand(s, p.run, PARTS) + offset * s.kernels.itemsize, n,
                            p.parts.count, step, s.accumulate >> to & 1)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p
    cdef const fnn_depthwise *d = geometry(s)
    p.step, p.run = s, r
    own_gradient(s, r, r.rows * y_size(d))
    if s.at[DX].space >= 0:
        parallel_image_rows(input_gradient_rows, &p, r.rows, d.height, x_size(d), r.threads)
    if s.at[PARTS].space >= 0:
        p.parts = divide_sum(r.rows, s.size[N_PARTS], <double>r.rows, 1)
        parallel_for(weight_gradient_part, &p, p.parts.count, r.threads)
        add_parts(&p, DW, 0, w_size(d))
        add_parts(&p, DB, w_size(d), d.channels)


def emit(Plan plan, Value x, kernel, bias, tuple activation, tuple strides, tuple pads, tuple dilation,
         tuple output):
    """Append a depthwise convolution to `plan`.

    Parameters
    ----------
    plan : Plan
    x : Value
        (height, width, channels) a row.
    kernel, bias : Variable
        (kernel height, kernel width, channels, multiplier), without the first axis for a height of 1, and
        (channels * multiplier); bias may be None.
    activation : tuple
        Name and parameters, as `fastnn.activations` gives them.
    strides, pads, dilation, output : tuple of two int
        Of rows and columns: steps between windows, zeros before the image, steps between taps, results.

    Returns
    -------
    Value
        (*output, channels * multiplier) a row.
    """
    cdef idx_t down, across, channels, multiplier, size
    down, across, channels, multiplier = kernel.shape if len(kernel.shape) == 4 else (1, *kernel.shape)
    if multiplier > 1:
        x = repeated(plan, x, multiplier)
        channels *= multiplier
    cdef Step s = plan.add("depthwise", forward, backward, NULL, 0)
    cdef fnn_depthwise *d = <fnn_depthwise *>&s.c.size[0]
    d.height, d.width, d.channels = x.shape
    d.out_height, d.out_width = output
    d.window[0], d.window[1] = down, across
    d.stride[0], d.stride[1] = strides
    d.dilation[0], d.dilation[1] = dilation
    d.pad[0], d.pad[1] = pads
    s.work = 2.0 * s.c.times * y_size(d) * down * across
    cdef Value y = emit_map(plan, s, x, (*output, channels), kernel, bias, activation, 0)
    if y.differentiable and (plan.trains(kernel) or plan.trains(bias)):
        size = w_size(d) + channels
        s.c.size[N_PARTS] = max(1, min(MOST_PARTS, PARTS_BYTES // (size * plan.kernels.itemsize)))
        s.use(PARTS, plan.value((s.c.size[N_PARTS], size), False, False), BACKWARD)
        s.use(X, x, BOTH)       # also if only b is trained, since one kernel makes both gradients
    return y


# ---- several results of a channel ---------------------------------------------------------------------

cdef enum:          # sizes
    ELEMENTS        # of x for each row of the batch
    TIMES


cdef void repeat_chunk(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef idx_t times = s.size[TIMES], at = first * s.kernels.itemsize
    s.kernels.repeat_channels(operand(s, p.run, Y) + at * times, operand(s, p.run, X) + at, count, times)


cdef void sum_chunk(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef idx_t times = s.size[TIMES], at = first * s.kernels.itemsize
    s.kernels.sum_repeated(operand(s, p.run, DX) + at, operand(s, p.run, DY) + at * times, count, times)
    multiply_gradient(s, p.run, first, count)


cdef void repeat_forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p
    p.step, p.run = s, r
    parallel_chunks(repeat_chunk, &p, r.rows * s.size[ELEMENTS], s.size[TIMES], r.threads)


cdef void repeat_backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p
    p.step, p.run = s, r
    if s.at[DX].space >= 0:
        parallel_chunks(sum_chunk, &p, r.rows * s.size[ELEMENTS], s.size[TIMES], r.threads)


cdef Value repeated(Plan plan, Value x, idx_t times):
    """Append y = x with each channel repeated; return y."""
    cdef Step s = plan.add("repeat", repeat_forward, repeat_backward, NULL, 1.0 * x.size * times)
    height, width, channels = x.shape
    cdef Value y = plan.value((height, width, channels * times), x.differentiable)
    y.producer = s
    s.c.size[ELEMENTS], s.c.size[TIMES] = x.size, times
    s.use(X, x, FORWARD).use(Y, y, FORWARD)
    if y.differentiable:
        s.fuses_gradient = True
        s.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD)
    return y
