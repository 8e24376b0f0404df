"""y = the maximum over windows of activation(convolution of x by W, + b): both steps as one.

The convolution writes a band of rows at a time, which is pooled while it is in the caches and never written
to memory: so a plan does not have the largest arrays of a convolutional network. Backward, the gradient of
the activation is taken of the pooled results, at the places of the maxima; then it is spread to these
places, for as many rows as the gradients of x and of W read at a time.

To the pooling kernels, a band of results is an image of its own, whose first window may begin before it.
"""

from .activation cimport own_gradient
from .conv cimport FILTERS, INDEX, OUT_HEIGHT, OUT_WIDTH, PARTS, POOL, cost, geometry
from .conv_weights cimport weight_gradient_of
from .linear_map cimport DB, DW, W, fuse_backward, fuse_forward
from .pooling cimport BYTE_PLACES, PLACES_AT, PLACES_OF_IMAGE
from ..core.runtime cimport ceil_div, parallel_for, piece_begin, threads_for
from ..core.steps cimport BACKWARD, Step
from ..core.tables cimport fnn_conv, fnn_kernels, fnn_pool
from ..core.types cimport DX, DY, OWN_SAVED, X, Y, idx_t, operand, run_t, step_t

cdef enum:
    BAND_BYTES = 1 << 17    # of results: they stay in L2 until they are read
    CACHE_LINE = 64

ctypedef struct bands_t:
    const step_t *step
    const run_t *run
    fnn_conv g
    idx_t rows          # of what is written of each image
    idx_t bands         # of each image; or
    idx_t images        # whole images in a band


cdef bint fuse_into_convolution(Step conv, Step pool) except -1:
    """Let a convolution pool its results; return False unless windows lie inside and do not overlap."""
    cdef fnn_pool p = (<const fnn_pool *>&pool.c.size[0])[0]
    cdef step_t *s = &conv.c
    if conv.name != "conv":
        return False
    if p.window[0] > p.stride[0] or p.window[1] > p.stride[1] or p.pad[0] or p.pad[1]:
        return False
    if p.height == 1 and s.size[OUT_WIDTH] == 1:    # sequences: see `conv.shape_step`
        p.height, p.width, p.row = p.width, 1, p.channels
        p.out_height, p.out_width = p.out_width, 1
        p.window[0], p.window[1], p.stride[0], p.stride[1] = p.window[1], 1, p.stride[1], 1
    if reaches_beyond(p.height, p.out_height, p.window[0], p.stride[0]):
        return False
    if reaches_beyond(p.width, p.out_width, p.window[1], p.stride[1]):
        return False
    if p.height != s.size[OUT_HEIGHT] or p.width != s.size[OUT_WIDTH] or p.channels != s.size[FILTERS]:
        return False
    if conv.saved is not None and conv.saved is not conv.operand(Y):
        return False            # the gradient of its activation needs what is not written
    (<fnn_pool *>&s.size[POOL])[0] = p
    if band_rows(s) * row_bytes(s) > 2 * BAND_BYTES:
        return False
    s.size[POOL_INDEX] = pool.c.size[PLACES_OF_IMAGE]
    s.forward, s.scratch = forward, scratch
    conv.uses[Y] = pool.uses[Y]
    if DY in pool.uses:
        s.backward = backward
        conv.uses[DY], conv.uses[INDEX] = pool.uses[DY], pool.uses[PLACES_AT]
    if conv.saved is not None:
        conv.saved = pool.operand(Y)
        conv.use(OWN_SAVED, conv.saved, BACKWARD)
    conv.accepts = 0
    return True


cdef inline bint reaches_beyond(idx_t pixels, idx_t windows, idx_t size, idx_t stride) noexcept nogil:
    """Whether the last window reaches beyond the pixels; the first one begins with the first pixel."""
    return (windows - 1) * stride + size > pixels


cdef enum:
    POOL_INDEX = POOL + 13      # bytes from the places of one image to the next


cdef inline const fnn_pool *pool_of(const step_t *s) noexcept nogil:
    return <const fnn_pool *>&s.size[POOL]


cdef inline idx_t row_bytes(const step_t *s) noexcept nogil:
    """Bytes of a row of results."""
    return s.size[OUT_WIDTH] * s.size[FILTERS] * s.kernels.itemsize


