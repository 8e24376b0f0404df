"""y = the maximum or the mean of x over windows, channel by channel: forward and backward.

x is (height, width, channels) a row, y (outputs down, outputs across, channels). Work is split by rows of
images. Training keeps the place of each maximum within its window: a byte, or 32 bits where the window has
more than 256 pixels. The gradient of the activation before x is fused behind dx, some rows at a time.
"""

from .conv_pool cimport fuse_into_convolution
from ..core.tables cimport fnn_kernels, fnn_pool
from ..core.plan cimport Plan
from ..core.runtime cimport parallel_for
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DX, DY, SAVED, X, Y, idx_t, operand, run_t, step_t

cdef idx_t CHUNK = 1 << 14      # elements of x that a thread takes at a time

ctypedef struct pass_t:
    const step_t *step
    const fnn_pool *pool
    idx_t images
    idx_t image_rows            # of what is made
    idx_t chunk_rows
    char *out
    const char *source
    char *index
    const char *saved


cdef inline const fnn_pool *pool_of(const step_t *s) noexcept nogil:
    return <const fnn_pool *>&s.size[0]


cdef inline idx_t x_size(const fnn_pool *p) noexcept nogil:
    return p.height * p.row


cdef inline idx_t y_size(const fnn_pool *p) noexcept nogil:
    return p.out_height * p.out_width * p.channels


cdef inline bint is_global(const fnn_pool *p) noexcept nogil:
    """Whether the one window is the whole image."""
    return p.window[0] == p.height and p.window[1] == p.width and y_size(p) == p.channels


cdef void over_rows(pass_t *p, const step_t *s, const run_t *r, idx_t image_rows,
                    void (*chunk)(void *, idx_t, int) noexcept nogil) noexcept nogil:
    """Call `chunk` for every few rows of what is made, of every image."""
    p.step, p.pool, p.index = s, pool_of(s), operand(s, r, PLACES_AT)
    p.image_rows = image_rows
    p.chunk_rows = max(1, min(image_rows, image_rows * CHUNK // max(1, x_size(p.pool))))
    parallel_for(chunk, p, r.rows * ((image_rows + p.chunk_rows - 1) // p.chunk_rows), r.threads)


cdef inline idx_t image_of(const pass_t *p, idx_t chunk, idx_t *first, idx_t *rows) noexcept nogil:
    """The image of a chunk, and which rows of it."""
    cdef idx_t in_image = (p.image_rows + p.chunk_rows - 1) // p.chunk_rows
    first[0] = chunk % in_image * p.chunk_rows
    rows[0] = min(p.chunk_rows, p.image_rows - first[0])
    return chunk // in_image


cdef void forward_chunk(void *context, idx_t chunk, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const fnn_kernels *k = p.step.kernels
    cdef idx_t first, rows, i = image_of(p, chunk, &first, &rows)
    cdef char *y = p.out + i * y_size(p.pool) * k.itemsize
    cdef const char *x = p.source + i * x_size(p.pool) * k.itemsize
    cdef char *index = NULL if p.index is NULL else p.index + i * p.step.size[PLACES_OF_IMAGE]
    if not p.step.size[AVERAGE]:
        k.max_pool_forward(y, index, x, p.pool, first, rows)
    elif is_global(p.pool):
        k.global_average(y, x, p.pool.height * p.pool.width, p.pool.channels)
    else:
        k.average_pool_forward(y, x, p.pool, first, rows)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p
    p.out, p.source = operand(s, r, Y), operand(s, r, X)
    over_rows(&p, s, r, pool_of(s).out_height, forward_chunk)


cdef void backward_chunk(void *context, idx_t chunk, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const fnn_kernels *k = p.step.kernels
    cdef idx_t first, rows, i = image_of(p, chunk, &first, &rows), n, at
    cdef char *dx = p.out + i * x_size(p.pool) * k.itemsize
    cdef const char *dy = p.source + i * y_size(p.pool) * k.itemsize
    if p.step.size[AVERAGE]:
        k.average_pool_backward(dx, dy, p.pool, first, rows)
    else:
        k.max_pool_backward(dx, dy, p.index + i * p.step.size[PLACES_OF_IMAGE], p.pool, first, rows)
    if p.saved is not NULL:
        n, at = rows * p.pool.row, first * p.pool.row * k.itemsize
        k.activation_backward(dx + at, n, dx + at, n, p.saved + i * x_size(p.pool) * k.itemsize + at, n, 1, n,
                              &p.step.gradient)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p
    if s.at[DX].space < 0:
        return
    p.out, p.source, p.saved = operand(s, r, DX), operand(s, r, DY), operand(s, r, SAVED)
    over_rows(&p, s, r, pool_of(s).height, backward_chunk)


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
            places = (y.size * (1 if window[0] * window[1] <= BYTE_PLACES else 4) + item - 1) // item
            s.c.size[PLACES_OF_IMAGE] = places * item
            s.use(PLACES_AT, plan.value((places,)), BOTH)
    return y


def emit_max(Plan plan, Value x, tuple window, tuple strides, tuple pads, tuple output):
    """Append y = the maximum over windows of x.

    Parameters
    ----------
    plan : Plan
    x : Value
        (height, width, channels) a row.
    window, strides, pads, output : tuple of two ints
        Size of a window, from one window to the next, pixels of the first window before the image, and how
        many windows there are. Each window has a pixel in the image.

    Returns
    -------
    Value
        (*output, channels) a row.
    """
    return emit(plan, x, "max_pooling", False, window, strides, pads, output)


def emit_average(Plan plan, Value x, tuple window, tuple strides, tuple pads, tuple output):
    """Append y = the mean over the part of each window that is in the image; see `emit_max`."""
    return emit(plan, x, "average_pooling", True, window, strides, pads, output)
