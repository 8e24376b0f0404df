# Arrays read and written through an index map, in either dtype: what broadcasting comes down to.

from ..core.types cimport idx_t

ctypedef fused real_t:
    float
    double


cdef inline void expand(real_t *out, const real_t *source, const idx_t *index, idx_t n) noexcept nogil:
    """out[i] = source[index[i]]"""
    cdef idx_t i
    for i in range(n):
        out[i] = source[index[i]]


cdef inline void fold(real_t *out, const real_t *source, const idx_t *index, idx_t n) noexcept nogil:
    """out[index[i]] += source[i], in the order of i"""
    cdef idx_t i
    for i in range(n):
        out[index[i]] += source[i]


cdef inline void scale(real_t *out, const real_t *source, const real_t *factor, const idx_t *index,
                       idx_t n) noexcept nogil:
    """out[i] = source[i] * factor[index[i]]"""
    cdef idx_t i
    for i in range(n):
        out[i] = source[i] * factor[index[i]]
