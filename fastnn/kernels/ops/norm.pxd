# Helpers that the normalization ops share.

from ..core.types cimport idx_t, operand, run_t, step_t

cdef enum:
    MOST_PARTS = 32     # parts of the sums over the batch


cdef inline idx_t doubles(idx_t n, idx_t itemsize) noexcept nogil:
    """How many elements of a value hold n numbers of double."""
    return n * <idx_t>sizeof(double) // itemsize


cdef inline void add_gradient(const step_t *s, const run_t *r, int i, const double *sums,
                              idx_t n) noexcept nogil:
    """Write or add the sums to operand i, the gradient of a weight, if the step has it."""
    cdef char *dw = operand(s, r, i)
    if dw is not NULL:
        s.kernels.add_sums(dw, sums, n, s.accumulate >> i & 1)
