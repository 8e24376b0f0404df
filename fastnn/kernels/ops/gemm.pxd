from libc.string cimport memset

from ..core.tables cimport FNN_ACT_linear, fnn_fused, fnn_gemm, fnn_kernels
from ..core.types cimport idx_t, run_t

cdef enum:
    PANEL = 32          # columns of the widest panel that weights are packed in
    TILE_STEPS = 8      # steps of k that the start and the end of a tile take

cdef void gemm(const fnn_kernels *k, const fnn_gemm *g, const run_t *r) noexcept nogil
cdef idx_t gemm_scratch(const fnn_kernels *k, idx_t m, idx_t n, idx_t depth) noexcept nogil


cdef inline void fuse_nothing(fnn_fused *f) noexcept nogil:
    """Leave the sums of a product as they are; all pointers of `f` are NULL already."""
    f.activation.code = f.gradient.code = FNN_ACT_linear


cdef inline void init_gemm(fnn_gemm *g, idx_t m, idx_t n, idx_t k) noexcept nogil:
    """Describe a product (m, k) by (k, n) that overwrites its result and fuses nothing."""
    memset(g, 0, sizeof(fnn_gemm))
    g.m, g.n, g.k = m, n, k
    fuse_nothing(&g.fused)
