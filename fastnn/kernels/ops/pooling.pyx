"""y = the maximum or the mean of x over windows, channel by channel: forward and backward.

x is (height, width, channels) a row, y (out height, out width, channels). Work is divided by rows of images.
Training keeps the place of each maximum within its window: a byte, or 32 bits if the window has more than 256
pixels. The gradient of the activation before x is fused behind dx, some rows at a time.
"""

from .activation cimport multiply_gradient
from .conv_pool cimport fuse_into_convolution
from ..core.tables cimport fnn_kernels, fnn_pool
from ..core.plan cimport Plan
from ..core.runtime cimport ceil_div, parallel_image_rows
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DX, DY, X, Y, idx_t, operand, run_t, step_t

ctypedef struct pass_t:
    const step_t *step
    const run_t *run


cdef inline const fnn_pool *pool_of(const step_t *s) noexcept nogil:
    return <const fnn_pool *>&s.size[0]


cdef inline idx_t x_size(const fnn_pool *p) noexcept nogil:
    return p.height * p.row


cdef inline idx_t y_size(const fnn_pool *p) noexcept nogil:
    return p.out_height * p.out_width * p.channels


cdef inline bint is_global(const fnn_pool *p) noexcept nogil:
    """Whether the one window is the whole image."""
    return p.window[0] == p.height and p.window[1] == p.width and y_size(p) == p.channels


cdef inline char *places_of(const step_t *s, const run_t *r, idx_t image) noexcept nogil:
    """The places of the maxima of an image, or NULL if they are not kept."""
    cdef char *places = operand(s, r, PLACES_AT)
    return NULL if places is NULL else places + image * s.size[PLACES_OF_IMAGE]


cdef void pool_rows(void *context, idx_t image, idx_t first, idx_t rows, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef const fnn_kernels *k = s.kernels
    cdef const fnn_pool *pool = pool_of(s)
    cdef char *y = operand(s, p.run, Y) + image * y_size(pool) * k.itemsize
    cdef char *x = operand(s, p.run, X) + image * x_size(pool) * k.itemsize
    if not s.size[AVERAGE]:
        k.max_pool_forward(y, places_of(s, p.run, image), x, pool, first, rows)
    elif is_global(pool):
        k.global_average(y, x, pool.height * pool.width, pool.channels)
    else:
        k.average_pool_forward(y, x, pool, first, rows)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_t(s, r)
    cdef const fnn_pool *pool = pool_of(s)
    parallel_image_rows(pool_rows, &p, r.rows, pool.out_height, x_size(pool), r.threads)


cdef void gradient_rows(void *context, idx_t image, idx_t first, idx_t rows, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.step
    cdef const fnn_kernels *k = s.kernels
    cdef const fnn_pool *pool = pool_of(s)
    cdef char *dx = operand(s, p.run, DX) + image * x_size(pool) * k.itemsize
    cdef char *dy = operand(s, p.run, DY) + image * y_size(pool) * k.itemsize
    if s.size[AVERAGE]:
        k.average_pool_backward(dx, dy, pool, first, rows)
    else:
        k.max_pool_backward(dx, dy, places_of(s, p.run, image), pool, first, rows)
    multiply_gradient(s, p.run, image * x_size(pool) + first * pool.row, rows * pool.row)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_t(s, r)
    cdef const fnn_pool *pool = pool_of(s)
    if s.at[DX].space >= 0:
        parallel_image_rows(gradient_rows, &p, r.rows, pool.height, x_size(pool), r.threads)


cdef Value emit(Plan plan, Value x, str name, bint average, tuple window, tuple strides, tuple pads,
                tuple output):
    cdef idx_t height, width, channels, item = plan.kernels.itemsize
    height, width, channels = x.shape
    cdef Value y = plan.value((*output, channels), x.differentiable)
    cdef Step s = plan.add(name, forward, backward, NULL, <double>y.size * window[0] * window[1])
    cdef fnn_pool *p = <fnn_pool *>&s.c.size[0]
    y.producer = s
    p.height, p.width, p.channels, p.row, p.pixel = height, width, channels, width * channels, channels
    p.out_height, p.out_width = output
    p.window[0], p.window[1] = window
    p.stride[0], p.stride[1] = strides
    p.pad[0], p.pad[1] = pads
    s.c.size[AVERAGE] = average
    if not average:
        s.fuse = fuse_into_convolution
    s.use(X, x, FORWARD).use(Y, y, FORWARD)
    if y.differentiable:
        s.fuses_gradient = True
        s.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD)
        if not average:
            places = ceil_div(y.size * (1 if window[0] * window[1] <= BYTE_PLACES else 4), item)
            s.c.size[PLACES_OF_IMAGE] = places * item
            s.use(PLACES_AT, plan.value((places,)), BOTH)
    return y


def emit_max(Plan plan, Value x, tuple window, tuple strides, tuple pads, tuple output):
    """Append y = the maximum over windows of x to `plan`.

    Parameters
    ----------
    plan : Plan
    x : Value
        (height, width, channels) a row.
    window, strides, pads, output : tuple of two int
        Size of a window, distance between windows, pixels of the first window before the image, and number of
        windows; down and across. Each window has a pixel in the image.

    Returns
    -------
    Value
        (*output, channels) a row.
    """
    return emit(plan, x, "max_pooling", False, window, strides, pads, output)


def emit_average(Plan plan, Value x, tuple window, tuple strides, tuple pads, tuple output):
    """Append y = the mean over the part of each window that is in the image to `plan`; see `emit_max`."""
    return emit(plan, x, "average_pooling", True, window, strides, pads, output)
