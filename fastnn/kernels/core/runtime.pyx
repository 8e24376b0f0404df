"""The runtime of a process: the instruction set in use, and the one owner of threads.

This is the only module that knows where threads come from: ops hand `parallel_for` a function and a number of
pieces. A pool of our own does them, csrc/threads/, or OpenMP where the build has it, to the same bits.
"""

import atexit
import mmap
import os
import threading

import numpy as np

from cython.parallel cimport prange, threadid

from .tables cimport (
    FNN_DOUBLE,
    FNN_FLOAT,
    fnn_activations,
    fnn_fp_enter,
    fnn_fp_leave,
    fnn_isa_count,
    fnn_isa_name,
    fnn_kernel,
    fnn_table,
)
from libc.stdint cimport uint64_t, uintptr_t

from ...warning import warn
from .cpu_count import MAX_THREADS, default_threads

cdef extern from *:
    """
    #ifdef _OPENMP
    #include <omp.h>
    enum { FNN_OPENMP = 1 };
    #else
    enum { FNN_OPENMP = 0 };
    static int omp_get_max_threads(void) { return 1; }
    static double omp_get_wtime(void) { return 0; }
    #endif
    """
    enum: FNN_OPENMP
    int omp_get_max_threads() nogil
    double omp_get_wtime() nogil

cdef extern from "threads/trial.h":
    int fnn_possible_threads(int wanted)
    int fnn_threads_seen            # that this thread's regions have been found to get

cdef extern from "threads/pool.h" nogil:
    bint fnn_pool_open(int processors)
    int fnn_pool_reserve(int threads)
    void fnn_pool_run(chunk_fn fn, void *context, idx_t chunks, int threads)
    void fnn_pool_close()

cdef extern from "pythread.h":
    unsigned long PyThread_get_thread_ident() nogil

DTYPES = {"float32": FNN_FLOAT, "float64": FNN_DOUBLE}
DTYPES.update({np.dtype(name): number for name, number in DTYPES.items()})
openmp = bool(FNN_OPENMP)

cdef bint _pool = True           # the pool does the pieces of regions, else OpenMP
cdef int _threads = 1            # what the user or the machine allows
cdef int _openmp_threads = 1     # what OpenMP allowed at import: threadpoolctl and joblib lower it
cdef int _possible_threads = MAX_THREADS        # what the system lets this process make
cdef unsigned long _main_thread = threading.main_thread().ident     # handles signals, Ctrl-C among them
cdef bint _forked = False        # libgomp's workers do not survive fork(): a child runs alone (GCC PR 58378)
cdef double _alone_until = 0     # OpenMP's threads came late: regions run alone up to this time, seconds
cdef double _penalty = 0.005     # how long it was after the last late arrival
cdef double LATE = 1e-3          # waiting that counts as late: waking a thread takes a tenth of it
cdef double SHORTEST_ALONE = 0.005
cdef double LONGEST_ALONE = 0.05    # against a tick of 4 ms: a busy host costs 8 %, a quiet one is noticed
cdef const fnn_kernels *_tables[2]
cdef str _isa = None
cdef str _isa_source = None
cdef str _threads_source = None
cdef str _threading_source = None
cdef object _confinement_told = None    # a byte that a process shares with its children, from the first on


def isa_names():
    """The instruction sets that this build has and this processor runs, the fastest first."""
    return [fnn_isa_name(i).decode() for i in range(fnn_isa_count())]


def isa():
    """The instruction set in use, and where the choice came from."""
    return _isa, _isa_source


def set_isa(str name, str source="set_isa"):
    """Choose the instruction set of the models built from now on; "ref" is the textbook loops.

    Parameters
    ----------
    name : str
        One of `isa_names()`, or "ref".
    source : str
        The origin of the choice, as `isa()` reports it.

    Raises
    ------
    ValueError
        If there is none of that name in this build and on this processor.
    """
    global _isa, _isa_source
    cdef bytes encoded = os.fsencode(name)     # a variable of the environment may be any bytes
    cdef const fnn_kernels *single = fnn_table(encoded, FNN_FLOAT)
    if single is NULL:
        choice = ", ".join([*isa_names(), "ref"])
        raise ValueError(f"{source}: instruction set {name!r} cannot run here; choose one of {choice}")
    # Kept, since asking the processor what it is takes 30 us where a hypervisor answers.
    _tables[<int>FNN_FLOAT], _tables[<int>FNN_DOUBLE] = single, fnn_table(encoded, FNN_DOUBLE)
    _isa, _isa_source = name, source


cdef const fnn_kernels *table(dtype) except NULL:
    """The kernels in use for a dtype, or for its name, which takes NumPy two microseconds."""
    return _tables[<int>DTYPES[dtype]]


