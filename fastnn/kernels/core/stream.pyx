"""Repeated runs of a plan for one time step; states stay in place between runs.

A run takes a microsecond or two, so everything that does not change is prepared once, and arrays in the
plan's own form are read through Python's buffer protocol.
"""

import numpy as np

from cpython.buffer cimport (PyBUF_FORMAT, PyBUF_STRIDES, PyBUF_WRITABLE, PyBuffer_IsContiguous,
                             PyBuffer_Release, PyObject_GetBuffer)

from .batch cimport MAX_NDIM, has_buffer
from .claim cimport Claim
from .plan cimport Arena, Plan
from .steps cimport Value
from .types cimport bad_t, idx_t, run_t
from .weight_access cimport begin_run, end_run

from ...data.validation import as_real

cdef double GIL_WORK = 1e6          # FLOPs of a step from which it releases the GIL: about 10 us

cdef object empty = np.empty


# The form of one row of inputs or outputs at a step.
ctypedef struct form_t:
    char format                     # of the struct module: that of the plan's dtype
    int ndim
    idx_t shape[MAX_NDIM]


cdef int set_form(form_t *f, tuple shape, str dtype) except -1:
    cdef int i
    if len(shape) >= MAX_NDIM:
        raise ValueError(f"model: expected at most {MAX_NDIM - 1} dimensions at a step, got {shape}")
    f.format, f.ndim = {"float32": b"f", "float64": b"d"}[dtype][0], <int>len(shape)
    for i in range(f.ndim):
        f.shape[i] = shape[i]
    return 0


cdef int extra_dimensions(const form_t *f, Py_buffer *x, idx_t rows) noexcept:
    """1 if x is rows of the form, contiguous; 0 if it is the only one there is; -1 if it is neither."""
    cdef int i, extra = x.ndim - f.ndim
    if x.format[0] != f.format or x.format[1] != 0 or not PyBuffer_IsContiguous(x, b"C"):
        return -1
    if not (extra == 1 and x.shape[0] == rows) and not (extra == 0 and rows == 1):
        return -1
    for i in range(f.ndim):
        if x.shape[i + extra] != f.shape[i]:
            return -1
    return extra


cdef class Stepper:
    """Runs a plan for one time step, on memory that stays between runs: the compiled part of `Stream`."""

    cdef Plan plan
    cdef Arena arena
    cdef run_t run
    cdef bad_t bad
    cdef Claim claim                # of the thread that is taking a step
    cdef bint frees
    cdef idx_t rows
    cdef int source, target         # spaces of the input and of the result
    cdef form_t taken, given
    cdef tuple shapes               # of the result: of a single row, of rows
    cdef str dtype

    def __cinit__(self, *args, **kwargs):
        self.claim = Claim("stream")

    def _use(self, Plan plan, idx_t rows, tuple taken, tuple given):
        """Step with `plan`, whose rows take and give arrays of these shapes."""
        set_form(&self.taken, taken, plan.dtype)
        set_form(&self.given, given, plan.dtype)
        arena, shapes = plan._borrow(), (given, (rows, *given))
        self.plan, self.rows, self.dtype, self.arena, self.shapes = plan, rows, plan.dtype, arena, shapes
        self.source, self.target = (<Value>plan.inputs[0]).space, (<Value>plan.outputs[0]).root.space
        plan._prepare(&self.run, self.arena, rows)
        self.run.bad = &self.bad
        self.frees = plan.work * <double>rows > GIL_WORK

    def step(self, x, out=None):
        """Advance one time step.

        Parameters
        ----------
        x : array_like
            (features,), of a stream of one row, or (rows, features): what the model takes at one step.
        out : ndarray, optional
            Array for the result: contiguous, of its shape and of the model's dtype.

        Returns
        -------
        ndarray
            (outputs,) or (rows, outputs), as `x` is: what the model gives for the last step of the sequence
            so far. It is `out` if that is given.

        Raises
        ------
        ValueError
            If a shape differs, or an index is out of range; then the state is as it was.
        """
        cdef Py_buffer source
        cdef int extra
        if has_buffer(x, &source):
            try:
                extra = extra_dimensions(&self.taken, &source, self.rows)
                if extra >= 0:
                    return self.advance(&source, extra, out)
            finally:
                PyBuffer_Release(&source)
        return self.step(self.as_step(x), out)

    cdef object as_step(self, x):
        """Convert an input to the form that `step` takes directly."""
        array = as_real(x, self.dtype, "x").reshape(np.shape(x))    # which a number would lose
        row = tuple(self.taken.shape[i] for i in range(self.taken.ndim))
        allowed = [(self.rows, *row)] + [row] * (self.rows == 1)
        if array.shape not in allowed:
            shapes = " or ".join(map(str, allowed))
            raise ValueError(f"x: expected one step, of shape {shapes}, got {array.shape}")
        return array

    cdef object advance(self, Py_buffer *x, int extra, out):
        cdef Py_buffer result
        cdef char *start = <char *>x.buf
        if out is None:
            out = empty(self.shapes[extra], self.dtype)
        elif not has_buffer(out, &result):
            raise TypeError(f"out: expected an array, got {out!r:.80}")
        else:
            PyBuffer_Release(&result)
        self.claim.take()
        try:
            PyObject_GetBuffer(out, &result, PyBUF_WRITABLE | PyBUF_FORMAT | PyBUF_STRIDES)
        except BaseException:
            self.claim.release()
            raise
        try:
            if extra_dimensions(&self.given, &result, self.rows) != extra:
                raise ValueError(f"out: expected a contiguous {self.dtype} array of shape "
                                 f"{self.shapes[extra]}, got {out.dtype} of shape {out.shape}")
            if start < <char *>result.buf + result.len and <char *>result.buf < start + x.len:
                raise ValueError("out: expected memory of its own, got that of x")
            self.run.base[self.source], self.run.base[self.target] = start, <char *>result.buf
            begin_run()
            self.advance_plan()
            end_run()
        finally:
            PyBuffer_Release(&result)
            self.claim.release()
        self.plan._refuse(&self.bad, 0)
        return out

    cdef void advance_plan(self) noexcept:
        self.bad.at, self.bad.limit = -1, 0
        if not self.frees:
            self.plan._infer(&self.run)
            return
        with nogil:
            self.plan._infer(&self.run)
