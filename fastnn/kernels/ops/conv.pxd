# A convolution's operands, sizes and geometry, for the ops that take part in it (conv_weights, conv_pool).

from .gemm cimport TILE_STEPS
from .linear_map cimport FIRST_OF_MAP
from ..core.tables cimport fnn_conv
from ..core.types cimport idx_t, step_t

cdef enum:          # operands
    PARTS = FIRST_OF_MAP    # of the gradients of W and b
    INDEX           # places of the maxima, if the results are pooled

cdef enum:          # sizes
    HEIGHT
    WIDTH
    CHANNELS
    OUT_HEIGHT
    OUT_WIDTH
    FILTERS
    KERNEL          # each of these is of rows and columns
    STRIDE = KERNEL + 2
    DILATION = STRIDE + 2
    PAD = DILATION + 2
    GROUPS = PAD + 2
    POOL            # a fnn_pool

cdef void geometry(const step_t *s, fnn_conv *g) noexcept nogil


cdef inline idx_t depth(const fnn_conv *g) noexcept nogil:
    return g.kernel[0] * g.kernel[1] * (g.channels // g.groups)


cdef inline double flops(const fnn_conv *g, idx_t images) noexcept nogil:
    return 2.0 * images * g.out_height * g.out_width * g.filters * depth(g)


cdef inline double cost(const fnn_conv *g, idx_t images) noexcept nogil:
    """FLOPs that would take as long in a long sum."""
    return flops(g, images) * (1 + TILE_STEPS / <double>depth(g))
