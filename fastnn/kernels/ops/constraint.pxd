from ..core.tables cimport fnn_kernels
from ..core.types cimport idx_t

# A weight, and what its norms or elements are projected onto.
ctypedef struct constraint_t:
    char *w
    idx_t outer, n, inner   # norms are of the middle one; n is 0 where weights may just not be negative
    double least, most, rate, epsilon

cdef void constrain(const constraint_t *c, const fnn_kernels *kernels, int threads) noexcept nogil
