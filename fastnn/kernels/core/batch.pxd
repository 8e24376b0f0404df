from .tables cimport fnn_kernels
from .types cimport MAX_PORTS, idx_t, run_t

cdef enum:
    MAX_NDIM = 8

cdef bint has_buffer(x, Py_buffer *view)

cdef class Port:
    cdef readonly int space         # index among the spaces of a run
    cdef readonly tuple shape       # of a row
    cdef readonly str dtype
    cdef char format                # of an element, as in the struct module
    cdef idx_t row_bytes
    cdef bint converts              # whether arrays of other dtypes or layouts, and lists, may be converted
    cdef bint axis_may_lack         # whether a last axis of size 1 may be missing
    cdef bint axis_may_exceed       # whether there may be one too many
    cdef bint must_be_finite        # whether an array with NaN or infinity has to be validated
    cdef int ndim
    cdef idx_t dims[MAX_NDIM]
    cdef object classes             # int32 copy of the last batch, where it had to be converted

    cdef bint ends_in_one(self) noexcept
    cdef bint matches(self, Py_buffer *x) noexcept
    cdef bint fits(self, Py_buffer *x) noexcept
    cdef object hold(self, x, Py_buffer *view)
    cdef object accepted(self, x, Py_buffer *view)
    cdef object converted(self, x)
    cdef bint holds_long_classes(self, Py_buffer *x) noexcept
    cdef char *taken(self, Py_buffer *x) except? NULL

cdef class Batch:
    cdef const fnn_kernels *kernels
    cdef readonly list ports
    cdef object held                # keeps the arrays alive
    cdef readonly idx_t rows
    cdef char *source[MAX_PORTS]
    cdef char *gathered[MAX_PORTS]
    cdef idx_t row_bytes[MAX_PORTS]
    cdef int space[MAX_PORTS]
    cdef int count                  # number of bound arrays
    cdef const idx_t *order

    cdef int bind(self, arrays, order, idx_t capacity) except -1
    cdef void release(self) noexcept
    cdef int reorder(self, order, idx_t capacity) except -1
    cdef idx_t take(self, arrays, idx_t capacity) except -2
    cdef idx_t row(self, idx_t i)
    cdef void point(self, run_t *r, idx_t start) noexcept nogil
