from libc.stdint cimport int32_t

from .types cimport idx_t, run_t

cdef enum:
    MAX_NDIM = 8
    SOURCES = 3     # x, y and the sample weights, in the order of their spaces

cdef bint has_buffer(x, Py_buffer *view)

cdef class Batch:
    cdef char format                # of the struct module: that of the plan's dtype
    cdef int ndim
    cdef idx_t shape[MAX_NDIM]      # of a row of x
    cdef tuple labels               # shape of a row of y
    cdef bint sparse                # y holds class numbers
    cdef object held                # x, y and sample weights first
    cdef idx_t rows                 # of x
    cdef char *source[SOURCES]
    cdef char *gathered[SOURCES]
    cdef idx_t row_bytes[SOURCES]
    cdef const idx_t *order
    cdef int32_t[::1] classes

    cdef int bind(self, x, y, sample_weight, const idx_t[::1] order, idx_t capacity) except -1
    cdef idx_t take(self, x, y, idx_t capacity) except -2
    cdef idx_t row(self, idx_t i)
    cdef void point(self, run_t *r, idx_t start) noexcept nogil
    cdef bint matches(self, Py_buffer *x) noexcept
    cdef char *labels_of(self, Py_buffer *y, idx_t rows) except? NULL
