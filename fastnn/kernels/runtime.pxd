from libc.stdint cimport uintptr_t

from .csrc cimport fnn_kernels
from .types cimport idx_t

# One piece of an op's work: which piece, and the number of the thread that does it (for its scratch).
ctypedef void (*chunk_fn)(void *context, idx_t chunk, int thread) noexcept nogil

cdef const fnn_kernels *table(dtype) except NULL
cdef int max_threads() noexcept nogil
cdef void parallel_for(chunk_fn fn, void *context, idx_t chunks, int threads) noexcept nogil

cdef inline char *address(array) except? NULL:
    """Where an array's first element is."""
    return <char *><uintptr_t>array.ctypes.data
