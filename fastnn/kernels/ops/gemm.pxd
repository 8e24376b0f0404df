from ..core.tables cimport fnn_gemm, fnn_kernels
from ..core.types cimport idx_t, run_t

cdef void gemm(const fnn_kernels *k, const fnn_gemm *g, const run_t *r) noexcept nogil
cdef idx_t gemm_scratch(const fnn_kernels *k, idx_t m, idx_t n, idx_t depth) noexcept nogil
