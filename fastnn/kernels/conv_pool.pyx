"""y = the maximum over windows of activation(convolution of x with W, + b): both steps as one.

What the convolution makes is pooled a band of rows at a time, while it is in the caches, and never written to
memory: so the largest arrays of a convolutional network are not there. Backward, the gradient of the
activation is taken where a maximum was, on what was pooled; then it is spread to the places of the maxima for
as many rows as the gradients of x and of W read at a time.

A band of results is, for the pooling kernels, an image of its own, whose first window may begin before it.
"""

from .conv cimport (DB, DW, FILTERS, INDEX, OUT_HEIGHT, OUT_WIDTH, PARTS, POOL, begin, flops, fuse_backward,
                    fuse_forward, geometry, own_gradient, weight_gradient_of)
from .csrc cimport fnn_conv, fnn_kernels, fnn_pool
from .pooling cimport BYTE_PLACES, PLACES_AT, PLACES_OF_IMAGE
from .runtime cimport parallel_for
from .steps cimport BACKWARD, Step
from .types cimport DX, DY, OWN_SAVED, X, Y, idx_t, operand, run_t, step_t

cdef idx_t BAND_BYTES = 1 << 17     # of results: they stay in L2 until they are read
cdef double THREAD_FLOPS = 3e5

ctypedef struct bands_t:
    const step_t *step
    const run_t *run
    fnn_conv g
    idx_t rows          # of an image that is made in bands
    idx_t bands         # of each image


cdef bint join_convolution(Step conv, Step pool) except -1:
    """Let a convolution pool its results, with windows that lie inside and do not overlap."""
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
    if p.height != s.size[OUT_HEIGHT] or p.width != s.size[OUT_WIDTH] or p.channels != s.size[FILTERS]:
        return False
    if conv.saved is not None and conv.saved is not conv.operand(Y):
        return False            # the gradient of its activation needs what would not be kept
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


cdef enum:
    POOL_INDEX = POOL + 13      # bytes from the places of one image to the next


cdef inline const fnn_pool *pool_of(const step_t *s) noexcept nogil:
    return <const fnn_pool *>&s.size[POOL]


cdef inline idx_t row_bytes(const step_t *s) noexcept nogil:
    """Of a row of results."""
    return s.size[OUT_WIDTH] * s.size[FILTERS] * s.kernels.itemsize


cdef inline idx_t pooled_row(const step_t *s) noexcept nogil:
    """Elements of a row of y."""
    return pool_of(s).out_width * pool_of(s).channels


cdef idx_t reach(const fnn_conv *g) noexcept nogil:
    """Rows of results that see one row of x, at most."""
    return (g.kernel[0] - 1) * g.dilation[0] // g.stride[0] + 1


cdef idx_t rows_seen(const fnn_conv *g, idx_t results) noexcept nogil:
    """Rows of x that are seen by so many rows of results and no others."""
    if results == g.out_height:
        return g.height
    return max(1, (results - 1) * g.stride[0] - (g.kernel[0] - 1) * g.dilation[0] + 1)


