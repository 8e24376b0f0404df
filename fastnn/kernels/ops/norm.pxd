# What the normalisations share: pieces of work, gradients fused behind theirs, gradients of gamma and beta.

from ..core.types cimport SAVED, idx_t, operand, run_t, step_t

cdef enum:
    CHUNK = 1 << 14     # elements that a thread takes at a time
    MOST_PARTS = 32     # that sums are taken in, whatever the number of threads


cdef inline idx_t whole(idx_t n, idx_t size) noexcept nogil:
    """How many pieces of that size n comes in."""
    return (n + size - 1) // size


cdef inline idx_t doubles(idx_t n, idx_t itemsize) noexcept nogil:
    """How many elements of a value hold n numbers of double."""
    return n * <idx_t>sizeof(double) // itemsize


cdef inline void multiply_gradient(const step_t *s, char *dx, const char *saved, idx_t n) noexcept nogil:
    """dx *= the gradient of the activation before the step, if that has been left to it."""
    if saved is not NULL:
        s.kernels.activation_backward(dx, n, dx, n, saved, n, 1, n, &s.gradient)


cdef inline void add_gradient(const step_t *s, const run_t *r, int i, const double *sums,
                              idx_t n) noexcept nogil:
    """Make operand i, the gradient of a weight, of its sums."""
    cdef char *dw = operand(s, r, i)
    if dw is NULL:
        return
    s.kernels.add_sums(dw, sums, n, s.accumulate >> i & 1)
