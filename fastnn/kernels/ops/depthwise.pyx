"""y = activation(depthwise convolution of x + b): forward and backward.

x is (height, width, channels) a row, W (window down, window across, channels, multiplier), y (outputs down,
outputs across, channels * multiplier). A multiplier above 1 is a step of its own, which repeats the channels
of x; after it W is (window down, window across, channels * multiplier) as it lies in memory.

Work is split by rows of images. The gradients of W and b, sums over all images, are made in parts: so many
images each as the number of rows and the size of W say, added up in order.
"""

from libc.math cimport INFINITY
from libc.string cimport memset

from .activation cimport activation_of, keep_for_gradient, own_gradient
from ..core.tables cimport FNN_ACT_linear, FNN_ACT_relu, fnn_depthwise, fnn_kernels
from ..core.plan cimport Plan
from ..core.runtime cimport parallel_for
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DX, DY, FIRST_OWN, SAVED, X, Y, idx_t, operand, run_t, step_t

cdef idx_t CHUNK = 1 << 14          # elements that a thread makes at a time
cdef idx_t MOST_PARTS = 16
cdef idx_t PARTS_BYTES = 1 << 18    # of all parts: they stay in the cache

cdef enum:
    W = FIRST_OWN
    B
    DW
    DB
    Z               # before the activation, kept where its gradient needs it
    PARTS           # of dW and db, by images

cdef enum:          # sizes: a fnn_depthwise, and
    N_PARTS = 13

ctypedef struct pass_t:
    const step_t *step
    const run_t *run
    const fnn_depthwise *d
    idx_t image_rows            # of what is made
    idx_t chunk_rows
    idx_t part_images


cdef inline const fnn_depthwise *geometry(const step_t *s) noexcept nogil:
    return <const fnn_depthwise *>&s.size[0]


cdef inline idx_t x_size(const fnn_depthwise *d) noexcept nogil:
    return d.height * d.width * d.channels


cdef inline idx_t y_size(const fnn_depthwise *d) noexcept nogil:
    return d.out_height * d.out_width * d.channels


cdef inline idx_t w_size(const fnn_depthwise *d) noexcept nogil:
    return d.window[0] * d.window[1] * d.channels


