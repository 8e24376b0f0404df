"""Aligned memory: every array that a kernel reads or writes starts a cache line."""

import numpy as np

from cpython.buffer cimport PyBUF_STRIDES, PyBuffer_Release, PyObject_GetBuffer
from libc.stdint cimport uintptr_t

ALIGNMENT = 64
cdef uintptr_t LINE = ALIGNMENT


def align(size):
    """Round `size` bytes up to whole cache lines."""
    return -(-size // ALIGNMENT) * ALIGNMENT


cdef uintptr_t start_of(array) except? 0:
    cdef Py_buffer view
    PyObject_GetBuffer(array, &view, PyBUF_STRIDES)
    PyBuffer_Release(&view)
    return <uintptr_t>view.buf


def data_address(array):
    """Return the address of an array's first element, valid as long as the array lives."""
    return start_of(array)


def aligned_zeros(size, dtype="uint8"):
    """Return a flat array of zeros whose first element starts a cache line."""
    cdef Py_ssize_t start
    nbytes = size * np.dtype(dtype).itemsize
    memory = np.zeros(nbytes + ALIGNMENT, "uint8")
    start = <Py_ssize_t>(-start_of(memory) % LINE)
    return memory[start:start + nbytes].view(dtype)
