"""The caller's arrays that a plan runs on, and which of their rows a run reads.

Rows that follow each other are read where they are; rows in another order are gathered into buffers. Arrays
in the plan's own form are taken as they are, without a trip through Python: a step on a small batch takes
five microseconds.
"""

import numpy as np

from cpython.buffer cimport (PyBUF_FORMAT, PyBUF_STRIDES, PyBuffer_IsContiguous, PyBuffer_Release,
                             PyObject_GetBuffer)
from libc.stdint cimport INT32_MAX, INT32_MIN, int32_t, int64_t
from libc.string cimport memcpy

from .runtime cimport address, parallel_for
from .types cimport INPUT

from .memory import aligned_zeros

cdef idx_t GATHER_BYTES = 1 << 16   # of the piece of a batch that one thread copies

cdef object ndarray = np.ndarray


cdef void saturate(int32_t *out, const int64_t *x, idx_t n) noexcept nogil:
    """Class numbers as int32: one that does not fit becomes one that is out of range too."""
    cdef idx_t i
    for i in range(n):
        out[i] = <int32_t>max(min(x[i], <int64_t>INT32_MAX), <int64_t>INT32_MIN)


ctypedef struct gather_t:
    char *to
    const char *source
    const idx_t *order
    idx_t row_bytes
    idx_t rows


cdef idx_t gather_rows(const gather_t *g) noexcept nogil:
    return max(1, GATHER_BYTES // max(1, g.row_bytes))


cdef idx_t gather_chunks(const gather_t *g) noexcept nogil:
    cdef idx_t size = gather_rows(g)
    return (g.rows + size - 1) // size


cdef void gather(void *context, idx_t chunk, int thread) noexcept nogil:
    cdef gather_t *g = <gather_t *>context
    cdef idx_t size = gather_rows(g), i
    for i in range(chunk * size, min(g.rows, (chunk + 1) * size)):
        memcpy(g.to + i * g.row_bytes, g.source + g.order[i] * g.row_bytes, g.row_bytes)


cdef bint has_buffer(x, Py_buffer *view):
    """Whether x is an array that Python's buffers know; then `view` is to be released."""
    if type(x) is not ndarray:
        return False
    try:
        PyObject_GetBuffer(x, view, PyBUF_FORMAT | PyBUF_STRIDES)
    except ValueError:
        return False
    return True


cdef class Batch:
    """Rows of arrays.

    Parameters
    ----------
    row : tuple of int
        Shape of a row of x.
    dtype : str
        "float32" or "float64".
    labels : tuple of int
        Shape of a row of y.
    sparse : bool
        Whether y holds class numbers.
    """

    def __cinit__(self, tuple row, str dtype, tuple labels=(), bint sparse=False):
        cdef int i
        if len(row) > MAX_NDIM:
            raise ValueError(f"input_shape: expected at most {MAX_NDIM} dimensions in a row, got {row}")
        self.format = {"float32": b"f", "float64": b"d"}[dtype][0]
        self.ndim = <int>len(row)
        for i in range(self.ndim):
            self.shape[i] = row[i]
        self.labels, self.sparse = labels, sparse

    cdef int bind(self, x, y, sample_weight, const idx_t[::1] order, idx_t capacity) except -1:
        """Read these contiguous arrays from now on; with `order`, row i is row order[i]."""
        cdef int i
        held = [x, y, sample_weight, order]
        self.rows = 0 if x is None else x.shape[0]
        self.order = &order[0] if order is not None and order.shape[0] else NULL
        for i, array in enumerate((x, y, sample_weight)):
            self.source[i] = NULL
            if array is None:
                continue
            self.source[i] = address(array)
            self.row_bytes[i] = array.nbytes // max(1, array.shape[0])
            if self.order is not NULL:
                buffer = aligned_zeros(capacity * self.row_bytes[i])
                self.gathered[i] = address(buffer)
                held.append(buffer)
        self.held = held
        return 0

    cdef idx_t take(self, x, y, idx_t capacity) except -2:
        """Bind arrays that are in the plan's form: the number of rows, or -1 where they are not."""
        cdef Py_buffer rows, labels
        cdef char *targets = NULL
        if not has_buffer(x, &rows):
            return -1
        if not has_buffer(y, &labels):
            PyBuffer_Release(&rows)
            return -1
        if self.matches(&rows) and 0 < rows.shape[0] <= capacity:
            targets = self.labels_of(&labels, rows.shape[0])
        PyBuffer_Release(&rows)
        PyBuffer_Release(&labels)
        if targets is NULL:
            return -1
        self.held, self.order, self.rows = (x, y, None), NULL, rows.shape[0]
        self.source[0], self.source[1], self.source[2] = <char *>rows.buf, targets, NULL
        return rows.shape[0]

    cdef idx_t row(self, idx_t i):
        """Which row of the caller's arrays row i is."""
        return i if self.order is NULL else self.order[i]

    cdef void point(self, run_t *r, idx_t start) noexcept nogil:
        """Let a run read its rows from `start` on."""
        cdef int i
        cdef gather_t g
        for i in range(SOURCES):
            if self.source[i] is NULL:
                continue
            r.base[INPUT + i] = self.source[i] + start * self.row_bytes[i]
            if self.order is not NULL:
                g = gather_t(self.gathered[i], self.source[i], self.order + start, self.row_bytes[i], r.rows)
                parallel_for(gather, &g, gather_chunks(&g), r.threads)
                r.base[INPUT + i] = self.gathered[i]

    cdef bint matches(self, Py_buffer *x) noexcept:
        """Whether x is rows of the plan's shape and dtype, contiguous."""
        cdef int i
        if x.ndim != self.ndim + 1 or x.format[0] != self.format or x.format[1] != 0:
            return False
        for i in range(self.ndim):
            if x.shape[i + 1] != self.shape[i]:
                return False
        return PyBuffer_IsContiguous(x, b"C")

    cdef char *labels_of(self, Py_buffer *y, idx_t rows) except? NULL:
        """Labels in the loss's own form or NULL: reals, or class numbers, of which int64 ones are copied."""
        cdef int i, ndim = <int>len(self.labels)
        cdef idx_t size = rows
        if y.ndim != ndim + 1 or y.shape[0] != rows or y.format[1] != 0:
            return NULL
        for i in range(ndim):
            if y.shape[i + 1] != <idx_t>self.labels[i]:
                return NULL
            size *= y.shape[i + 1]
        if not PyBuffer_IsContiguous(y, b"C"):
            return NULL
        if self.sparse and y.format[0] in b"lq" and y.itemsize == sizeof(int64_t):
            if self.classes is None or self.classes.shape[0] < size:
                self.classes = np.empty(size, np.int32)
            saturate(&self.classes[0], <const int64_t *>y.buf, size)
            return <char *>&self.classes[0]
        if y.format[0] == (b"i"[0] if self.sparse else self.format):
            return <char *>y.buf
        return NULL