cdef inline idx_t pooled_row(const step_t *s) noexcept nogil:
    """Elements of a row of y."""
    return pool_of(s).out_width * pool_of(s).channels


cdef idx_t reach(const fnn_conv *g) noexcept nogil:
    """The most rows of results whose windows have one row of x."""
    return (g.kernel[0] - 1) * g.dilation[0] // g.stride[0] + 1


cdef idx_t rows_seen(const fnn_conv *g, idx_t results) noexcept nogil:
    """Rows of x that lie in the windows of so many rows of results and of no others."""
    return max(1, (results - 1) * g.stride[0] - (g.kernel[0] - 1) * g.dilation[0] + 1)


cdef idx_t band_rows(const step_t *s) noexcept nogil:
    """Rows of results in a band: at least those of a window, and those around a row of x."""
    cdef fnn_conv g
    geometry(s, &g)
    return max(max(pool_of(s).window[0], reach(&g)), BAND_BYTES // max(1, row_bytes(s)))


cdef idx_t workspace(const step_t *s) noexcept nogil:
    """Bytes of the kernels' workspace, before the band: whole cache lines."""
    cdef fnn_conv g
    geometry(s, &g)
    return ceil_div(s.kernels.conv_workspace(&g), CACHE_LINE) * CACHE_LINE


cdef idx_t scratch(const step_t *s, idx_t capacity) noexcept nogil:
    return workspace(s) + min(band_rows(s), capacity * s.size[OUT_HEIGHT]) * row_bytes(s)


cdef void in_bands(bands_t *b, const step_t *s, const run_t *r, idx_t rows, idx_t room, idx_t most,
                   void (*band)(void *, idx_t, int) noexcept nogil) noexcept nogil:
    """Call `band` for `rows` rows of each image: for as many images as have room, or `most` rows of one."""
    cdef idx_t threads_each
    cdef idx_t threads = max(1, threads_for(r, cost(&b.g, r.rows)))
    b.step, b.run, b.rows, b.bands = s, r, rows, 1
    b.images = max(1, min(room // b.g.out_height, ceil_div(r.rows, threads)))
    if room < b.g.out_height:
        b.bands = ceil_div(rows, most)
    if r.rows < threads:        # as many for each thread
        threads_each = threads // max(1, r.rows)
        b.bands = min(rows, ceil_div(b.bands, threads_each) * threads_each)
    parallel_for(band, b, ceil_div(r.rows, b.images) * b.bands, <int>threads)


cdef inline char *scratch_of(const bands_t *b, int thread) noexcept nogil:
    return b.run.scratch + thread * b.run.scratch_size


# ---- forward --------------------------------------------------------------------------------------------

cdef void forward_band(void *context, idx_t chunk, int thread) noexcept nogil:
    cdef bands_t *b = <bands_t *>context
    cdef const step_t *s = b.step
    cdef fnn_pool p = pool_of(s)[0]
    cdef fnn_conv g = b.g
    cdef idx_t image = chunk // b.bands * b.images, images = min(b.images, b.run.rows - image), i, at
    cdef idx_t first = piece_begin(b.rows, b.bands, chunk % b.bands, 1)
    cdef idx_t rows = piece_begin(b.rows, b.bands, chunk % b.bands + 1, 1) - first
    cdef idx_t height = (rows - 1) * p.stride[0] + p.window[0]
    cdef char *memory = scratch_of(b, thread)
    cdef char *band = memory + workspace(s)
    cdef char *index
    if rows <= 0:
        return
    g.y, g.y_first = band, image * g.out_height + first * p.stride[0]
    s.kernels.conv_forward(&g, g.y_first, (images - 1) * g.out_height + height, 0, g.filters, memory)
    p.height, p.out_height = height, rows
    for i in range(image, image + images):
        at = (i * pool_of(s).out_height + first) * pooled_row(s)
        index = operand(s, b.run, INDEX)
        if index is not NULL:
            index += i * s.size[POOL_INDEX] + first * pooled_row(s) * place_bytes(&p)
        s.kernels.max_pool_forward(operand(s, b.run, Y) + at * s.kernels.itemsize, index,
                                   band + (i - image) * g.out_height * row_bytes(s), &p, 0, rows)


cdef inline idx_t place_bytes(const fnn_pool *p) noexcept nogil:
    return 1 if p.window[0] * p.window[1] <= BYTE_PLACES else 4


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef bands_t b
    cdef const fnn_pool *p = pool_of(s)
    cdef idx_t room
    geometry(s, &b.g)
    b.g.x, b.g.w = operand(s, r, X), operand(s, r, W)
    fuse_forward(&b.g.fused, s, r)
    room = band_rows(s)
    in_bands(&b, s, r, p.out_height, room, (room - p.window[0]) // p.stride[0] + 1, forward_band)


# ---- backward -------------------------------------------------------------------------------------------

cdef void spread(const step_t *s, const run_t *r, char *band, idx_t image, idx_t first,
                 idx_t rows) noexcept nogil:
    """Write the gradient of y to the places of the maxima and zeros elsewhere, in some rows of an image."""
    cdef fnn_pool p = pool_of(s)[0]
    cdef idx_t window = min(p.out_height, first // p.stride[0]), at = window * pooled_row(s)
    cdef idx_t y = image * p.out_height * pooled_row(s) + at
    p.pad[0] = first - window * p.stride[0]
    p.out_height = min(p.out_height, ceil_div(first + rows, p.stride[0])) - window
    p.height = rows
    s.kernels.max_pool_backward(
        band, operand(s, r, DY) + y * s.kernels.itemsize,
        operand(s, r, INDEX) + image * s.size[POOL_INDEX] + at * place_bytes(&p), &p, 0, rows)


cdef void input_band(void *context, idx_t chunk, int thread) noexcept nogil:
    cdef bands_t *b = <bands_t *>context
    cdef const step_t *s = b.step
    cdef fnn_conv g = b.g
    cdef idx_t image = chunk // b.bands * b.images, images = min(b.images, b.run.rows - image), i
    cdef idx_t row = piece_begin(b.rows, b.bands, chunk % b.bands, 1)
    cdef idx_t end = piece_begin(b.rows, b.bands, chunk % b.bands + 1, 1)
    cdef idx_t low = row + g.pad[0] - (g.kernel[0] - 1) * g.dilation[0]
    cdef idx_t first = ceil_div(max(0, low), g.stride[0])
    cdef idx_t last = min(g.out_height, (end - 1 + g.pad[0]) // g.stride[0] + 1)
    cdef char *memory = scratch_of(b, thread)
    if row == end:
        return
    g.y = memory + workspace(s)
    g.y_first = image * g.out_height + first
    for i in range(images if first < last else 0):
        spread(s, b.run, <char *>g.y + i * g.out_height * row_bytes(s), image + i, first, last - first)
    s.kernels.conv_input_gradient(&g, image * g.height + row, (images - 1) * g.height + end - row, 0,
                                  g.channels, memory)


cdef void rows_gradient(const fnn_kernels *k, const step_t *s, const run_t *r, fnn_conv *g, idx_t first,
                        idx_t count, idx_t i, idx_t m, char *memory) noexcept nogil:
    cdef idx_t most = band_rows(s), row, end, at, rows
    cdef idx_t last = first + count
    cdef char *band = memory + workspace(s)
    g.y, g.y_first = band, first
    k.conv_weight_gradient(g, first, 0, i, m, memory)       # clears it, unless it accumulates
    g.accumulate = True
    row = first
    while row < last:
        end, at = min(last, row + most), row
        while at < end:
            rows = min(end - at, g.out_height - at % g.out_height)
            spread(s, r, band + (at - row) * row_bytes(s), at // g.out_height, at % g.out_height, rows)
            at += rows
        g.y_first = row
        k.conv_weight_gradient(g, row, end - row, i, m, memory)
        row = end


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef bands_t b
    cdef fnn_conv g
    cdef idx_t room
    geometry(s, &g)
    own_gradient(s, r, r.rows * pool_of(s).out_height * pooled_row(s))
    if s.at[DX].space >= 0:
        b.g = g
        b.g.x, b.g.w = operand(s, r, DX), operand(s, r, W)
        fuse_backward(&b.g.fused, s, r)
        room = band_rows(s)
        in_bands(&b, s, r, g.height, room, rows_seen(&g, room), input_band)
    if s.at[DW].space >= 0:
        g.x, g.w = operand(s, r, X), operand(s, r, DW)
        g.bias_gradient = operand(s, r, DB)
        g.accumulate = s.accumulate >> (DW if g.bias_gradient is NULL else DB) & 1
        weight_gradient_of(s.kernels, s, &g, r.rows, operand(s, r, PARTS), r, rows_gradient)
