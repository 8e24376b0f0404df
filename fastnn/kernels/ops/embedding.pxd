# Whole numbers that come as reals, for ops that read something by them.

from ..core.types cimport idx_t, run_t, step_t

cdef bint find_numbers(const step_t *s, const run_t *r, int index, idx_t numbers, idx_t limit) noexcept nogil