cdef void *kernel(const fnn_kernels *table, str name) except NULL:
    """A kernel of a table by its name in csrc/kernels.def."""
    cdef void *found = fnn_kernel(table, name.encode())
    if found is NULL:
        raise ValueError(f"name: there is no kernel {name!r} in csrc/kernels.def")
    return found


cdef const fnn_activation_row *activation_rows() noexcept nogil:
    """The rows of csrc/activations.def."""
    return fnn_activations


def kernel_address(str isa, dtype, str name):
    """The address of a C kernel, for tests and benches."""
    cdef const fnn_kernels *t = fnn_table(isa.encode(), DTYPES[dtype])
    if t is NULL:
        raise ValueError(f"isa: {isa!r} cannot run here; choose one of {', '.join(isa_names())} or 'ref'")
    return <uintptr_t>kernel(t, name)


def threading_names():
    """What this build has to do the pieces of regions: "pool", and "openmp" where the compiler has it."""
    return ["pool", "openmp"] if FNN_OPENMP else ["pool"]


def threading_choice():
    """What does the pieces of regions, and where the choice came from."""
    return "pool" if _pool else "openmp", _threading_source


def set_threading(str name, str source="set_threading"):
    """Choose what does the pieces of regions from now on. Results do not depend on it, bit for bit.

    Parameters
    ----------
    name : str
        One of `threading_names()`.
    source : str
        The origin of the choice, as `threading_choice()` reports it.

    Raises
    ------
    ValueError
        If there is none of that name in this build.
    """
    global _pool, _threading_source, _possible_threads
    if name not in threading_names():
        choice = ", ".join(threading_names())
        raise ValueError(f"{source}: threading {name!r} is not in this build; choose one of {choice}")
    _pool, _threading_source, _possible_threads = name == "pool", source, MAX_THREADS


def num_threads():
    """The number of threads in use, and where it came from."""
    return max_threads(), _threads_source


def chosen_threads():
    """The number of threads chosen, which OpenMP and fork() may lower, and where it came from."""
    return _threads, _threads_source


def is_confined():
    """Return whether this process is a forked child, to which OpenMP leaves one thread."""
    return _forked and not _pool


def tell_confinement():
    """Return whether neither this process nor another child of the same one has asked this before."""
    first = not _confinement_told[0]
    _confinement_told[0] = 1
    return first


def set_num_threads(n, str source="set_num_threads"):
    """Use at most `n` threads from now on. Results do not depend on it, bit for bit.

    Parameters
    ----------
    n : int
        At least 1. Small work stays on one thread whatever the number.
    source : str
        The origin of the number, as `num_threads()` reports it.

    Raises
    ------
    ValueError
        If `n` is not a positive integer.
    """
    global _threads, _threads_source, _possible_threads
    if isinstance(n, bool) or not hasattr(n, "__index__") or not 1 <= n <= MAX_THREADS:
        raise ValueError(f"n: expected a number of threads from 1 to {MAX_THREADS}, got {n!r}")
    _threads, _threads_source, _possible_threads = n, source, MAX_THREADS


cdef bint on_main_thread() noexcept nogil:
    return PyThread_get_thread_ident() == _main_thread


cdef int run_threads() except -1:
    """The number of threads for a run; fewer, with a warning, where the system does not make as many."""
    global _possible_threads, fnn_threads_seen
    cdef int wanted = max_threads(), possible
    if _pool:
        possible = fnn_pool_reserve(wanted)
    elif wanted <= fnn_threads_seen:
        possible = wanted
    else:
        fnn_threads_seen = possible = fnn_possible_threads(wanted)
    if possible < wanted:
        _possible_threads = possible
        warn(
            f"threads: the system does not let this process make {wanted} threads, so it computes on "
            f"{possible}; its limit (ulimit -u) or that of its container is reached")
    return possible


cdef int max_threads() noexcept nogil:
    cdef int allowed = omp_get_max_threads()
    if _forked and not _pool:
        return 1
    if allowed < _openmp_threads and allowed < _threads:
        return min(allowed, _possible_threads)
    return min(_threads, _possible_threads)


ctypedef struct region_t:
    chunk_fn fn
    void *context
    double worked       # seconds that the calling thread spent on pieces, not on waiting for others


cdef void piece(region_t *r, idx_t chunk, int thread) noexcept nogil:
    """A piece in the kernels' floating-point mode, and the time that it takes the calling thread."""
    cdef double begin = omp_get_wtime()
    cdef uint64_t mode = fnn_fp_enter()
    r.fn(r.context, chunk, thread)
    fnn_fp_leave(mode)
    if thread == 0:
        r.worked += omp_get_wtime() - begin


