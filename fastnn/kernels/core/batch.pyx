"""The caller's arrays that a plan reads and writes, and which of their rows a run reads.

Consecutive rows are read in place; rows in another order are gathered into buffers. Arrays that have the
plan's shape and dtype already are bound in C through the buffer protocol: a step on a small batch takes five
microseconds. Other arrays and lists of numbers are converted here where nothing else is to be done; what is
left goes through the validation of `fastnn.data`, which has the same rules and says what is wrong.
"""

import numpy as np

from cpython.buffer cimport (PyBUF_FORMAT, PyBUF_STRIDES, PyBuffer_IsContiguous, PyBuffer_Release,
                             PyObject_GetBuffer)
from libc.float cimport DBL_MAX, FLT_MAX
from libc.stdint cimport int32_t, int64_t

from .runtime cimport address, parallel_chunks, table
from .tables cimport fnn_kernels
from .types cimport SPACES

from .memory import aligned_zeros

cdef object ndarray = np.ndarray
cdef object memmap = np.memmap
cdef object scalar = np.generic
cdef object asarray = np.asarray
cdef object ascontiguousarray = np.ascontiguousarray

cdef enum:
    DEEPEST = 64    # lists in lists that arrays may be made of

ctypedef struct gather_t:
    const fnn_kernels *kernels
    char *to
    const char *source
    const idx_t *order
    idx_t row_bytes


