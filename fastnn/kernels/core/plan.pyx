"""A model as a flat array of steps over one block of memory.

create    layers append steps and values; nothing depends on the batch size
reshape   a capacity in rows: every value gets its offset in the arena, by lifetime
bind      the caller's arrays
run       a loop over the steps; backward is the same loop reversed

Design:
(a) Steps hold (space, offset), not pointers: threads that predict with one model run the same steps on
    arenas of their own.
(b) Values live from their first to their last use on one time line, forward 0 ... n-1, then backward
    n ... 2n-1; so training keeps exactly what backward reads, and inference reuses memory at once.
(c) A step is fused into the one that makes its input, if nothing else reads that and one kernel does both: a
    product scales, shifts and activates in inference, a convolution pools its results.
(d) An activation fused behind a product leaves its gradient to the step that makes the gradient of that
    value, if that is one step that can fuse it (`fuses_gradient`), or the loss; else it is a pass of its own.
"""

from operator import attrgetter

import numpy as np

from cpython.buffer cimport PyBuffer_Release
from cpython.exc cimport PyErr_CheckSignals
from cpython.time cimport perf_counter
from libc.math cimport isfinite
from libc.stdint cimport uint64_t, uintptr_t
from libc.string cimport memcpy, memset

from .batch cimport Port
from .claim cimport Claim
from .tables cimport fnn_fp_enter, fnn_fp_leave
from .runtime cimport address, max_threads, on_main_thread, run_threads, table
from .steps cimport BACKWARD, FORWARD
from .types cimport (
    ARENA,
    CONSTANTS,
    DX,
    DY,
    GRADIENTS,
    MAX_PORTS,
    OWN_SAVED,
    PARAMETERS,
    PORTS,
    SAVED,
    X,
    Y,
)
from .weight_access cimport begin_run, end_run

from .memory import align, aligned_zeros
from .planner import assign_offsets

cdef int NOT_FINITE = -2            # what a run returns of a loss, total 0, that is NaN or infinite
cdef idx_t IDLE_BYTES = 1 << 27     # of the arenas of a plan that wait for a run, beyond one of them
cdef idx_t STEP_BYTES = 1 << 12     # about what the objects of a step take
cdef double GIL_WORK = 1e6          # FLOPs of a run from which it releases the GIL: about 10 us
cdef object LARGEST = 1 << 56       # bytes of an arena, more than there can be
cdef double THREADS_WORK = 4e5      # FLOPs of a run from which its steps may use threads
cdef double SIGNAL_WORK = 2e9       # FLOPs between two looks at signals: a tenth of a second or less

cdef object empty = np.empty
cdef object ndarray = np.ndarray

# Exceptions of Python steps, by the address of the `bad` of the run that each has stopped.
raised = {}


cdef int fail(const run_t *r, error) except -1:
    """Stop the run, which then raises the error, or a `MemoryError` if there is no memory to keep it in."""
    r.bad.at, r.bad.limit = 0, -1
    raised[<uintptr_t>r.bad] = error
    return 0


cdef void check_signals(const run_t *r) noexcept nogil:
    """Stop the run if a signal has come whose handler raises: `KeyboardInterrupt` for Ctrl-C."""
    if not on_main_thread():
        return
    with gil:
        try:
            PyErr_CheckSignals()
        except BaseException as error:
            fail(r, error)


cdef void sum_over_ranks(const run_t *r, double *values, idx_t n) noexcept nogil:
    """Replace numbers by their sums over the ranks; all ranks have to call it."""
    with gil:
        try:
            array = empty(n)
            memcpy(address(array), values, n * sizeof(double))
            (<object>r.ranks).sum(array)
            memcpy(values, address(array), n * sizeof(double))
        except BaseException as error:
            fail(r, error)


cdef tuple entries(dict given, tuple keys, bint all_of_it):
    """The entries of a dict by these keys, or None where it has other ones."""
    if keys is None or (all_of_it and len(given) != len(keys)):
        return None
    for key in keys:
        if key not in given:
            return None
    return tuple([given[key] for key in keys])


cdef class Arena:
    """The memory of one run: values, then scratch for each thread."""

    def __cinit__(self, idx_t size, idx_t scratch_size):
        self.threads = max_threads()
        self.nbytes = size + self.threads * scratch_size
        self.memory = aligned_zeros(self.nbytes)
        self.base = address(self.memory)
        self.scratch = self.base + size


cdef int keep_arena(list arenas, Arena arena) except -1:
    """Keep an arena for runs to come, if there is room: threads may have run a plan at once, many of them."""
    if not arenas or (len(arenas) + 1) * arena.nbytes <= IDLE_BYTES:
        arenas.append(arena)
    return 0


