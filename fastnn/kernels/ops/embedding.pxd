# Conversion and range check of whole numbers that come as reals, for ops that index by them.

from ..core.types cimport idx_t, run_t, step_t

cdef bint find_numbers(const step_t *s, const run_t *r, int index, idx_t numbers, idx_t limit) noexcept nogil
