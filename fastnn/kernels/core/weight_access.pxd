cdef int begin_run() except -1
cdef void end_run() noexcept
