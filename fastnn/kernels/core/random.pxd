# Counter-based random numbers of ops: a function of a seed and the step, without state.

from libc.stdint cimport uint32_t

from .tables cimport fnn_random
from .types cimport idx_t, run_t


cdef inline fnn_random random_of(idx_t seed, double rate, const run_t *r) noexcept nogil:
    cdef fnn_random random
    random.key[0] = <uint32_t>seed
    random.key[1] = <uint32_t>(seed >> 32)
    random.step, random.rate = r.iteration, rate
    return random
