# A convolution's operands, sizes and the division of its work, for the op that pools its results (conv_pool).

from ..core.tables cimport fnn_conv, fnn_kernels
from ..core.types cimport FIRST_OWN, idx_t, run_t, step_t

cdef enum:
    W = FIRST_OWN
    B
    DW
    DB
    Z               # before the activation, kept where its gradient needs it
    PARTS           # of the gradients of W and b
    INDEX           # of the maxima, where pooling follows

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

# Makes of rows first ... first + count - 1 of y what they give rows i ... i + m - 1 of the gradient g.w, and
# that of b with the first.
ctypedef void (*gradient_fn)(const fnn_kernels *k, const step_t *s, const run_t *r, fnn_conv *g, idx_t first,
                             idx_t count, idx_t i, idx_t m, char *scratch) noexcept nogil

cdef idx_t begin(idx_t n, idx_t pieces, idx_t i, idx_t unit) noexcept nogil
cdef double flops(const fnn_conv *g, idx_t images) noexcept nogil
cdef void geometry(const step_t *s, fnn_conv *g) noexcept nogil
cdef void fuse_forward(const step_t *s, const run_t *r, fnn_conv *g) noexcept nogil
cdef void fuse_backward(const step_t *s, const run_t *r, fnn_conv *g) noexcept nogil
cdef void weight_gradient_of(const fnn_kernels *k, const step_t *step, const fnn_conv *g, idx_t images,
                             char *memory, const run_t *r, gradient_fn gradient) noexcept nogil
