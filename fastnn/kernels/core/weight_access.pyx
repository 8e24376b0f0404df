"""Weights that are replaced all at once, as far as runs of plans can see.

Whoever replaces weights waits until no run reads any, and runs that would begin meanwhile wait for it. The
interpreter's lock protects the counts here and is not released while weights are copied.
"""

import os

import numpy as np

from cpython.pythread cimport (
    WAIT_LOCK,
    PyThread_acquire_lock,
    PyThread_allocate_lock,
    PyThread_release_lock,
    PyThread_type_lock,
)
from libc.string cimport memcpy

from .runtime cimport address
from .types cimport idx_t

from .memory import aligned_zeros

cdef extern from *:
    """
    #ifdef _MSC_VER
    static __declspec(thread) int fnn_depth = 0;
    #else
    static __thread int fnn_depth = 0;
    #endif
    """
    int fnn_depth       # runs of this thread, one within a Python step of another

ctypedef struct copy_t:
    char *to
    const char *source
    idx_t size          # bytes
    idx_t *version      # a counter to increase

cdef int _running = 0           # runs of all threads
cdef bint _replacing = False    # whether somebody holds the gate
cdef bint _waiting = False      # whether that one waits for the end of the last run
cdef PyThread_type_lock _gate = NULL
cdef PyThread_type_lock _idle = NULL    # released when the last run has ended while somebody waits for that


cdef int begin_run() except -1:
    """Note that a run reads weights until `end_run`; wait for whoever replaces them.

    A run within a Python step does not wait: its thread holds up the other one.
    """
    global _running, fnn_depth
    if _replacing and not fnn_depth:
        with nogil:
            PyThread_acquire_lock(_gate, WAIT_LOCK)
        _running += 1
        PyThread_release_lock(_gate)
    else:
        _running += 1
    fnn_depth += 1
    return 0


cdef void end_run() noexcept:
    global _running, _waiting, fnn_depth
    _running -= 1
    fnn_depth -= 1
    if _waiting and not _running:
        _waiting = False
        PyThread_release_lock(_idle)


def replace_values(variables, values):
    """Set variables to arrays of their shapes: every run sees the old values of all, or the new ones.

    Nothing has changed where an error is raised. Within a Python step of a run nothing waits, so runs of
    other threads may see both.
    """
    global _replacing, _waiting
    arrays = [np.ascontiguousarray(value, variable.value.dtype)
              for variable, value in zip(variables, values, strict=True)]
    copies = aligned_zeros(len(arrays) * sizeof(copy_t))
    cdef copy_t *c = <copy_t *>address(copies)
    cdef idx_t i, n = len(arrays)
    for i, (variable, array) in enumerate(zip(variables, arrays)):
        c[i] = copy_t(
            address(variable.value), address(array), array.nbytes, <idx_t *>address(variable.version))
    if fnn_depth:
        copy_all(c, n)
        return
    with nogil:
        PyThread_acquire_lock(_gate, WAIT_LOCK)
    _replacing = True
    while _running:
        _waiting = True
        with nogil:
            PyThread_acquire_lock(_idle, WAIT_LOCK)
    copy_all(c, n)
    _replacing = False
    PyThread_release_lock(_gate)


cdef void copy_all(copy_t *c, idx_t n) noexcept:
    cdef idx_t i
    for i in range(n):
        memcpy(c[i].to, c[i].source, c[i].size)
        c[i].version[0] += 1


def copy_values(variables):
    """Return copies of the values of variables, none before and another behind a `replace_values`."""
    cdef idx_t size
    values = [variable.value for variable in variables]
    copies = [np.empty(value.shape, value.dtype) for value in values]
    places = [
        (<idx_t>address(copy), <idx_t>address(value), copy.nbytes) for copy, value in zip(copies, values)]
    for to, source, size in places:
        memcpy(<void *><idx_t>to, <void *><idx_t>source, size)
    return copies


def _start():
    """Make the locks, at import and in a forked child, where only the thread that forked goes on."""
    global _running, _replacing, _waiting, _gate, _idle
    _running, _replacing, _waiting = fnn_depth, False, False
    _gate, _idle = PyThread_allocate_lock(), PyThread_allocate_lock()
    if _gate is NULL or _idle is NULL:
        raise MemoryError("no memory for locks")
    PyThread_acquire_lock(_idle, WAIT_LOCK)


_start()
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_start)
