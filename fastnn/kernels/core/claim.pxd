cdef class Claim:
    cdef str subject        # what error messages say is in use
    cdef unsigned long holder           # the process that has taken it, as `process` counts, or 0

    cdef int take(self) except -1
    cdef void release(self) noexcept
