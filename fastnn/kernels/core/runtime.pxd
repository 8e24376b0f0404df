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

# Consecutive rows of one image, and the number of the thread that does them.
ctypedef void (*image_rows_fn)(void *context, idx_t image, idx_t first, idx_t rows, int thread) noexcept nogil

# A sum over items that is taken in parts, which are added in their order.
ctypedef struct parts_t:
    idx_t items
    idx_t count         # parts, at least one
    idx_t size          # items of each part; the last one may have fewer

cdef enum:
    CHUNK_ELEMENTS = 1 << 14    # that a thread takes at a time: 64 KiB of float, a few microseconds
    THREAD_FLOPS = 300000   # for each thread: a region of two costs about 1 us

cdef int max_threads() noexcept nogil
cdef int run_threads() except -1
cdef bint on_main_thread() noexcept nogil
cdef void parallel_for(chunk_fn fn, void *context, idx_t chunks, int threads) noexcept nogil
cdef void parallel_chunks(range_fn fn, void *context, idx_t items, idx_t width, int threads) noexcept nogil

cdef void parallel_image_rows(image_rows_fn fn, void *context, idx_t images, idx_t image_rows,
                              idx_t image_size, int threads) noexcept nogil

cdef inline idx_t ceil_div(idx_t n, idx_t size) noexcept nogil:
    """How many pieces of `size` n comes in."""
    return (n + size - 1) // size

cdef inline idx_t chunk_items(idx_t width) noexcept nogil:
    """How many items of `width` elements make a chunk: a number that depends on the shape alone."""
    return max(1, CHUNK_ELEMENTS // max(1, width))

cdef inline idx_t piece_begin(idx_t n, idx_t pieces, idx_t i, idx_t unit) noexcept nogil:
    """Where piece i begins when n is divided evenly, in whole units."""
    return min(n, ceil_div(n, unit) * i // pieces * unit)

cdef inline idx_t count_parts(idx_t most, double work, double part_work) noexcept nogil:
    """How many parts a sum is taken in: at most `most`, and no more than leave `part_work` to each."""
    return max(1, min(most, <idx_t>(work / part_work)))

cdef inline parts_t divide_sum(idx_t items, idx_t most, double work, double part_work) noexcept nogil:
    """Divide a sum over `items` into parts of one size; it depends on shapes alone, see `count_parts`."""
    cdef idx_t size = max(1, ceil_div(items, count_parts(most, work, part_work)))
    return parts_t(items, max(1, ceil_div(items, size)), size)

cdef inline idx_t part_items(const parts_t *p, idx_t i) noexcept nogil:
    """How many items part i has."""
    return min(p.size, p.items - i * p.size)

cdef inline char *address(array) except? NULL:
    """Return the address of an array's first element, valid as long as the array lives."""
    cdef Py_buffer view
    PyObject_GetBuffer(array, &view, PyBUF_STRIDES)
    PyBuffer_Release(&view)
    return <char *>view.buf

cdef inline idx_t threads_for(const run_t *r, double flops) noexcept nogil:
    """How many threads of the run so much work is worth; 0 or 1: the caller's own."""
    return <idx_t>min(<double>r.threads, flops / THREAD_FLOPS)
