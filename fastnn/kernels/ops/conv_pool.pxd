from ..core.steps cimport Step

cdef bint fuse_into_convolution(Step conv, Step pool) except -1
