# The gradients of a convolution's weights, for the steps that convolve (conv, conv_pool).

from ..core.tables cimport fnn_conv, fnn_kernels
from ..core.types cimport idx_t, run_t, step_t

# Compute rows i ... i + m - 1 of the gradient g.w, and with row 0 that of b, from the rows `first` ... of y,
# `count` of them.
ctypedef void (*gradient_fn)(const fnn_kernels *k, const step_t *s, const run_t *r, fnn_conv *g, idx_t first,
                             idx_t count, idx_t i, idx_t m, char *scratch) noexcept nogil

cdef idx_t most_parts(const fnn_conv *g, idx_t item) noexcept nogil
cdef idx_t part_size(const fnn_conv *g) noexcept nogil
cdef void weight_gradient_of(const fnn_kernels *k, const step_t *step, const fnn_conv *g, idx_t images,
                             char *memory, const run_t *r, gradient_fn gradient) noexcept nogil