cdef idx_t band_rows(const step_t *s) noexcept nogil:
    """Rows of results that a band has room for: those of a window, and those around a row of x."""
    cdef fnn_conv g
    geometry(s, &g)
    return min(s.size[OUT_HEIGHT], max(max(pool_of(s).window[0], reach(&g)), BAND_BYTES // max(1, row_bytes(s))))


cdef idx_t workspace(const step_t *s) noexcept nogil:
    """Bytes of the kernels' workspace, before the band: whole cache lines."""
    cdef fnn_conv g
    geometry(s, &g)
    return (s.kernels.conv_workspace(&g) + 63) // 64 * 64


cdef idx_t scratch(const step_t *s, idx_t capacity) noexcept nogil:
    return workspace(s) + band_rows(s) * row_bytes(s)


cdef void in_bands(bands_t *b, const step_t *s, const run_t *r, idx_t rows, idx_t most,
                   void (*band)(void *, idx_t, int) noexcept nogil) noexcept nogil:
    """Call `band` for all images' rows, at most `most` at a time; fewer where threads would have nothing."""
    cdef idx_t threads = <idx_t>min(<double>r.threads, flops(&b.g, r.rows) / THREAD_FLOPS)
    b.step, b.run, b.rows = s, r, rows
    b.bands = max((rows + most - 1) // most, min(rows, threads // max(1, r.rows)))
    parallel_for(band, b, r.rows * b.bands, r.threads if threads > 1 else 1)


cdef inline char *scratch_of(const bands_t *b, int thread) noexcept nogil:
    return b.run.scratch + thread * b.run.scratch_size


# ---- forward --------------------------------------------------------------------------------------------

cdef void forward_band(void *context, idx_t chunk, int thread) noexcept nogil:
    cdef bands_t *b = <bands_t *>context
    cdef const step_t *s = b.step
    cdef fnn_pool p = pool_of(s)[0]
    cdef fnn_conv g = b.g
    cdef idx_t image = chunk // b.bands, part = chunk % b.bands, at
    cdef idx_t first = begin(b.rows, b.bands, part, 1), rows = begin(b.rows, b.bands, part + 1, 1) - first
    cdef char *memory = scratch_of(b, thread)
    cdef char *index = operand(s, b.run, INDEX)
    if not rows:
        return
    g.y = memory + workspace(s)
    g.y_first = image * g.out_height + first * p.stride[0]
    p.height, p.out_height = (rows - 1) * p.stride[0] + p.window[0], rows
    s.kernels.conv_forward(&g, g.y_first, p.height, 0, g.filters, memory)
    at = first * pooled_row(s)
    if index is not NULL:
        index += image * s.size[POOL_INDEX] + at * place_bytes(&p)
    s.kernels.max_pool_forward(
        operand(s, b.run, Y) + (image * pool_of(s).out_height * pooled_row(s) + at) * s.kernels.itemsize, index,
        g.y, &p, 0, rows)


cdef inline idx_t place_bytes(const fnn_pool *p) noexcept nogil:
    return 1 if p.window[0] * p.window[1] <= BYTE_PLACES else 4


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef bands_t b
    cdef const fnn_pool *p = pool_of(s)
    geometry(s, &b.g)
    b.g.x = operand(s, r, X)
    fuse_forward(s, r, &b.g)
    in_bands(&b, s, r, p.out_height, (band_rows(s) - p.window[0]) // p.stride[0] + 1, forward_band)


# ---- backward -------------------------------------------------------------------------------------------

cdef void spread(const step_t *s, const run_t *r, char *band, idx_t image, idx_t first, idx_t rows) noexcept nogil:
    """Rows `first` ... of an image's results: the gradient of y at the places of the maxima, else zeros."""
    cdef fnn_pool p = pool_of(s)[0]
    cdef idx_t window = min(p.out_height, first // p.stride[0]), at = window * pooled_row(s)
    cdef idx_t y = image * p.out_height * pooled_row(s) + at
    p.pad[0] = first - window * p.stride[0]
    p.out_height = min(p.out_height, (first + rows + p.stride[0] - 1) // p.stride[0]) - window
    p.height = rows
    s.kernels.max_pool_backward(
        band, operand(s, r, DY) + y * s.kernels.itemsize,
        operand(s, r, INDEX) + image * s.size[POOL_INDEX] + at * place_bytes(&p), &p, 0, rows)


cdef void input_band(void *context, idx_t chunk, int thread) noexcept nogil:
    cdef bands_t *b = <bands_t *>context
    cdef const step_t *s = b.step
    cdef fnn_conv g = b.g
    cdef idx_t image = chunk // b.bands, part = chunk % b.bands
    cdef idx_t row = begin(b.rows, b.bands, part, 1), end = begin(b.rows, b.bands, part + 1, 1)
    cdef idx_t low = row + g.pad[0] - (g.kernel[0] - 1) * g.dilation[0]
    cdef idx_t first = max(0, low + g.stride[0] - 1) // g.stride[0]
    cdef idx_t last = min(g.out_height, (end - 1 + g.pad[0]) // g.stride[0] + 1)
    cdef char *memory = scratch_of(b, thread)
    if row == end:
        return
    g.y = memory + workspace(s)
    g.y_first = image * g.out_height + first
    if first < last:
        spread(s, b.run, <char *>g.y, image, first, last - first)
    s.kernels.conv_input_gradient(&g, image * g.height + row, end - row, 0, g.channels, memory)


cdef void rows_gradient(const fnn_kernels *k, const step_t *s, const run_t *r, fnn_conv *g, idx_t first,
                        idx_t count, idx_t i, idx_t m, char *memory) noexcept nogil:
    cdef const fnn_pool *p = pool_of(s)
    cdef idx_t most = band_rows(s), row = first, image, in_image, rows
    cdef idx_t pooled = (p.out_height - 1) * p.stride[0] + p.window[0]
    g.y, g.y_first = memory + workspace(s), first
    k.conv_weight_gradient(g, first, 0, i, m, memory)       # nothing, or zeros to add to
    g.accumulate = True
    while row < first + count:
        image, in_image = row // g.out_height, row % g.out_height
        rows = min(min(most, first + count - row), pooled - in_image)
        if rows <= 0:           # rows that no window reaches
            row = (image + 1) * g.out_height
            continue
        g.y_first = row
        spread(s, r, <char *>g.y, image, in_image, rows)
        k.conv_weight_gradient(g, row, rows, i, m, memory)
        row += rows


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef bands_t b
    cdef fnn_conv g
    geometry(s, &g)
    own_gradient(s, r, r.rows * pool_of(s).out_height * pooled_row(s))
    if s.at[DX].space >= 0:
        b.g = g
        b.g.x = operand(s, r, DX)
        fuse_backward(s, r, &b.g)
        in_bands(&b, s, r, g.height, rows_seen(&g, band_rows(s)), input_band)
    if s.at[DW].space >= 0:
        g.x, g.w = operand(s, r, X), operand(s, r, DW)
        g.bias_gradient, g.accumulate = operand(s, r, DB), s.accumulate >> DW & 1
        weight_gradient_of(s.kernels, s, &g, r.rows, operand(s, r, PARTS), r, rows_gradient)