cdef pass_t pass_of(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p
    memset(&p, 0, sizeof(pass_t))
    p.step, p.run, p.d = s, r, geometry(s)
    return p


cdef void over_rows(pass_t *p, idx_t image_rows, idx_t image_size,
                    void (*chunk)(void *, idx_t, int) noexcept nogil) noexcept nogil:
    """Call `chunk` for every few rows of what is made, of every image."""
    p.image_rows = image_rows
    p.chunk_rows = max(1, min(image_rows, image_rows * CHUNK // max(1, image_size)))
    parallel_for(chunk, p, p.run.rows * ((image_rows + p.chunk_rows - 1) // p.chunk_rows), p.run.threads)


cdef inline idx_t image_of(const pass_t *p, idx_t chunk, idx_t *first, idx_t *rows) noexcept nogil:
    """The image of a chunk, and which rows of it."""
    cdef idx_t in_image = (p.image_rows + p.chunk_rows - 1) // p.chunk_rows
    first[0] = chunk % in_image * p.chunk_rows
    rows[0] = min(p.chunk_rows, p.image_rows - first[0])
    return chunk // in_image


cdef void forward_chunk(void *context, idx_t chunk, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef const fnn_kernels *k = s.kernels
    cdef idx_t first, rows, i = image_of(p, chunk, &first, &rows), n, at
    cdef char *y = operand(s, p.run, Y)
    cdef char *z = operand(s, p.run, Z)
    cdef double lowest = 0 if s.activation.code == FNN_ACT_relu else -INFINITY
    cdef idx_t image = i * y_size(p.d) * k.itemsize
    if z is NULL:
        z = y
    k.depthwise_forward(z + image, operand(s, p.run, X) + i * x_size(p.d) * k.itemsize, operand(s, p.run, W),
                        operand(s, p.run, B), lowest, p.d, first, rows)
    if s.activation.code != FNN_ACT_linear and s.activation.code != FNN_ACT_relu:
        n = rows * p.d.out_width * p.d.channels
        at = image + first * p.d.out_width * p.d.channels * k.itemsize
        k.activation_forward(y + at, n, z + at, n, 1, n, &s.activation)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_of(s, r)
    over_rows(&p, p.d.out_height, y_size(p.d), forward_chunk)


cdef void input_chunk(void *context, idx_t chunk, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef const fnn_kernels *k = s.kernels
    cdef idx_t first, rows, i = image_of(p, chunk, &first, &rows), n, at
    cdef char *dx = operand(s, p.run, DX) + i * x_size(p.d) * k.itemsize
    cdef char *saved = operand(s, p.run, SAVED)
    k.depthwise_backward(dx, operand(s, p.run, DY) + i * y_size(p.d) * k.itemsize, operand(s, p.run, W), p.d,
                         first, rows)
    if saved is not NULL:
        n, at = rows * p.d.width * p.d.channels, first * p.d.width * p.d.channels * k.itemsize
        k.activation_backward(dx + at, n, dx + at, n, saved + i * x_size(p.d) * k.itemsize + at, n, 1, n,
                              &s.gradient)


cdef void weights_part(void *context, idx_t part, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef const fnn_kernels *k = s.kernels
    cdef idx_t i, size = w_size(p.d) + p.d.channels
    cdef char *dw = operand(s, p.run, PARTS) + part * size * k.itemsize
    cdef char *db = NULL if s.at[DB].space < 0 else dw + w_size(p.d) * k.itemsize
    memset(dw, 0, size * k.itemsize)
    for i in range(part * p.part_images, min((part + 1) * p.part_images, p.run.rows)):
        k.depthwise_weights(dw, db, operand(s, p.run, X) + i * x_size(p.d) * k.itemsize,
                            operand(s, p.run, DY) + i * y_size(p.d) * k.itemsize, p.d)


cdef void sum_parts(const step_t *s, const run_t *r, int to, idx_t offset, idx_t n,
                    idx_t parts) noexcept nogil:
    cdef idx_t step = w_size(geometry(s)) + geometry(s).channels
    cdef char *part = operand(s, r, PARTS) + offset * s.kernels.itemsize
    if s.at[to].space >= 0:
        s.kernels.add_parts(operand(s, r, to), part, n, parts, step, s.accumulate >> to & 1)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_of(s, r)
    cdef idx_t parts
    own_gradient(s, r, r.rows * y_size(p.d))
    if s.at[DX].space >= 0:
        over_rows(&p, p.d.height, x_size(p.d), input_chunk)
    if s.at[PARTS].space >= 0:
        p.part_images = max(1, (r.rows + s.size[N_PARTS] - 1) // s.size[N_PARTS])
        parts = (r.rows + p.part_images - 1) // p.part_images
        parallel_for(weights_part, &p, parts, r.threads)
        sum_parts(s, r, DW, 0, w_size(p.d), parts)
        sum_parts(s, r, DB, w_size(p.d), p.d.channels, parts)


def emit(Plan plan, Value x, kernel, bias, tuple activation, tuple strides, tuple pads, tuple dilation,
         tuple output):
    """Append a depthwise convolution to `plan`.

    Parameters
    ----------
    plan : Plan
    x : Value
        (height, width, channels) a row.
    kernel, bias : Variable
        (window down, window across, channels, multiplier), or without the first for a height of 1, and
        (channels * multiplier); bias may be None.
    activation : tuple
        Name and parameters, as `fastnn.activations` gives them.
    strides, pads, dilation, output : tuple of two ints
        From one window to the next, zeros before the image, from one tap of a window to the next, and how
        many windows there are.

    Returns
    -------
    Value
        (*output, channels * multiplier) a row.
    """
    cdef idx_t down = kernel.shape[0] if len(kernel.shape) == 4 else 1
    cdef idx_t across, channels, multiplier, item = plan.kernels.itemsize
    across, channels, multiplier = kernel.shape[1:] if len(kernel.shape) == 4 else kernel.shape
    if multiplier > 1:
        x = repeated(plan, x, multiplier)
        channels *= multiplier
    learns = plan.trains(kernel) or plan.trains(bias)
    cdef Value y = plan.value((*output, channels), learns or x.differentiable)
    cdef Step s = plan.add("depthwise", forward, backward, NULL, 2.0 * y.size * down * across)
    cdef fnn_depthwise *d = <fnn_depthwise *>&s.c.size[0]
    y.producer = s
    d.height, d.width, d.channels = x.shape
    d.out_height, d.out_width = output
    d.window[0], d.window[1] = down, across
    d.stride[0], d.stride[1] = strides
    d.dilation[0], d.dilation[1] = dilation
    d.pad[0], d.pad[1] = pads
    s.c.activation = activation_of(activation)
    s.use(X, x, BOTH if learns else FORWARD).use(W, plan.parameter(kernel), BOTH)
    s.use(B, plan.parameter(bias), FORWARD).use(Y, y, FORWARD)
    if y.differentiable:
        s.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD)
        s.use(DW, plan.parameter_gradient(kernel), BACKWARD).use(DB, plan.parameter_gradient(bias), BACKWARD)
        if learns:
            size = w_size(d) + channels
            s.c.size[N_PARTS] = max(1, min(MOST_PARTS, PARTS_BYTES // (size * item)))
            s.use(PARTS, plan.value((s.c.size[N_PARTS], size), False, False), BACKWARD)
        s.fuses_gradient = True
        keep_for_gradient(plan, s, y, Z)
    return y


# ---- several results of a channel ---------------------------------------------------------------------

cdef enum:          # sizes
    PIXELS_CHANNELS     # elements of x for each row of the batch
    TIMES


cdef void repeat_image(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef idx_t n = s.size[PIXELS_CHANNELS], times = s.size[TIMES], row = n * s.kernels.itemsize
    s.kernels.repeat_channels(operand(s, p.run, Y) + i * row * times, operand(s, p.run, X) + i * row, n,
                              times)


cdef void sum_image(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef const fnn_kernels *k = s.kernels
    cdef idx_t n = s.size[PIXELS_CHANNELS], times = s.size[TIMES], row = n * k.itemsize
    cdef char *dx = operand(s, p.run, DX) + i * row
    k.sum_repeated(dx, operand(s, p.run, DY) + i * row * times, n, times)
    if s.at[SAVED].space >= 0:
        k.activation_backward(dx, n, dx, n, operand(s, p.run, SAVED) + i * row, n, 1, n, &s.gradient)


cdef void repeat_forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_of(s, r)
    parallel_for(repeat_image, &p, r.rows, r.threads)


cdef void repeat_backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_of(s, r)
    if s.at[DX].space >= 0:
        parallel_for(sum_image, &p, r.rows, r.threads)


cdef Value repeated(Plan plan, Value x, idx_t times):
    """Append y = x with each channel so many times."""
    cdef Step s = plan.add("repeat", repeat_forward, repeat_backward, NULL, 1.0 * x.size * times)
    height, width, channels = x.shape
    cdef Value y = plan.value((height, width, channels * times), x.differentiable)
    y.producer = s
    s.c.size[PIXELS_CHANNELS], s.c.size[TIMES] = x.size, times
    s.use(X, x, FORWARD).use(Y, y, FORWARD)
    if y.differentiable:
        s.fuses_gradient = True
        s.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD)
    return y