cdef void gather(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef gather_t *g = <gather_t *>context
    g.kernels.gather_rows(g.to + first * g.row_bytes, g.source, g.order + first, count, g.row_bytes)


cdef inline bint is_array(x) noexcept:
    """Return whether x is an array whose class changes no operation."""
    return type(x) is ndarray or type(x) is memmap


cdef bint has_buffer(x, Py_buffer *view):
    """Return whether x is an array that exports a buffer; the caller then releases `view`."""
    if not is_array(x):
        return False
    try:
        PyObject_GetBuffer(x, view, PyBUF_FORMAT | PyBUF_STRIDES)
    except ValueError:
        return False
    return True


cdef bint is_finite(Py_buffer *x) except -1:
    """Return whether all elements of a contiguous array of float or double are finite."""
    cdef bint single = x.format[0] == b"f"[0]
    cdef double most = FLT_MAX if single else DBL_MAX
    return table("float32" if single else "float64").check_range(x.buf, x.len // x.itemsize, -most, most) < 0


cdef bint holds_numbers(x, int depth=0):
    """Return whether nested lists and tuples hold nothing but numbers and arrays."""
    if depth == DEEPEST:
        return False
    for part in x:
        kind = type(part)
        if kind is float or kind is int or kind is bool or kind is ndarray:
            continue
        if kind is list or kind is tuple:
            if not holds_numbers(part, depth + 1):
                return False
        elif not isinstance(part, scalar):
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
    size : int
        Elements of a row.
    converts : bool, default True
        Whether arrays of other dtypes or layouts, and lists of numbers, may be converted.
    """

    def __cinit__(self, int space, tuple shape, str dtype, idx_t size, bint converts=True):
        cdef int i
        if len(shape) > MAX_NDIM:
            raise ValueError(f"input_shape: expected at most {MAX_NDIM} dimensions in a row, got {shape}")
        if space >= SPACES:
            raise ValueError(f"model: expected at most {MAX_PORTS} inputs, outputs, labels and weights")
        self.format = {"float32": b"f", "float64": b"d", "int32": b"i"}[dtype][0]
        self.space, self.shape, self.ndim, self.dtype = space, shape, <int>len(shape), dtype
        self.converts = converts
        self.row_bytes = size * <idx_t>(sizeof(double) if dtype == "float64" else sizeof(float))
        for i in range(self.ndim):
            self.dims[i] = shape[i]

    cdef bint ends_in_one(self) noexcept:
        """Return whether the last dimension of a row is 1."""
        return self.ndim > 0 and self.dims[self.ndim - 1] == 1

    cdef bint matches(self, Py_buffer *x) noexcept:
        """Return whether x holds contiguous rows of the port's shape and dtype."""
        return self.fits(x) and x.format[0] == self.format

    cdef bint fits(self, Py_buffer *x) noexcept:
        """Return whether x holds contiguous rows of the port's shape, but for a last axis of size 1."""
        cdef int i, ndim = x.ndim - 1
        if x.format[1] != 0:
            return False
        if ndim != self.ndim:
            lacks = ndim == self.ndim - 1 and self.axis_may_lack
            if not lacks and not (ndim == self.ndim + 1 and self.axis_may_exceed and x.shape[ndim] == 1):
                return False
        for i in range(min(ndim, self.ndim)):
            if x.shape[i + 1] != self.dims[i]:
                return False
        return PyBuffer_IsContiguous(x, b"C")

    cdef object hold(self, x, Py_buffer *view):
        """Return x, or what it is converted to, with its buffer, which the caller then releases.

        None, and no buffer, where x is no array or list of numbers of the port's shape.
        """
        held = self.accepted(x, view)
        if held is None and self.converts:
            x = self.converted(x)
            held = None if x is None else self.accepted(x, view)    # not where it is not aligned
        if held is not None and self.must_be_finite and not is_finite(view):
            PyBuffer_Release(view)
            return None
        return held

    cdef object accepted(self, x, Py_buffer *view):
        """Return x with its buffer if it is an array that needs no conversion by NumPy, or None."""
        if has_buffer(x, view):
            if self.matches(view) or self.holds_long_classes(view):
                return x
            PyBuffer_Release(view)
        return None

    cdef object converted(self, x):
        """Return x as a contiguous array of the port's shape and dtype, or None if it takes more than that.

        Class numbers are of int64 or int32, since these hold all others.
        """
        cdef int ndim
        if type(x) is list or type(x) is tuple:
            if not holds_numbers(x):
                return None
            try:
                x = asarray(x)
            except ValueError:      # rows of different lengths
                return None
        elif not is_array(x):
            return None
        kind = x.dtype.kind
        ndim = <int>x.ndim - 1
        if ndim == self.ndim - 1 and self.axis_may_lack:
            x = x[..., None]
        elif ndim == self.ndim + 1 and self.axis_may_exceed and x.shape[ndim] == 1:
            x = x[..., 0]
        if ndim < 0 or x.shape[1:] != self.shape:
            return None
        if self.dtype != "int32":
            return ascontiguousarray(x, self.dtype) if kind in "fiub" else None
        if kind not in "iub" or (kind == "u" and x.itemsize >= 4):
            return None
        return ascontiguousarray(x, "int64" if x.itemsize == sizeof(int64_t) else "int32")

    cdef bint holds_long_classes(self, Py_buffer *x) noexcept:
        """Return whether x holds class numbers of int64, which are converted when they are bound."""
        return (self.format == b"i"[0] and x.itemsize == sizeof(int64_t) and x.format[0] in b"lq"
                and self.fits(x))

    cdef char *taken(self, Py_buffer *x) except? NULL:
        """Return the rows of a buffer that `hold` has given, in the port's dtype."""
        cdef idx_t size
        if x.format[0] == self.format:
            return <char *>x.buf
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
        """Bind arrays of the plan's shapes; return the number of rows, -1 if they do not fit."""
        cdef Py_buffer view
        cdef Port port
        cdef idx_t rows = -1
        cdef int i
        held = []
        for i, array in enumerate(arrays):
            port = self.ports[i]
            array = port.hold(array, &view)
            if array is None:
                return -1
            held.append(array)
            self.source[i] = NULL
            try:
                if 0 < view.shape[0] <= capacity and (i == 0 or rows == view.shape[0]):
                    rows = view.shape[0]
                    self.source[i] = port.taken(&view)
                    self.row_bytes[i] = port.row_bytes
            finally:
                PyBuffer_Release(&view)
            if self.source[i] is NULL:
                return -1
        self.held, self.order, self.rows, self.count = held, NULL, rows, <int>len(held)
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
