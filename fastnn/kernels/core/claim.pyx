"""`Claim`: exclusive use of what one caller at a time may change, such as a model in training."""

import os

cdef unsigned long process = 1      # counts forks: this process, among those that it descends from


cdef class Claim:
    """Exclusive use of something by one caller at a time: a second one gets an error at once.

    The caller of a callback keeps its claim, so the callback is refused too. What another process claimed
    before `fork()` is free in the child, where its holder does not exist.

    Parameters
    ----------
    subject : str
        What error messages say is in use.

    Examples
    --------
    >>> claim = Claim("model")
    >>> with claim:
    ...     with claim:
    ...         pass
    Traceback (most recent call last):
        ...
    RuntimeError: model: it is in use already, by another thread or around this callback...
    """

    def __cinit__(self, str subject):
        self.subject = subject

    cdef int take(self) except -1:
        if self.holder == process:
            raise RuntimeError(
                f"{self.subject}: it is in use already, by another thread or around this callback; "
                "use a copy of it here")
        self.holder = process
        return 0

    cdef void release(self) noexcept:
        self.holder = 0

    def __enter__(self):
        self.take()

    def __exit__(self, kind, error, traceback):
        self.release()


def _after_fork():
    global process
    process += 1


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_after_fork)
