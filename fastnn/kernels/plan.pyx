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
(c) A step joins the one that makes its input, where nothing else reads that and the two can be done as one: a
    product scales, shifts and activates in inference, a convolution pools its results.
(d) An activation fused behind a product leaves its gradient to the step that makes the gradient of that
    value, if that is one step that can fuse it (`fuses_gradient`), or the loss; else it is a pass of its own.
"""

import numpy as np

from cpython.buffer cimport PyBUF_WRITABLE, PyBuffer_Release, PyObject_GetBuffer
from cpython.mem cimport PyMem_Calloc, PyMem_Free
from libc.stdint cimport uint64_t
from libc.string cimport memset

from .batch cimport has_buffer
from .csrc cimport fnn_fp_enter, fnn_fp_leave
from .runtime cimport address, max_threads, table
from .steps cimport BACKWARD, FORWARD
from .types cimport ARENA, CONSTANTS, DY, GRADIENTS, INPUT, OUTPUT, OWN_SAVED, PARAMETERS, SAVED, X, Y

from .memory import align, aligned_zeros
from .planner import assign_offsets

cdef double GIL_WORK = 1e6          # FLOPs of a run from which it releases the GIL: about 10 us
cdef object LARGEST = 1 << 56       # bytes of an arena, more than there can be
cdef double THREADS_WORK = 4e5      # FLOPs of a run from which its steps may use threads

cdef object empty = np.empty


cdef class Arena:
    """The memory of one run: values, then scratch for each thread."""

    def __cinit__(self, idx_t size, idx_t scratch_size):
        self.threads = max_threads()
        self.memory = aligned_zeros(size + self.threads * scratch_size)
        self.base = address(self.memory)
        self.scratch = self.base + size


cdef class Plan:
    """The steps of a model for one purpose.

    Parameters
    ----------
    block : ParameterBlock
        The model's weights.
    input_shape : tuple of int
        Shape of one row of the input.
    training : bool
        Whether steps run backward and the weights are updated.
    stochastic : bool
        Whether random layers act.
    """

    def __init__(self, block, tuple input_shape, bint training=False, bint stochastic=False):
        self.block = block
        self.dtype = block.dtype
        self.kernels = table(self.dtype)
        self._parameter_base = address(block.values)
        self.training, self.stochastic, self.times = training, stochastic, 1
        self.steps, self.values, self.guards = [], [], []
        self._parameters, self._constants, self._arenas = {}, [], []
        self.input = Value(input_shape, INPUT)
        self.totals = {}

    def __dealloc__(self):
        PyMem_Free(self._steps)

    # ---- create -------------------------------------------------------------------------------------

    cdef Value value(self, tuple shape, bint differentiable=False, bint per_row=True):
        """A new array in the arena."""
        cdef Value v = Value(shape, ARENA, differentiable and self.training, per_row, None, self.times)
        self.values.append(v)
        return v

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
            self._parameters[variable] = Value(variable.shape, PARAMETERS, variable.trainable, per_row=False)
            self._parameters[variable].offset = self.block.offset(variable)
        return self._parameters[variable]

    cdef Value parameter_gradient(self, variable):
        """The gradient of a weight, at the same offset, or None where it does not learn."""
        cdef Value v = self.parameter(variable)
        if v is None or not self.training or not variable.trainable:
            return None
        if v.gradient is None:
            v.gradient = Value(variable.shape, GRADIENTS, per_row=False)
            v.gradient.offset = v.offset
        return v.gradient

    cdef Value gradient(self, Value value):
        """The gradient of a value, or None where nothing before it learns."""
        if not value.root.differentiable:
            return None
        if value.root.gradient is None:
            value.root.gradient = Value(value.root.shape, ARENA, times=value.root.times)
            self.values.append(value.root.gradient)
        return value.root.gradient

    cdef Step add(self, str name, step_fn forward, step_fn backward, scratch_fn scratch, double work):
        """Append a step. `work` is the FLOPs of its forward direction per row."""
        cdef Step step = Step(name, self.times)
        step.c.forward, step.c.backward, step.c.scratch = forward, backward, scratch
        step.c.kernels = self.kernels
        step.work = work * <double>self.times
        self.steps.append(step)
        return step

    def total(self, str name):
        """The number of a sum over the rows, a loss or a metric; 0 is the loss."""
        return self.totals.setdefault(name, len(self.totals))

    def reshaped(self, Value value, tuple shape):
        """The same memory as `value` with another shape of a row."""
        return Value(shape, value.space, value.differentiable, root=value.root, times=self.times)

    def finish(self, Value output, idx_t capacity, Update update=None):
        """End the creation and lay out the plan for at most `capacity` rows a run."""
        cdef Step step
        if len(self.totals) > MAX_TOTALS:
            raise ValueError(f"metrics: a model may have {MAX_TOTALS - 1}, got {len(self.totals) - 1}")
        self.output = output
        self._update = update
        labels = () if self.scored is None else self.scored.shape
        self._batch = Batch(self.input.shape, self.dtype, labels[:len(labels) - self.sparse], self.sparse)
        if output is not None:
            output.root.space = OUTPUT
        self._find_consumers()
        self._join()
        self._find_consumers()
        for step in self.steps:
            if Y in step.uses and DY not in step.uses:
                step.c.backward = NULL      # nothing up to its output learns
        self._fuse_gradients()
        self.work = sum(step.work for step in self.steps) * (3 if self.training else 1)
        if self.training:
            self._gradients = aligned_zeros(self.block.values.size, self.dtype)
            self._gradient_base = address(self._gradients)
        self.reshape(capacity)

    def _find_consumers(self):
        """Tell every value which steps read it."""
        cdef Step step
        cdef Value v
        for v in self.values:
            v.consumers.clear()
        for step in self.steps:
            for i, (v, _) in step.uses.items():
                if i != Y:
                    v.root.consumers.append(step)

    def _join(self):
        """Let steps do what follows them, where nothing else reads what they make."""
        cdef Step step, maker
        cdef Value x
        for step in self.steps[:]:
            if step.join is NULL:
                continue
            x = step.operand(X).root
            maker = x.producer
            others = [c for c in x.consumers if c is not maker and c is not step]
            if maker is None or maker.c.times != step.c.times or others or x.space != ARENA:
                continue
            if step.join(maker, step):
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
                if consumer.fuses_gradient:
                    consumer.use(SAVED, step.saved, BACKWARD)
                    consumer.c.gradient = step.c.activation
                    step.c.preactivation_gradient = True
                    del step.uses[OWN_SAVED]

    # ---- reshape ------------------------------------------------------------------------------------

    def reshape(self, idx_t capacity):
        """Lay out the arena for up to `capacity` rows a run; nothing may be bound."""
        self._claim()
        try:
            self._lay_out(capacity)
        finally:
            self._bound = False

    cdef int _lay_out(self, idx_t capacity) except -1:
        cdef Step step
        cdef Value v
        cdef idx_t scratch
        cdef int i, n = len(self.steps)
        planned = self._lifetimes(n)
        item = self.kernels.itemsize
        rows = int(capacity)
        usages = [
            (int(v.size) * (rows * v.times if v.per_row else 1) * item, v.first, v.last) for v in planned]
        offsets, size = assign_offsets(usages)
        if size > LARGEST:
            raise MemoryError(f"no memory for {rows} rows a run: they take {size} bytes")
        self.arena_size = size
        for v, offset in zip(planned, offsets):
            v.offset = offset
        PyMem_Free(self._steps)
        self._steps = <step_t *>PyMem_Calloc(max(n, 1), sizeof(step_t))
        if self._steps is NULL:
            raise MemoryError(f"no memory for a plan of {n} steps")
        self._n_steps = n
        self.scratch_size = 0
        for i, step in enumerate(self.steps):
            for at, (v, _) in step.uses.items():
                step.c.at[<int>at].space = v.root.space
                step.c.at[<int>at].offset = v.root.offset
            self._steps[i] = step.c
            if step.c.scratch is not NULL:
                scratch = align(step.c.scratch(&self._steps[i], capacity * step.c.times))
                self.scratch_size = max(self.scratch_size, scratch)
        self._mark_accumulation(n)
        self.capacity = capacity
        self._arenas = []
        return 0

    def _lifetimes(self, int n):
        """First and last use of every value; those that are used."""
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

    def _mark_accumulation(self, int n):
        """The first step of the backward loop that makes a weight's gradient overwrites it, others add."""
        cdef Step step
        cdef Value v
        made = set()
        for i in range(n - 1, -1, -1):
            step = self.steps[i]
            for at, (v, when) in step.uses.items():
                if v.space == GRADIENTS and when & BACKWARD:
                    if v in made:
                        self._steps[i].accumulate |= 1u << <int>at
                    made.add(v)

    # ---- bind ---------------------------------------------------------------------------------------

    def bind(self, x, y=None, sample_weight=None, const idx_t[::1] order=None):
        """Let runs read these arrays until `unbind`: contiguous, x and sample_weight in the plan's dtype.

        With `order`, row i of a run is row order[i] of the arrays.

        Raises
        ------
        RuntimeError
            If other arrays are bound, by another thread or by the caller of this callback.
        """
        self._claim()
        self._batch.bind(x, y, sample_weight, order, self.capacity)

    def reorder(self, const idx_t[::1] order):
        """Let row i of a run be row order[i] of the bound arrays."""
        x, y, sample_weight = self._batch.held[:3]
        self._batch.bind(x, y, sample_weight, order, self.capacity)

    def unbind(self):
        """Forget the caller's arrays."""
        self._batch.bind(None, None, None, None, 0)
        self._bound = False

    cdef int _claim(self) except -1:
        if self._bound:
            raise RuntimeError(
                "model: it is in use already, by another thread or around this callback; "
                "use a copy of it here")
        self._bound = True
        return 0

    # ---- run ----------------------------------------------------------------------------------------

    cdef void _prepare(self, run_t *r, Arena arena, idx_t rows) noexcept:
        memset(r, 0, sizeof(run_t))
        r.base[ARENA] = arena.base
        r.base[PARAMETERS] = self._parameter_base
        r.base[GRADIENTS] = self._gradient_base
        r.scratch, r.scratch_size = arena.scratch, self.scratch_size
        r.rows = rows
        r.threads = min(max_threads(), arena.threads) if self.work * <double>rows > THREADS_WORK else 1
        r.totals = self._totals

    cdef Arena _borrow(self):
        cdef Arena arena
        if self._arenas:
            arena = self._arenas.pop()
            if arena.threads >= max_threads():
                return arena
        return Arena(self.arena_size, self.scratch_size)

    cdef bint _forward(self, run_t *r) noexcept nogil:
        """All steps, or those up to one that finds something invalid; whether none does."""
        cdef int i
        cdef idx_t rows = r.rows
        for i in range(self._n_steps):
            r.rows = rows * self._steps[i].times
            self._steps[i].forward(&self._steps[i], r)
            if r.bad.at >= 0:
                break
        r.rows = rows
        return r.bad.at < 0

    cdef void _infer(self, run_t *r) noexcept nogil:
        cdef uint64_t mode = fnn_fp_enter()
        self._forward(r)
        fnn_fp_leave(mode)

    cdef void _train(self, run_t *r) noexcept nogil:
        """Forward, backward, update; nothing after forward where something is invalid."""
        cdef int i
        cdef idx_t rows = r.rows
        cdef uint64_t mode = fnn_fp_enter()
        if self._forward(r):
            for i in range(self._n_steps - 1, -1, -1):
                if self._steps[i].backward is not NULL:
                    r.rows = rows * self._steps[i].times
                    self._steps[i].backward(&self._steps[i], r)
            r.rows = rows
            self._update.apply(r)
        fnn_fp_leave(mode)

    cdef object _refuse(self, const bad_t *bad, idx_t start):
        """Say which index is out of range, if it was one that has stopped a run."""
        if bad.at >= 0 and bad.limit:
            raise ValueError(
                f"x: expected whole numbers from 0 to {bad.limit - 1}, got {bad.value:.9g} in row "
                f"{self._batch.row(start + bad.row)}")

    def run(self, idx_t start, idx_t rows):
        """One run on `rows` bound rows from `start`: a training step, or forward with its losses and metrics.

        Returns
        -------
        int
            -1, or the index of the first invalid target of these rows: then the weights are unchanged.

        Raises
        ------
        ValueError
            If an index into a table is out of range; then the weights are unchanged.
        """
        cdef run_t r
        cdef Arena arena
        if start < 0 or rows < 0 or rows > self.capacity or rows > self._batch.rows - start:
            raise ValueError(
                f"rows: expected at most {self.capacity} of the {self._batch.rows} bound, "
                f"got {start} to {start + rows}")
        if self.block.stale:
            raise RuntimeError("model: its weights have moved into another model since this run of it began")
        for guard in self.guards:
            guard(rows)
        arena = self._borrow()
        self._prepare(&r, arena, rows)
        self._bad.at, self._bad.limit = -1, 0
        r.bad = &self._bad
        if self._update is not None:
            self._update.iterations += 1
            r.iteration = self._update.iterations
        with nogil:
            self._batch.point(&r, start)
            if self.training:
                self._train(&r)
            else:
                self._infer(&r)
        if self._bad.at >= 0 and self._update is not None:
            self._update.iterations -= 1
        self._arenas.append(arena)
        self._refuse(&self._bad, start)
        return self._bad.at

    def train_on(self, x, y):
        """One training step on arrays that are in the plan's form: `bind`, `clear_totals` and `run`.

        Returns
        -------
        int or None
            None where they are not: they have to pass the input gate first. Else as `run`.
        """
        cdef idx_t rows
        if self.block.stale:
            return None
        self._claim()
        try:
            rows = self._batch.take(x, y, self.capacity)
            if rows < 0:
                return None
            self.clear_totals()
            return self.run(0, rows)
        finally:
            self._batch.held, self._batch.rows = None, 0
            self._bound = False

    def predict(self, x):
        """The output for all rows of `x`, in pieces of at most the capacity.

        Returns
        -------
        ndarray or None
            None where `x` is not a contiguous array of the plan's dtype and row shape: it has to pass the
            input gate first.
        """
        cdef Py_buffer source
        if self.block.stale or not has_buffer(x, &source):
            return None
        try:
            return self._predicted(&source) if self._batch.matches(&source) else None
        finally:
            PyBuffer_Release(&source)

    cdef object _predicted(self, Py_buffer *source):
        cdef Py_buffer result
        cdef run_t r
        cdef bad_t bad = bad_t(-1, 0, 0, 0)
        cdef Arena arena
        cdef idx_t rows = source.shape[0], start = 0, i, in_bytes, out_bytes
        for guard in self.guards:
            guard(rows)
        arena = self._borrow()
        y = empty((rows, *self.output.shape), self.dtype)
        PyObject_GetBuffer(y, &result, PyBUF_WRITABLE)
        in_bytes, out_bytes = self.input.size * source.itemsize, self.output.size * source.itemsize
        for start in range(0, rows, self.capacity):
            i = min(self.capacity, rows - start)
            self._prepare(&r, arena, i)
            self.samples += 1
            r.bad = &bad
            r.iteration = self.samples
            r.base[INPUT] = <char *>source.buf + start * in_bytes
            r.base[OUTPUT] = <char *>result.buf + start * out_bytes
            if self.work * <double>i > GIL_WORK:
                with nogil:
                    self._infer(&r)
            else:
                self._infer(&r)
            if bad.at >= 0:
                break
        self._arenas.append(arena)
        PyBuffer_Release(&result)
        self._refuse(&bad, start)
        return y

    def results(self):
        """The mean of every loss and metric since the last call to `clear_totals`, the loss first."""
        return [t.value / t.weight if t.weight else 0.0 for t in self._totals[:len(self.totals)]]

    def read_totals(self):
        """Sum and weight of every loss and metric since the last call to `clear_totals`, by name."""
        return {name: (self._totals[i].value, self._totals[i].weight) for name, i in self.totals.items()}

    def write_totals(self, dict totals):
        """Go on from what `read_totals` returned."""
        for name, (value, weight) in totals.items():
            self._totals[<int>self.totals[name]].value = value
            self._totals[<int>self.totals[name]].weight = weight

    def clear_totals(self):
        memset(self._totals, 0, sizeof(self._totals))
