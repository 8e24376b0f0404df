from ..core.tables cimport fnn_kernels
from ..core.types cimport idx_t

# A weight and its constraint.
ctypedef struct constraint_t:
    char *w
    idx_t outer, n, inner   # norms run along the second axis; n = 0: elements must not be negative
    double least, most, rate, epsilon

cdef void constrain(const constraint_t *c, const fnn_kernels *kernels, int threads) noexcept nogil
