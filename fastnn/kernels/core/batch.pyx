"""The caller's arrays that a plan reads and writes, and which of their rows a run reads.

Consecutive rows are read in place; rows in another order are gathered into buffers. Arrays that have the
plan's shape and dtype already are bound in C through the buffer protocol: a step on a small batch takes five
microseconds.
"""

import numpy as np

from cpython.buffer cimport (PyBUF_FORMAT, PyBUF_STRIDES, PyBuffer_IsContiguous, PyBuffer_Release,
                             PyObject_GetBuffer)
from libc.stdint cimport int32_t, int64_t

from .runtime cimport address, parallel_chunks, table
from .tables cimport fnn_kernels
from .types cimport SPACES

from .memory import aligned_zeros

cdef object ndarray = np.ndarray

ctypedef struct gather_t:
    const fnn_kernels *kernels
    char *to
    const char *source
    const idx_t *order
    idx_t row_bytes


cdef void gather(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef gather_t *g = <gather_t *>context
    g.kernels.gather_rows(g.to + first * g.row_bytes, g.source, g.order + first, count, g.row_bytes)


cdef bint has_buffer(x, Py_buffer *view):
    """Return whether x is an array that exports a buffer; the caller then releases `view`."""
    if type(x) is not ndarray:
        return False
    try:
        PyObject_GetBuffer(x, view, PyBUF_FORMAT | PyBUF_STRIDES)
    except ValueError:
        return False
    return True


cdef const idx_t *indices(order) except? NULL:
    """Return the address of a contiguous int64 array of row numbers, or NULL for None or none."""
    if order is None or not len(order):
        return NULL
    if order.dtype.char not in "lq" or order.itemsize != sizeof(idx_t) or not order.flags.c_contiguous:
        raise ValueError(
            f"order: expected a contiguous int64 array, got {order.dtype} of shape {order.shape}")
    return <const idx_t *>address(order)


cdef class Port:
    """Shape and dtype that a plan expects of an array of the caller: inputs, labels, weights or a result.

    Parameters
    ----------
    space : int
        Index of the array among the spaces of a run.
    shape : tuple of int
        Shape of a row.
    dtype : {"float32", "float64", "int32"}
        int32 is for class numbers.
    """

    def __cinit__(self, int space, tuple shape, str dtype):
        cdef int i
        if len(shape) > MAX_NDIM:
            raise ValueError(f"input_shape: expected at most {MAX_NDIM} dimensions in a row, got {shape}")
        if space >= SPACES:
            raise ValueError(f"model: expected at most {MAX_PORTS} inputs, outputs, labels and weights")
        self.format = {"float32": b"f", "float64": b"d", "int32": b"i"}[dtype][0]
        self.space, self.shape, self.ndim = space, shape, <int>len(shape)
        for i in range(self.ndim):
            self.dims[i] = shape[i]

    cdef bint matches(self, Py_buffer *x) noexcept:
        """Return whether x holds contiguous rows of the port's shape and dtype."""
        return self.fits(x) and x.format[0] == self.format

    cdef bint fits(self, Py_buffer *x) noexcept:
        """Return whether x holds contiguous rows of the port's shape."""
        cdef int i
        if x.ndim != self.ndim + 1 or x.format[1] != 0:
            return False
        for i in range(self.ndim):
            if x.shape[i + 1] != self.dims[i]:
                return False
        return PyBuffer_IsContiguous(x, b"C")

    cdef char *taken(self, Py_buffer *x) except? NULL:
        """Return the rows in the port's dtype, or NULL; class numbers of int64 are converted to int32."""
        cdef idx_t size
        if not self.fits(x):
            return NULL
        if x.format[0] == self.format:
            return <char *>x.buf
        if self.format != b"i"[0] or x.format[0] not in b"lq" or x.itemsize != sizeof(int64_t):
            return NULL
        size = x.len // <idx_t>sizeof(int64_t)
        if self.classes is None or len(self.classes) < size:
            self.classes = np.empty(max(1, size), np.int32)
        # Class numbers have the same type in the tables of both dtypes.
        table("float32").narrow_classes(<int32_t *>address(self.classes), <const int64_t *>x.buf, size)
        return address(self.classes)


cdef class Batch:
    """Rows of arrays, one array for each port that a plan reads.

    Parameters
    ----------
    ports : list of Port
    """

    def __cinit__(self, list ports):
        cdef int i
        cdef Port port
        self.kernels = table("float32")     # rows are copied byte by byte, whatever their dtype
        self.ports = ports
        for i, port in enumerate(ports):
            self.space[i] = port.space

    cdef int bind(self, arrays, order, idx_t capacity) except -1:
        """Bind contiguous arrays; with `order`, row i is row order[i] of each."""
        cdef int i
        cdef Port port
        self.release()
        self.held = [list(arrays), order, []]
        for i, array in enumerate(arrays):
            port = self.ports[i]
            if array.shape[1:] != port.shape or array.dtype.char != chr(port.format):
                raise ValueError(
                    f"bind: expected rows of shape {port.shape}, got an array of {array.dtype} and shape "
                    f"{array.shape}")
            self.source[i] = address(array)
            self.row_bytes[i] = array.nbytes // max(1, array.shape[0])
            self.rows = array.shape[0]
        self.count = <int>len(arrays)
        return self.reorder(order, capacity)

    cdef void release(self) noexcept:
        """Release the arrays."""
        self.count, self.rows, self.order, self.held = 0, 0, NULL, None

    cdef int reorder(self, order, idx_t capacity) except -1:
        """Change the order: row i becomes row order[i] of the bound arrays."""
        cdef int i
        cdef const idx_t *rows = indices(order)
        if rows is not NULL and not self.held[2]:
            buffers = [aligned_zeros(capacity * self.row_bytes[i]) for i in range(self.count)]
            for i in range(self.count):
                self.gathered[i] = address(buffers[i])
            self.held[2] = buffers
        self.held[1], self.order = order, rows
        return 0

    cdef idx_t take(self, arrays, idx_t capacity) except -2:
        """Bind arrays in the plan's shapes and dtypes; return the number of rows, -1 if they do not fit."""
        cdef Py_buffer view
        cdef Port port
        cdef idx_t rows = -1
        cdef int i
        if len(arrays) != len(self.ports):
            return -1
        for i, array in enumerate(arrays):
            if not has_buffer(array, &view):
                return -1
            port = self.ports[i]
            self.source[i] = NULL
            if view.ndim and 0 < view.shape[0] <= capacity and rows in (-1, view.shape[0]):
                rows = view.shape[0]
                self.source[i] = port.taken(&view)
                self.row_bytes[i] = view.len // rows
            PyBuffer_Release(&view)
            if self.source[i] is NULL:
                return -1
        self.held, self.order, self.rows, self.count = arrays, NULL, rows, <int>len(arrays)
        return rows

    cdef idx_t row(self, idx_t i):
        """Return which row of the caller's arrays is row i."""
        return i if self.order is NULL else self.order[i]

    cdef void point(self, run_t *r, idx_t start) noexcept nogil:
        """Point a run to its rows from `start` on, gathered if they have an order."""
        cdef int i
        cdef gather_t g
        for i in range(self.count):
            r.base[self.space[i]] = self.source[i] + start * self.row_bytes[i]
            if self.order is not NULL:
                g = gather_t(self.kernels, self.gathered[i], self.source[i], self.order + start,
                             self.row_bytes[i])
                parallel_chunks(gather, &g, r.rows, self.row_bytes[i] // <idx_t>sizeof(float), r.threads)
                r.base[self.space[i]] = self.gathered[i]