cdef class Record:
    """A forward run whose arena is kept for a backward run, until the record is dropped."""

    def __del__(self):
        self.free()

    cdef void free(self):
        """Give the arena back."""
        if self.arena is not None:
            keep_arena(self.arenas, self.arena)
            self.arena = None


cdef class Plan:
    """The steps of a model for one purpose.

    Parameters
    ----------
    dtype : {"float32", "float64"}
        What the plan computes in.
    input_shapes : list of tuple of int
        Shape of one row of each input.
    training : bool
        Whether steps run backward and the weights are updated.
    stochastic : bool
        Whether random layers act.
    layout : ParameterLayout, optional
        The variables that training changes, and where their gradients lie; no variable by default.
    """

    def __init__(self, str dtype, list input_shapes, bint training=False, bint stochastic=False, layout=None):
        self.dtype = dtype
        self.kernels = table(dtype)
        self.layout = layout
        self.layer_trains = attrgetter("trainable")
        self.training, self.stochastic, self.times = training, stochastic, 1
        self.steps, self.values, self.guards = [], [], []
        self.masked_outputs, self.acts_by_default, self.layer = (), False, ""
        self._last = []
        self._use = Claim("model")
        self._claims = (self._use,)
        self._parameters, self._constants, self._arenas = {}, [], []
        self._ports, self._sources = [], []
        self.inputs = [self._source(0, i, shape, self.dtype) for i, shape in enumerate(input_shapes)]
        self._n_inputs = <int>len(self.inputs)
        self.outputs, self.tape_ends, self.totals, self._reports = [], [], {}, {}
        self.count_runs_in(np.zeros(1, np.int64), 0)

    def count_runs_in(self, counts, int index):
        """Count runs without an optimizer in an element of an array of int64, which plans may share."""
        self._run_counts, self._runs = counts, <idx_t *>address(counts) + index

    # ---- create -------------------------------------------------------------------------------------

    cdef Value value(self, tuple shape, bint differentiable=False, bint per_row=True):
        """A new array in the arena."""
        cdef Value v = Value(shape, ARENA, differentiable and self.training, per_row, None, self.times)
        self.values.append(v)
        return v

    cdef Value _port(self, tuple shape, str dtype, bint converts=True):
        cdef Value value = Value(shape, PORTS + <int>len(self._ports))      # which checks the size
        self._ports.append(Port(value.space, shape, dtype, value.size, converts))
        return value

    cdef Value port(self, tuple shape):
        """An array of the caller."""
        return self._port(shape, self.dtype)

    cdef Value _source(self, int argument, int index, tuple shape, str dtype, bint converts=True):
        cdef Value value = self._port(shape, dtype, converts)
        self._sources.append((argument, index, self._ports[len(self._ports) - 1]))
        return value

    def adjust_axes(self, may_lack):
        """Take inputs whose last axis, of size 1, is one too many, or is missing where that is allowed.

        Parameters
        ----------
        may_lack : sequence of bool
            For each input.
        """
        cdef Port port
        for (_, _, port), lacking in zip(self._sources, may_lack):
            port.axis_may_lack, port.axis_may_exceed = lacking and port.ends_in_one(), True

    def target(self, int output, tuple shape, bint sparse, bint converts=True):
        """The labels of an output: class numbers of this shape, or reals, which may have to be converted."""
        value = self._source(1, output, shape, "int32" if sparse else self.dtype, converts)
        cdef Port port = self._ports[len(self._ports) - 1]
        port.axis_may_lack = converts and not sparse and port.ends_in_one()
        port.axis_may_exceed = converts
        self.labeled_outputs = max(self.labeled_outputs, output + 1)
        return value

    def sample_weight(self, int output, tuple shape=()):
        """The weights of the rows of an output, or of parts of rows."""
        value = self._source(2, output, shape, self.dtype)
        cdef Port port = self._ports[len(self._ports) - 1]
        port.must_be_finite, port.axis_may_exceed = True, not shape
        self._n_weights += 1
        return value

    cdef Value constant(self, array):
        """An array that an op made at creation; it lives as long as the plan."""
        cdef Value v = Value(array.shape, CONSTANTS, per_row=False)
        self._constants.append(array)
        v.offset = <idx_t>address(array)    # the base of this space is NULL
        return v

    cdef Value parameter(self, variable):
        """The weight of a layer."""
        if variable is None:
            return None
        if variable not in self._parameters:
            self._parameters[variable] = Value(
                variable.shape, PARAMETERS, self.trains(variable), per_row=False)
            # The base of this space is NULL.
            self._parameters[variable].offset = <idx_t>address(variable.value)
        return self._parameters[variable]

    def reads(self, variable):
        """Return whether a step reads a weight."""
        return variable in self._parameters

    cpdef bint trains(self, variable):
        """Whether the plan makes a gradient of a weight."""
        return self.layout is not None and variable in self.layout

    cdef Value parameter_gradient(self, variable):
        """The gradient of a weight, or None where it does not learn."""
        cdef Value v = self.parameter(variable)
        if v is None or not self.trains(variable):
            return None
        if v.gradient is None:
            v.gradient = Value(variable.shape, GRADIENTS, per_row=False)
            v.gradient.offset = self.layout.offset(variable)
        return v.gradient

    cdef Value gradient(self, Value value):
        """The gradient of a value, or None where nothing before it learns."""
        if not value.flow.differentiable:
            return None
        if value.flow.gradient is None:
            value.flow.gradient = Value(value.flow.shape, ARENA, times=value.flow.times)
            self.values.append(value.flow.gradient)
        return value.flow.gradient

    cdef Step add(self, str name, step_fn forward, step_fn backward, scratch_fn scratch, double work):
        """Append a step. `work` is the FLOPs of its forward direction per row."""
        cdef Step step = Step(name, self.times)
        step.c.forward, step.c.backward, step.c.scratch = forward, backward, scratch
        step.c.kernels = self.kernels
        step.layer = self.layer
        step.work = work * <double>self.times
        self.steps.append(step)
        return step

    cdef int put_last(self, Step step) except -1:
        """Move the newest step behind all others; backward runs such steps in the order of the calls."""
        self.steps.remove(step)
        self._last.append(step)
        return 0

    def total(self, str name):
        """Return the index of a running sum, of a loss or metric, by its name; 0 is the loss."""
        return self.totals.setdefault(name, len(self.totals))

    def report(self, str name, read, state=None, clear=None):
        """Compute the result of a total by `read`, from its value and weight or from a state of its own.

        What computes it in Python keeps a state that plans share, and that `clear` resets.
        """
        self._reports[name] = read, state, clear

    def reshaped(self, Value value, tuple shape):
        """Return a value in the same memory with another shape of a row."""
        return Value(
            shape, value.space, value.differentiable, root=value.root, times=self.times, flow=value.flow)

    def is_result(self, Value y):
        """Return whether a run can write y into memory of the caller: only the plan uses it so far."""
        return y.root.space == ARENA and y.root.gradient is None

    def finish(self, list outputs, idx_t capacity, Update update=None, Claim claim=None):
        """Finish the creation and lay out the plan for at most `capacity` rows a run.

        Parameters
        ----------
        outputs : list of Value
            They lie in the arena, each in memory of its own: `is_result` says so.
        capacity : int
        update : Update, optional
            What training steps end with.
        claim : Claim, optional
            On the model, which `run_on` takes; other callers have it already.
        """
        cdef Step step
        cdef Value y
        if len(self.totals) > MAX_TOTALS:
            raise ValueError(f"metrics: a model may have {MAX_TOTALS - 1}, got {len(self.totals) - 1}")
        self.outputs = outputs
        self._update = update
        if claim is not None:
            self._claims = (claim, *self._claims)
        if update is not None:
            self._claims = (*self._claims, update.claim)
        self.steps += reversed(self._last)
        self._batch = Batch([port for _, _, port in self._sources])
        for y in outputs:
            y.root.space = self._port(y.shape, self.dtype).space
        self._find_consumers()
        self._fuse_steps()
        self._find_consumers()
        for step in self.steps:
            if Y in step.uses and DY not in step.uses:
                step.c.backward = NULL      # nothing up to its output learns
        self._fuse_gradients()
        self.work = sum(step.work for step in self.steps) * (3 if self.training else 1)
        if self.layout is not None:
            self._gradients = self.layout.zeros()
            self._gradient_base = address(self._gradients)
        self.reshape(capacity)

    def _find_consumers(self):
        """List for every value the steps that read it."""
        cdef Step step
        cdef Value v
        for v in self.values:
            v.consumers.clear()
        for step in self.steps:
            for i, (v, _) in step.uses.items():
                if i != Y:
                    v.root.consumers.append(step)

    def _fuse_steps(self):
        """Fuse steps into the producers of their inputs, where nothing else reads these."""
        cdef Step step, maker
        cdef Value x
        for step in self.steps[:]:
            if step.fuse is NULL:
                continue
            x = step.operand(X).root
            maker = x.producer
            others = [c for c in x.consumers if c is not maker and c is not step]
            if maker is None or maker.c.times != step.c.times or others or x.space != ARENA:
                continue
            if step.fuse(maker, step):
                step.operand(Y).root.producer = maker
                self.steps.remove(step)

    def _fuse_gradients(self):
        cdef Step step, consumer
        cdef Value y
        for step in self.steps:
            if step.saved is None or step.c.preactivation_gradient:
                continue
            y = step.operand(Y).root
            readers = [c for c in y.consumers if c is not step]
            if len(readers) == 1:
                consumer = readers[0]
                if consumer.fuses_gradient and consumer.operand(X).root is y:
                    consumer.use(SAVED, step.saved, BACKWARD)
                    consumer.c.gradient = step.c.activation
                    step.c.preactivation_gradient = True
                    del step.uses[OWN_SAVED]

    # ---- reshape ------------------------------------------------------------------------------------

    def reshape(self, idx_t capacity):
        """Lay out the arena for up to `capacity` rows a run; nothing may be bound."""
        self._use.take()
        try:
            self._lay_out(capacity)
        finally:
            self._use.release()

    cdef int _lay_out(self, idx_t capacity) except -1:
        """Make the layout; until it is complete the plan keeps the one that it has."""
        cdef Step step
        cdef Value v
        cdef idx_t scratch = 0
        cdef int i, n = len(self.steps)
        cdef step_t *steps
        planned = self._lifetimes(n)
        item = self.kernels.itemsize
        rows = int(capacity)
        usages = [
            (int(v.size) * (rows * v.times if v.per_row else 1) * item, v.first, v.last) for v in planned]
        offsets, size = assign_offsets(usages)
        if size > LARGEST:
            raise MemoryError(f"no memory for {rows} rows a run: they take {size} bytes")
        memory, arenas = aligned_zeros(n * sizeof(step_t)), []
        steps = <step_t *>address(memory)
        for v, offset in zip(planned, offsets):
            v.offset = offset
        for i, step in enumerate(self.steps):
            for at, (v, _) in step.uses.items():
                step.c.at[<int>at].space = v.root.space
                step.c.at[<int>at].offset = v.root.offset
            steps[i] = step.c
            if step.c.scratch is not NULL:
                scratch = max(scratch, <idx_t>align(step.c.scratch(&steps[i], capacity * step.c.times)))
        self._mark_accumulation(steps, n)
        self._step_memory, self._steps, self._n_steps = memory, steps, n
        self.arena_size, self.scratch_size, self.capacity, self._arenas = size, scratch, capacity, arenas
        return 0

    def _lifetimes(self, int n):
        """Find the first and last use of every value, and return those that are used."""
        cdef Step step
        cdef Value v
        cdef int i
        for v in self.values:
            v.first, v.last = 2 * n, -1
        for i, step in enumerate(self.steps):
            for v, when in step.uses.values():
                for flag, moment in ((FORWARD, i), (BACKWARD, 2 * n - 1 - i)):
                    if when & flag and (flag == FORWARD or self.training):
                        v.root.first, v.root.last = min(v.root.first, moment), max(v.root.last, moment)
        return [v for v in self.values if v.last >= 0 and v.space == ARENA]

    cdef int _mark_accumulation(self, step_t *steps, int n) except -1:
        """The first step of the backward loop that makes a weight's gradient overwrites it, others add."""
        cdef Step step
        cdef Value v
        made = set()
        for i in range(n - 1, -1, -1):
            step = self.steps[i]
            for at, (v, when) in step.uses.items():
                if v.space == GRADIENTS and when & BACKWARD:
                    if v in made:
                        steps[i].accumulate |= <uint64_t>1 << <int>at
                    made.add(v)
        return 0

    # ---- bind ---------------------------------------------------------------------------------------

    def bind(self, x, y=(), sample_weight=(), order=None):
        """Make runs read these arrays until `unbind`: contiguous, in the dtypes of their ports.

        With `order`, row i of a run is row order[i] of the arrays.

        Parameters
        ----------
        x, y, sample_weight : sequence of ndarray
            For each input, and for each output; None where there is nothing to read.

        Raises
        ------
        RuntimeError
            If other arrays are bound, by another thread or by the caller of this callback.
        """
        self._use.take()
        try:
            given = x, y, sample_weight
            self._batch.bind([given[argument][i] for argument, i, _ in self._sources], order, self.capacity)
        except BaseException:
            self.unbind()
            raise

    def reorder(self, order):
        """Read row order[i] of the bound arrays as row i of a run."""
        self._batch.reorder(order, self.capacity)

    def unbind(self):
        """Release the caller's arrays."""
        self._batch.release()
        self._use.release()

    # ---- run ----------------------------------------------------------------------------------------

    cdef int _prepare(self, run_t *r, Arena arena, idx_t rows) except -1:
        memset(r, 0, sizeof(run_t))
        r.base[ARENA] = arena.base
        r.base[GRADIENTS] = self._gradient_base
        r.scratch, r.scratch_size = arena.scratch, self.scratch_size
        r.rows, r.portion = rows, 1
        r.threads = min(run_threads(), arena.threads) if self.work * <double>rows > THREADS_WORK else 1
        r.totals = self._totals
        return 0

    cdef Arena _borrow(self):
        cdef Arena arena
        if self._arenas:
            arena = self._arenas.pop()
            if arena.threads >= max_threads():
                return arena
        return Arena(self.arena_size, self.scratch_size)

    cdef bint _forward(self, run_t *r) noexcept nogil:
        """All steps, or those up to one that finds something invalid; whether none does."""
        cdef int i, every = self._steps_per_check(r)
        cdef idx_t rows = r.rows
        for i in range(self._n_steps):
            r.rows = rows * self._steps[i].times
            self._steps[i].forward(&self._steps[i], r)
            if every and i % every == 0:
                check_signals(r)
            if r.bad.at >= 0:
                break
        r.rows = rows
        return r.bad.at < 0

    cdef int _steps_per_check(self, const run_t *r) noexcept nogil:
        """How many steps run between two looks at signals, such as Ctrl-C; 0 for all of them."""
        cdef double work = self.work * <double>r.rows
        if work < SIGNAL_WORK:
            return 0
        return max(1, <int>(self._n_steps * (SIGNAL_WORK / work)))

    cdef void _infer(self, run_t *r) noexcept nogil:
        cdef uint64_t mode = fnn_fp_enter()
        self._forward(r)
        fnn_fp_leave(mode)

    cdef void _train(self, run_t *r) noexcept nogil:
        """Forward, backward, update; nothing after forward where something is invalid."""
        cdef uint64_t mode = fnn_fp_enter()
        if self._forward(r):
            self._run_backward(r)
            if r.ranks is not NULL and r.bad.at < 0:
                self._sum_gradients(r)
            if r.bad.at < 0 and self._update is not None:
                self._update.apply(r)
        fnn_fp_leave(mode)

    cdef void _sum_gradients(self, run_t *r) noexcept nogil:
        """Replace the gradients by those of the batch of all ranks."""
        with gil:
            try:
                (<object>r.ranks).sum_gradients(self._gradients)
            except BaseException as error:
                fail(r, error)

    cdef void _run_backward(self, run_t *r) noexcept nogil:
        """All steps, or those down to one whose Python code fails."""
        cdef int i, every = self._steps_per_check(r)
        cdef idx_t rows = r.rows
        for i in range(self._n_steps - 1, -1, -1):
            if self._steps[i].backward is not NULL and r.bad.at < 0:
                r.rows = rows * self._steps[i].times
                self._steps[i].backward(&self._steps[i], r)
                if every and i % every == 0:
                    check_signals(r)
        r.rows = rows

    cdef void _time(self, run_t *r, double *seconds) noexcept nogil:
        """`_train`, or `_infer` where the plan does not train, adding the seconds of each part."""
        cdef uint64_t mode = fnn_fp_enter()
        cdef int i, n = self._n_steps
        cdef idx_t rows = r.rows
        cdef double now, before = perf_counter()
        for i in range(n):
            r.rows = rows * self._steps[i].times
            self._steps[i].forward(&self._steps[i], r)
            now = perf_counter()
            seconds[i] += now - before
            before = now
            if r.bad.at >= 0:
                break
        if self.training:
            for i in range(n - 1, -1, -1):
                if self._steps[i].backward is not NULL and r.bad.at < 0:
                    r.rows = rows * self._steps[i].times
                    self._steps[i].backward(&self._steps[i], r)
                    now = perf_counter()
                    seconds[n + i] += now - before
                    before = now
        r.rows = rows
        if self.training and r.bad.at < 0 and self._update is not None:
            self._update.apply(r)
            seconds[2 * n] += perf_counter() - before
        fnn_fp_leave(mode)

    cdef object _refuse(self, const bad_t *bad, idx_t start):
        """Raise the exception of Python code, or an error about an index, that has stopped a run."""
        if bad.limit < 0:
            raise raised.pop(<uintptr_t>bad, None) or MemoryError("no memory for an error of Python code")
        if bad.at >= 0 and bad.limit:
            raise ValueError(
                f"x: expected whole numbers from 0 to {bad.limit - 1}, got {bad.value:.9g} in row "
                f"{self._batch.row(start + bad.row)}")

    def run(self, idx_t start, idx_t rows):
        """One run on `rows` bound rows from `start`: a training step, or forward with its losses and metrics.

        Returns
        -------
        int
            -1, or the index of the first invalid target of these rows: then the weights are unchanged. -2 if
            the loss of the rows so far is not finite.

        Raises
        ------
        ValueError
            If an index into a table is out of range; then the weights are unchanged.
        """
        return self._run(start, rows, NULL)

    def time_steps(self, idx_t start, idx_t rows):
        """`run`, or a prediction of bound rows whose results are dropped, and look at the clock at each step.

        Returns
        -------
        ndarray of float64, shape (2 * steps + 1,)
            Seconds of each step forward, of each step backward, and of the update of the weights.
        """
        seconds = np.zeros(2 * self._n_steps + 1)
        self._run(start, rows, <double *>address(seconds))
        return seconds

    cdef object _run(self, idx_t start, idx_t rows, double *seconds):
        """One run on bound rows; with `seconds` it adds to those of each step, and drops what it predicts."""
        cdef run_t r
        cdef Arena arena
        if start < 0 or rows < 0 or rows > self.capacity or rows > self._batch.rows - start:
            raise ValueError(
                f"rows: expected at most {self.capacity} of the {self._batch.rows} bound, "
                f"got {start} to {start + rows}")
        for guard in self.guards:
            guard(rows)
        arena = self._borrow()
        self._prepare(&r, arena, rows)
        self._bad.at, self._bad.limit = -1, 0
        r.bad = &self._bad
        if self._update is not None:
            self._update.begin()
            r.iteration = self._update.iterations
        elif self.training:
            self._runs[0] += 1
            r.iteration = self._runs[0]
        if self.ranks is not None:
            r.ranks, r.portion = <void *>self.ranks, self.ranks.portion
            r.iteration = r.iteration * <uint64_t>self.ranks.size + <uint64_t>self.ranks.rank
        made = []
        if seconds is not NULL:
            for i, y in enumerate(self.outputs):
                made.append(empty((rows, *(<Value>y).shape), self.dtype))
                r.base[(<Value>y).root.space] = address(made[i])
        begin_run()
        with nogil:
            self._batch.point(&r, start)
            if seconds is not NULL:
                self._time(&r, seconds)
            elif self.training:
                self._train(&r)
            else:
                self._infer(&r)
        end_run()
        if self._update is not None:
            self._update.end(self._bad.at < 0)
        keep_arena(self._arenas, arena)
        self._refuse(&self._bad, start)
        if self._bad.at < 0 and not isfinite(self._totals[0].value):
            return NOT_FINITE
        return self._bad.at

    cdef tuple _inputs_of(self, x):
        """Return what stands for each input, or None where there are more or less."""
        cdef Port port
        if type(x) is dict:
            return entries(x, self.input_keys, False)
        if type(x) is not tuple and type(x) is not list:
            return (x,) if self._n_inputs == 1 else None
        if self._n_inputs != 1:
            return tuple(x) if len(x) == self._n_inputs else None
        port = self._ports[0]
        return tuple(x) if len(x) == 1 and type(x[0]) is ndarray and x[0].ndim > port.ndim else (x,)

    cdef tuple _labels_of(self, y):
        """Return what stands for the labels of each output, or None where there are more or less."""
        if type(y) is dict:
            return entries(y, self.output_keys, True)
        listed = type(y) is tuple or type(y) is list
        if self.labeled_outputs != 1:
            return tuple(y) if listed and len(y) == self.labeled_outputs else None
        return tuple(y) if listed and len(y) == 1 and type(y[0]) is ndarray and y[0].ndim else (y,)

    cdef tuple _weights_of(self, sample_weight):
        """Return what stands for the weights of each output, of which all or none have some, or None."""
        if (sample_weight is None) != (self._n_weights == 0):
            return None
        if sample_weight is None:
            return ()
        if self._n_weights < self.labeled_outputs:
            return None
        if type(sample_weight) is dict:
            return entries(sample_weight, self.output_keys, True)
        if self.labeled_outputs == 1 or type(sample_weight) is ndarray:
            return (sample_weight,) * self.labeled_outputs
        listed = type(sample_weight) is tuple or type(sample_weight) is list
        return tuple(sample_weight) if listed and len(sample_weight) == self.labeled_outputs else None

    cdef idx_t _take(self, x, y, sample_weight) except -2:
        cdef tuple given = (self._inputs_of(x), self._labels_of(y), self._weights_of(sample_weight))
        if None in given:
            return -1
        return self._batch.take([given[argument][i] for argument, i, _ in self._sources], self.capacity)

    def take(self, x, y, sample_weight=None):
        """Bind a batch in the form in which users pass it, until `unbind`, if it has at most to be converted.

        Parameters
        ----------
        x, y, sample_weight : array_like, or list, tuple or dict of them
            For the only input or output, or for each; an array of weights may be for all outputs.

        Returns
        -------
        int
            The number of rows; -1 where the arguments have to be validated first: then nothing is bound.
        """
        cdef idx_t rows = -1
        self._use.take()
        try:
            rows = self._take(x, y, sample_weight)
        finally:
            if rows < 0:
                self.unbind()
        return rows

    def run_on(self, x, y, sample_weight=None):
        """One step of training or evaluation on a batch as users pass it: `take`, `clear_totals` and `run`.

        Returns
        -------
        int or None
            None where it has to be validated first; else as `run`.
        """
        cdef idx_t rows
        cdef Claim claim
        cdef int taken = 0, i
        try:
            for claim in self._claims:
                claim.take()
                taken += 1
            rows = self._take(x, y, sample_weight)
            if rows < 0:
                return None
            self.clear_totals()
            return max(-1, self.run(0, rows))   # whose caller sees the loss
        finally:
            if taken == len(self._claims):
                self._batch.release()
            for i in range(taken):
                (<Claim>self._claims[i]).release()

    def predict(self, x):
        """The output for all rows of `x`, in pieces of at most the capacity.

        Parameters
        ----------
        x : array_like, or tuple, list or dict of them
            For a plan of one input, or for each one.

        Returns
        -------
        ndarray, list of ndarray or None
            None if `x` has to be validated first, since it is not of the plan's row shapes, or takes more
            than a conversion of arrays or lists of numbers, or another plan. A list where there are several
            outputs.
        """
        cdef Py_buffer sources[MAX_PORTS]
        cdef int n = 0, i
        cdef tuple parts = self._inputs_of(x)
        if parts is None:
            return None
        try:
            for part in parts:
                if (<Port>self._ports[n]).hold(part, &sources[n]) is None:
                    return None
                n += 1
                if sources[n - 1].shape[0] != sources[0].shape[0]:
                    return None
            if self.whole and sources[0].shape[0] > self.capacity:
                return None
            return self._predicted(sources)
        finally:
            for i in range(n):
                PyBuffer_Release(&sources[i])

    cdef object _predicted(self, Py_buffer *sources):
        cdef char *results[MAX_PORTS]
        cdef idx_t row_bytes[MAX_PORTS]
        cdef run_t r
        cdef bad_t bad = bad_t(-1, 0, 0, 0)
        cdef Arena arena
        cdef idx_t rows = sources[0].shape[0], start = 0, capacity = self.capacity, i
        cdef list arenas = self._arenas     # of this layout: another thread may make a new one
        cdef int j, first = <int>(len(self._ports) - len(self.outputs))
        for guard in self.guards:
            guard(rows)
        arena = self._borrow()
        made = []
        for j, y in enumerate(self.outputs):
            array = empty((rows, *(<Value>y).shape), self.dtype)
            results[j] = address(array)
            row_bytes[j] = (<Value>y).size * self.kernels.itemsize
            made.append(array)
        begin_run()
        try:
            for start in range(0, rows, capacity):
                PyErr_CheckSignals()
                i = min(capacity, rows - start)
                self._prepare(&r, arena, i)
                self._runs[0] += 1
                r.bad = &bad
                r.iteration = self._runs[0]
                for j in range(self._n_inputs):
                    r.base[PORTS + j] = <char *>sources[j].buf + start * (sources[j].len // rows)
                for j in range(<int>len(made)):
                    r.base[PORTS + first + j] = results[j] + start * row_bytes[j]
                if self.work * <double>i > GIL_WORK:
                    with nogil:
                        self._infer(&r)
                else:
                    self._infer(&r)
                if bad.at >= 0:
                    break
        finally:
            end_run()
        keep_arena(arenas, arena)
        self._refuse(&bad, start)
        return made[0] if len(made) == 1 else made

    # ---- as a node of a tape ------------------------------------------------------------------------

    def record(self, list x):
        """Run forward on at most `capacity` rows in the plan's form, and keep what backward reads.

        Returns
        -------
        outputs : list of ndarray
        record : Record
            For `backward`.
        """
        cdef run_t r
        cdef bad_t bad = bad_t(-1, 0, 0, 0)
        cdef Record record = Record()
        record.x, record.rows = x, x[0].shape[0]
        if record.rows > self.capacity or any([len(array) != record.rows for array in x]):
            raise ValueError(f"x: expected as many rows in each, at most {self.capacity}, got "
                             f"{[len(array) for array in x]}")
        for guard in self.guards:
            guard(record.rows)
        self._runs[0] += 1
        record.arenas, record.arena, record.iteration = self._arenas, self._borrow(), self._runs[0]
        self._point(&r, record)
        r.bad = &bad
        made = self._at_ends(&r, record, Y, outputs=True)
        begin_run()
        with nogil:
            self._infer(&r)
        end_run()
        self._refuse(&bad, 0)
        return made, record

    def backward(self, Record record, list dy):
        """Run backward from the gradients of the outputs; those of the weights are in `gradients` then.

        Returns
        -------
        list of ndarray
            The gradients of the inputs that `tape.emit_input` made some for, in the order of those calls.
        """
        cdef run_t r
        cdef bad_t bad = bad_t(-1, 0, 0, 0)
        cdef uint64_t mode
        cdef Step step
        self._use.take()
        try:
            self._point(&r, record)
            r.bad = &bad
            outputs = [step for i, step in self.tape_ends if i < 0]
            for step, gradient in zip(outputs, dy, strict=True):
                shape = record.rows, *(<Value>step.operand(DY)).shape
                if gradient.shape != shape or gradient.dtype != self.dtype:
                    raise ValueError(f"dy: expected {self.dtype} of shape {shape}, got {gradient.dtype} "
                                     f"of shape {gradient.shape}")
                r.base[step.operand(DY).space] = address(gradient)
            made = self._at_ends(&r, record, DX, outputs=False)
            begin_run()
            with nogil:
                mode = fnn_fp_enter()
                self._run_backward(&r)
                fnn_fp_leave(mode)
            end_run()
            record.free()
            self._refuse(&bad, 0)
            return made
        finally:
            self._use.release()

    @property
    def update(self):
        """What training steps end with, or None."""
        return self._update

    @property
    def gradients(self):
        """The gradients of the weights that the last backward run made, in the plan's layout."""
        return self._gradients

    cdef int _point(self, run_t *r, Record record) except -1:
        cdef int i
        if record.arena is None:
            raise RuntimeError("backward: this run has been taken back already")
        if record.arenas is not self._arenas:
            raise RuntimeError("backward: the plan has been laid out anew since this run")
        self._prepare(r, record.arena, record.rows)
        r.iteration = record.iteration
        for i in range(self._n_inputs):
            r.base[PORTS + i] = address(record.x[i])
        return 0

    cdef list _at_ends(self, run_t *r, Record record, int at, bint outputs):
        """New arrays for what a run returns to the caller at the outputs or at the inputs."""
        cdef Step step
        made = []
        for i, step in self.tape_ends:
            if (i < 0) == outputs:
                array = empty((record.rows, *step.operand(at).shape), self.dtype)
                r.base[step.operand(at).space] = address(array)
                made.append(array)
        return made

    def state(self, str name):
        """Return the sums that a loss or metric is computed from, since the last call to `clear_totals`."""
        cdef totals_t total = self._totals[<int>self.totals[name]]
        state = self._reports[name][1] if name in self._reports else None
        return np.array([total.value, total.weight]) if state is None else state.copy()

    def set_state(self, str name, state):
        """Restore what `state` returned."""
        cdef int i = self.totals[name]
        own = self._reports[name][1] if name in self._reports else None
        if own is None:
            self._totals[i].value, self._totals[i].weight = state
        else:
            own[...] = state

    def read(self, str name, state):
        """Return the loss or metric of that name, computed from such sums; 0 for no rows."""
        if name in self._reports:
            return self._reports[name][0](state)
        return float(state[0] / state[1]) if state[1] else 0.0

    def results(self):
        """Return all losses and metrics since the last call to `clear_totals`, the loss first."""
        if self._reports:
            return [self.read(name, self.state(name)) for name in self.totals]
        return [t.value / t.weight if t.weight else 0.0 for t in self._totals[:len(self.totals)]]

    @property
    def nbytes(self):
        """About the bytes that the plan holds between runs."""
        cdef Arena arena
        cdef idx_t held = len(self.steps) * STEP_BYTES
        for arena in self._arenas:
            held += arena.nbytes
        for made in (self._gradients, *self._constants):
            if type(made) is ndarray:
                held += made.nbytes
        return held

    def clear_totals(self, shared=True):
        """Reset all losses and metrics, unless not `shared` only those whose state is this plan's."""
        memset(self._totals, 0, sizeof(self._totals))
        for _, state, clear in self._reports.values():
            if state is not None:
                state.fill(0)
            if shared and clear is not None:
                clear()
