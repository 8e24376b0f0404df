from cpython.buffer cimport PyBUF_STRIDES, PyBuffer_Release, PyObject_GetBuffer

from .tables cimport fnn_activation_row, fnn_kernels
from .types cimport idx_t, run_t

# One piece of an op's work: which piece, and the number of the thread that does it (for its scratch).
ctypedef void (*chunk_fn)(void *context, idx_t chunk, int thread) noexcept nogil

# The doors to csrc/: the tables are linked into the module `runtime` alone.
cdef const fnn_kernels *table(dtype) except NULL
cdef void *kernel(const fnn_kernels *table, str name) except NULL
cdef const fnn_activation_row *activation_rows() noexcept nogil

# Consecutive items of an op's work, and the number of the thread that does them (for its scratch).
ctypedef void (*range_fn)(void *context, idx_t first, idx_t count, int thread) noexcept nogil

cdef enum:
    CHUNK_ELEMENTS = 1 << 14    # that a thread takes at a time: 64 KiB of float, a few microseconds
    THREAD_FLOPS = 300000   # for each thread: a region of two costs about 1 us

cdef int max_threads() noexcept nogil
cdef void parallel_for(chunk_fn fn, void *context, idx_t chunks, int threads) noexcept nogil
cdef void parallel_chunks(range_fn fn, void *context, idx_t items, idx_t width, int threads) noexcept nogil

cdef inline idx_t ceil_div(idx_t n, idx_t size) noexcept nogil:
    """How many pieces of `size` n comes in."""
    return (n + size - 1) // size

cdef inline idx_t chunk_items(idx_t width) noexcept nogil:
    """How many items of `width` elements make a chunk: a number that depends on the shape alone."""
    return max(1, CHUNK_ELEMENTS // max(1, width))

cdef inline char *address(array) except? NULL:
    """Return the address of an array's first element, valid as long as the array lives."""
    cdef Py_buffer view
    PyObject_GetBuffer(array, &view, PyBUF_STRIDES)
    PyBuffer_Release(&view)
    return <char *>view.buf

cdef inline idx_t threads_for(const run_t *r, double flops) noexcept nogil:
    """How many threads of the run so much work is worth; 0 or 1: the caller's own."""
    return <idx_t>min(<double>r.threads, flops / THREAD_FLOPS)
