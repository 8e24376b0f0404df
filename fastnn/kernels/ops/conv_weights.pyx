"""The gradients of a convolution's weights and bias: sums over all pixels of all images.

The rows of the gradient, which is a matrix, are divided over threads: that changes no bit. The sum is
divided into parts as well, whose number depends on the shape alone, and which are added in order.
"""

from .conv cimport flops
from .gemm cimport PANEL
from ..core.runtime cimport count_parts, parallel_for, piece_begin, threads_for

cdef enum:
    TILE = 14           # rows of two of the highest tiles
    MOST_PARTS = 8
    PARTS_BYTES = 1 << 19

cdef double PART_FLOPS = 4e6    # of a part: adding it takes 1 % of its work

ctypedef struct reduction_t:
    const fnn_kernels *kernels
    const fnn_conv *g
    const run_t *run
    gradient_fn gradient
    const step_t *step
    idx_t images
    idx_t rows              # of W as a matrix
    idx_t parts, pieces     # of the sum, and of the rows of each
    char *memory            # of the parts but the first


cdef inline idx_t matrix_rows(const fnn_conv *g) noexcept nogil:
    return g.kernel[0] * g.kernel[1] * (g.channels // g.groups)


cdef idx_t part_size(const fnn_conv *g) noexcept nogil:
    """Elements of a part: the gradients of W and b."""
    return matrix_rows(g) * g.filters + g.filters


cdef inline idx_t power_of_two(idx_t n) noexcept nogil:
    """The largest power of two up to n: numbers of threads often are."""
    cdef idx_t power = 1
    while 2 * power <= n:
        power *= 2
    return power


cdef idx_t most_parts(const fnn_conv *g, idx_t item) noexcept nogil:
    """How many parts there are at most: the first is the gradient itself, the others fit into PARTS_BYTES."""
    return power_of_two(min(MOST_PARTS, 1 + PARTS_BYTES // max(1, part_size(g) * item)))


cdef void reduce_piece(void *context, idx_t chunk, int thread) noexcept nogil:
    cdef reduction_t *s = <reduction_t *>context
    cdef fnn_conv g = s.g[0]
    cdef idx_t part = chunk // s.pieces, i = chunk % s.pieces, all = s.images * g.out_height
    cdef idx_t first = piece_begin(all, s.parts, part, 1), row = piece_begin(s.rows, s.pieces, i, TILE)
    cdef idx_t item = s.kernels.itemsize
    if part:
        g.accumulate = False
        g.w = s.memory + (part - 1) * part_size(&g) * item
        if g.bias_gradient is not NULL:
            g.bias_gradient = <char *>g.w + s.rows * g.filters * item
    s.gradient(s.kernels, s.step, s.run, &g, first, piece_begin(all, s.parts, part + 1, 1) - first,
               row, piece_begin(s.rows, s.pieces, i + 1, TILE) - row,
               s.run.scratch + thread * s.run.scratch_size)


cdef void add_piece(void *context, idx_t chunk, int thread) noexcept nogil:
    """Add the parts for some of the elements: those of W in `pieces` chunks, then those of b."""
    cdef reduction_t *s = <reduction_t *>context
    cdef idx_t item = s.kernels.itemsize, size = part_size(s.g), n = s.rows * s.g.filters
    cdef idx_t at = piece_begin(n, s.pieces, chunk, PANEL), end = piece_begin(n, s.pieces, chunk + 1, PANEL)
    s.kernels.add_parts(<char *>s.g.w + at * item, s.memory + at * item, end - at, s.parts - 1, size, True)
    if chunk == 0 and s.g.bias_gradient is not NULL:
        s.kernels.add_parts(s.g.bias_gradient, s.memory + n * item, s.g.filters, s.parts - 1, size, True)


cdef void weight_gradient_of(const fnn_kernels *k, const step_t *step, const fnn_conv *g, idx_t images,
                             char *memory, const run_t *r, gradient_fn gradient) noexcept nogil:
    """Compute the gradients of W and b; `gradient` computes what some rows of y add to some rows of W."""
    cdef reduction_t s
    cdef double work = flops(g, images)
    cdef idx_t threads = threads_for(r, work)
    s.kernels, s.g, s.run, s.images, s.rows, s.memory = k, g, r, images, matrix_rows(g), memory
    s.gradient, s.step, s.pieces = gradient, step, 1
    s.parts = count_parts(most_parts(g, k.itemsize), work, PART_FLOPS)
    s.parts = power_of_two(min(s.parts, images * g.out_height))
    if threads > 1 and s.parts % threads:
        s.pieces = max(1, min(threads, s.rows // TILE))
    parallel_for(reduce_piece, &s, s.parts * s.pieces, r.threads)
    if s.parts > 1:
        s.pieces = max(1, threads)
        parallel_for(add_piece, &s, s.pieces, r.threads)
