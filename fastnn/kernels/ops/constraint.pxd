from ..core.tables cimport fnn_kernels
from ..core.types cimport idx_t

# Where a weight that a kernel constrains lies, and to what.
ctypedef struct constraint_t:
    idx_t offset            # bytes from the start of the parameter block
    idx_t outer, n, inner   # norms are of the middle one; n is 0 where weights may just not be negative
    double least, most, rate, epsilon

cdef void constrain(
    const constraint_t *c, char *parameters, const fnn_kernels *kernels, int threads) noexcept nogil
