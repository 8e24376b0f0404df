from ..core.steps cimport Step

cdef bint join_convolution(Step conv, Step pool) except -1