cdef void openmp_for(chunk_fn fn, void *context, idx_t chunks, int threads) noexcept nogil:
    """Call fn(context, chunk, thread) for all chunks on OpenMP's threads.

    A region begins and ends when its last thread has arrived. Where another program holds that thread's
    processor, this takes a tick of the scheduler, 4 ms, instead of one microsecond; so after a late arrival
    regions run alone for a while, twice as long if the next one is late again.
    """
    global _alone_until, _penalty
    cdef idx_t i
    cdef double begin = omp_get_wtime(), end
    cdef region_t r = region_t(fn, context, 0)
    if begin < _alone_until:
        alone(fn, context, chunks)
        return
    for i in prange(chunks, num_threads=threads, schedule="static"):
        piece(&r, i, threadid())
    end = omp_get_wtime()
    if end - begin - r.worked > max(LATE, r.worked):
        _penalty = min(2 * _penalty, LONGEST_ALONE) if end < _alone_until + 2 * _penalty else SHORTEST_ALONE
        _alone_until = end + _penalty


cdef inline void alone(chunk_fn fn, void *context, idx_t chunks) noexcept nogil:
    cdef uint64_t mode = fnn_fp_enter()
    cdef idx_t i
    for i in range(chunks):
        fn(context, i, 0)
    fnn_fp_leave(mode)


cdef void parallel_for(chunk_fn fn, void *context, idx_t chunks, int threads) noexcept nogil:
    """Call fn(context, 0), ... fn(context, chunks - 1) on at most `threads` threads."""
    if threads > chunks:
        threads = <int>chunks
    if threads <= 1:
        alone(fn, context, chunks)
    elif _pool:
        fnn_pool_run(fn, context, chunks, threads)
    else:
        openmp_for(fn, context, chunks, threads)


ctypedef struct chunks_t:
    range_fn fn
    void *context
    idx_t items
    idx_t size          # items of a chunk


cdef void run_chunk(void *context, idx_t i, int thread) noexcept nogil:
    cdef chunks_t *c = <chunks_t *>context
    c.fn(c.context, i * c.size, min(c.size, c.items - i * c.size), thread)


cdef void parallel_chunks(range_fn fn, void *context, idx_t items, idx_t width, int threads) noexcept nogil:
    """Call fn(context, first, count, thread) for chunks that cover `items`, each of `width` elements.

    How the items are cut depends on the shape alone, never on the number of threads.
    """
    cdef chunks_t c = chunks_t(fn, context, items, chunk_items(width))
    parallel_for(run_chunk, &c, ceil_div(items, c.size), threads)


ctypedef struct image_rows_t:
    image_rows_fn fn
    void *context
    idx_t image_rows


cdef void run_image_rows(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef image_rows_t *c = <image_rows_t *>context
    cdef idx_t row, rows
    while count > 0:
        row = first % c.image_rows
        rows = min(count, c.image_rows - row)
        c.fn(c.context, first // c.image_rows, row, rows, thread)
        first, count = first + rows, count - rows


cdef void parallel_image_rows(image_rows_fn fn, void *context, idx_t images, idx_t image_rows,
                              idx_t image_size, int threads) noexcept nogil:
    """Call fn(context, image, first, rows, thread) for the rows of all images, a few at a time.

    An image has `image_rows` rows to write; `image_size` is the number of its elements to write or read.
    """
    cdef image_rows_t c = image_rows_t(fn, context, image_rows)
    parallel_chunks(run_image_rows, &c, images * image_rows, image_size // max(1, image_rows), threads)


def _before_fork():
    global _confinement_told
    if _confinement_told is None:
        _confinement_told = mmap.mmap(-1, 1)


def _after_fork():
    global _forked, _main_thread, _possible_threads
    _forked, _main_thread, _possible_threads = True, PyThread_get_thread_ident(), MAX_THREADS


def _close_pool():
    with nogil:
        fnn_pool_close()


def _choose():
    """Read the environment once, at import."""
    global _openmp_threads
    _openmp_threads = omp_get_max_threads()
    if not fnn_pool_open(default_threads({})[0]):
        raise MemoryError("no memory for the pool of threads")
    atexit.register(_close_pool)
    set_threading(*_environment("FASTNN_THREADING", "pool", "default"))
    set_num_threads(*default_threads())
    set_isa(*_environment("FASTNN_ISA", isa_names()[0], "processor"))
    if hasattr(os, "register_at_fork"):
        os.register_at_fork(before=_before_fork, after_in_child=_after_fork)


def _environment(variable, default, source):
    """Return the value of an environment variable and its name, or the default and its source."""
    value = os.environ.get(variable)
    return (value, variable) if value else (default, source)


_choose()
