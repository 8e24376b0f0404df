"""The update of all weights: one pass of an optimizer's kernel over flat memory.

Parameters, gradients and the optimizer's slots share one layout, so a pass needs offsets only. Neighbours
that learn are one range, unless one of them decays and the other does not; clipping by the norm of each
weight needs them apart.

A step is: gradients are summed up, and that is all until as many are there as `accumulation` says; then their
mean is clipped and the rule applied; averages of the weights follow, and may take their place; at last
weights go back to where their constraints allow. This is Keras' order.
"""

from cpython.mem cimport PyMem_Calloc, PyMem_Free
from libc.math cimport pow, sqrt
from libc.string cimport memcpy, memset

from ..ops.constraint cimport constrain
from .tables cimport fnn_fp_enter, fnn_fp_leave
from .runtime cimport address, chunk_fn, kernel as find_kernel, max_threads, parallel_for, table
from .types cimport GRADIENTS, PARAMETERS

from .memory import aligned_zeros

cdef idx_t CHUNK = 1 << 14      # elements that a thread updates at a time

# What of a rule changes from step to step.
cdef enum:
    NOTHING
    ADAM
    ADAMAX
    NADAM
    LAMB
    FTRL

CORRECTIONS = {None: NOTHING, "adam": ADAM, "adamax": ADAMAX, "nadam": NADAM, "lamb": LAMB, "ftrl": FTRL}


ctypedef struct pass_t:
    update_fn kernel
    idx_t itemsize
    fnn_update u


cdef void update_chunk(void *context, idx_t chunk, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef fnn_update u = p.u
    cdef idx_t offset = chunk * CHUNK * p.itemsize
    cdef int j
    u.n = min(CHUNK, p.u.n - chunk * CHUNK)
    u.w = <char *>p.u.w + offset
    u.g = <const char *>p.u.g + offset
    for j in range(3):
        u.slot[j] = NULL if p.u.slot[j] is NULL else <char *>p.u.slot[j] + offset
    p.kernel(&u)


cdef void update_range(update_fn kernel, idx_t itemsize, fnn_update u, int threads) noexcept nogil:
    cdef pass_t p = pass_t(kernel, itemsize, u)
    parallel_for(update_chunk, &p, (u.n + CHUNK - 1) // CHUNK, threads)


ctypedef struct sweep_t:
    const fnn_kernels *kernels
    char *a
    char *b
    idx_t n
    bint last
    double momentum


cdef void accumulate_chunk(void *context, idx_t chunk, int thread) noexcept nogil:
    """Gradients a, their sum b, which is 0 again at last."""
    cdef sweep_t *s = <sweep_t *>context
    cdef idx_t offset = chunk * CHUNK * s.kernels.itemsize, n = min(CHUNK, s.n - chunk * CHUNK)
    if s.last:
        memset(s.b + offset, 0, n * s.kernels.itemsize)
    else:
        s.kernels.add_parts(s.b + offset, s.a + offset, n, 1)


cdef void average_chunk(void *context, idx_t chunk, int thread) noexcept nogil:
    """Weights a, their average b, which takes their place at last."""
    cdef sweep_t *s = <sweep_t *>context
    cdef idx_t offset = chunk * CHUNK * s.kernels.itemsize, n = min(CHUNK, s.n - chunk * CHUNK)
    s.kernels.moving_average(s.b + offset, s.a + offset, n, s.momentum)
    if s.last:
        memcpy(s.a + offset, s.b + offset, n * s.kernels.itemsize)


cdef void sweep(chunk_fn fn, sweep_t s, const range_t *ranges, int count, int threads) noexcept nogil:
    cdef int i
    cdef char *a = s.a
    cdef char *b = s.b
    for i in range(count):
        s.a = a + ranges[i].start * s.kernels.itemsize
        s.b = b + ranges[i].start * s.kernels.itemsize
        s.n = ranges[i].size
        parallel_for(fn, &s, (s.n + CHUNK - 1) // CHUNK, threads)


cdef range_t *ranges_of(list found) except NULL:
    """(start, size, decays) in C."""
    cdef int i
    cdef idx_t start, size
    cdef range_t *ranges = <range_t *>PyMem_Calloc(max(1, len(found)), sizeof(range_t))
    if ranges is NULL:
        raise MemoryError(f"no memory for {len(found)} ranges of weights")
    for i, (start, size, decays) in enumerate(sorted(found)):
        ranges[i] = range_t(start, size, decays)
    return ranges


cdef class Update:
    """The rule of an optimizer and its state for one model.

    Parameters
    ----------
    kernel : str
        Name of the C kernel.
    slots : tuple of str or None
        Names of the kernel's three slots; None where it gets none.
    rule : dict
        Fields of `fnn_update` that stay the same from step to step, and Ftrl's `beta`.
    correction : str, optional
        Which rule's fields change from step to step: one of `CORRECTIONS`.
    start : dict, optional
        What slots begin with, by name; others with 0.
    accumulation, ema_momentum, ema_overwrite
        See `Optimizer`; no averages are kept where `ema_momentum` is None.
    """

    def __init__(self, str kernel, tuple slots, dict rule, str correction=None, dict start=None,
                 uint64_t accumulation=1, ema_momentum=None, uint64_t ema_overwrite=0):
        self.kernel_name, self.slot_names = kernel, slots
        self.correction, self.start = CORRECTIONS[correction], start or {}
        self.accumulation, self.ema_overwrite = accumulation, ema_overwrite
        self.ema_momentum = ema_momentum or 0
        self.slots = {name: None for name in slots if name}
        if ema_momentum is not None:
            self.slots["average"] = None
        if accumulation > 1:
            self.slots["gradient_accumulator"] = None
        self.rule.beta_1 = rule.get("beta_1", 0)
        self.rule.beta_2 = rule.get("beta_2", 0)
        self.rule.momentum = rule.get("momentum", 0)
        self.rule.epsilon = rule.get("epsilon", 0)
        self.rule.clip_value = rule.get("clip_value", 0)
        self.rule.nesterov = rule.get("nesterov", False)
        self.rule.l1 = rule.get("l1", 0)
        self.rule.l2 = rule.get("l2", 0)
        self.rule.l2_shrinkage = rule.get("l2_shrinkage", 0)
        self.rule.power = rule.get("power", 0)
        self.beta = rule.get("beta", 0)
        self.product = 1
        self.exempt = frozenset()
        self.variables, self.hooks = [], []

    def __dealloc__(self):
        PyMem_Free(self.ranges)
        PyMem_Free(self.whole)
        PyMem_Free(self.constraints)

    # ---- bind ---------------------------------------------------------------------------------------

    def bind(self, block, variables, constraints=()):
        """Update these variables of `block` from now on; what the slots held for any of them moves along.

        `constraints` are (variable, callable, None), or where a kernel is to do it the fields of
        `constraint_t` in place of None.
        """
        cdef list chosen = list(variables)
        self.kernels = table(block.dtype)
        self.kernel = <update_fn>find_kernel(self.kernels, self.kernel_name)
        self._constrain(block, constraints)
        self.version = <idx_t *>address(block.version)
        if block is self.block and [id(v) for v in chosen] == [id(v) for v in self.variables]:
            return
        self._slots(block)
        self.block, self.variables = block, chosen
        self._select(chosen)
        PyMem_Free(self.whole)
        self.whole = NULL
        found = [(start, size, True) for start, size in block.ranges(chosen, merged=True)]
        self.whole, self.n_whole = ranges_of(found), len(found)

    cdef int _slots(self, block) except -1:
        """Arrays of the layout of `block`, with what they held for variables that are in it too."""
        cdef int i
        for name in self.slots:
            moved = aligned_zeros(block.values.size, block.dtype)
            moved[:] = block.values if name == "average" else self.start.get(name, 0)
            if self.block is not None:
                for variable in self.block.variables & block.variables:
                    block.part(moved, variable)[...] = self.block.part(self.slots[name], variable)
            self.slots[name] = moved
        for i, name in enumerate(self.slot_names):
            self.slot[i] = NULL if name is None else address(self.slots[name])
        self.average = address(self.slots["average"]) if "average" in self.slots else NULL
        self.accumulator = address(self.slots["gradient_accumulator"]) if self.accumulation > 1 else NULL
        if self.correction == LAMB:
            self.direction = aligned_zeros(block.values.size, block.dtype)
            self.slot[2] = address(self.direction)
        return 0

    cdef int _constrain(self, block, constraints) except -1:
        cdef constraint_t *c
        PyMem_Free(self.constraints)
        self.n_constraints, self.hooks = 0, []
        self.constraints = <constraint_t *>PyMem_Calloc(max(1, len(constraints)), sizeof(constraint_t))
        if self.constraints is NULL:
            raise MemoryError(f"no memory for {len(constraints)} constraints")
        for variable, constraint, fields in constraints:
            if fields is None:
                self.hooks.append((variable, constraint))
                continue
            c = &self.constraints[self.n_constraints]
            c.offset = block.offset(variable)
            c.outer, c.n, c.inner, c.least, c.most, c.rate, c.epsilon = fields
            self.n_constraints += 1
        return 0

    cdef int _select(self, list chosen) except -1:
        """Update these of the variables."""
        apart = bool(self.clip_norm) or self.correction == LAMB
        found = []
        for decays in (False, True):
            same = [v for v in chosen if (v not in self.exempt) == decays]
            found += [(start, size, decays) for start, size in self.block.ranges(same, merged=not apart)]
        PyMem_Free(self.ranges)
        self.ranges = NULL
        self.ranges, self.n_ranges = ranges_of(found), len(found)
        self.partial = len(chosen) < len(self.variables)
        return 0

    # ---- step ---------------------------------------------------------------------------------------

    cdef int begin(self) except -1:
        """Count a step and find its learning rate; before `apply`."""
        if self.partial:
            self._select(self.variables)
        if self.schedule is not None:
            self.learning_rate = self.schedule(self.iterations)
        self.iterations += 1
        return 0

    cdef int end(self, bint done) except -1:
        """Apply the constraints that are written in Python, or take back the count of a step not done."""
        if not done:
            self.iterations -= 1
            return 0
        for variable, constraint in self.hooks:
            variable.assign(constraint(variable.numpy()))
        return 0

    def step(self, gradients, list chosen):
        """Update these of the variables by gradients in an array of the block's layout."""
        cdef run_t r
        cdef uint64_t mode
        memset(&r, 0, sizeof(run_t))
        r.base[PARAMETERS], r.base[GRADIENTS] = address(self.block.values), address(gradients)
        r.threads = max_threads()
        self.begin()
        if len(chosen) < len(self.variables):
            self._select(chosen)
        with nogil:
            mode = fnn_fp_enter()
            self.apply(&r)
            fnn_fp_leave(mode)
        self.end(True)

    cdef void apply(self, const run_t *r) noexcept nogil:
        """One step: from the gradients of the run to new parameters."""
        cdef int i
        cdef uint64_t updates = (self.iterations - 1) // self.accumulation
        cdef bint due = self.iterations % self.accumulation == 0
        self.version[0] += 1
        if self.accumulation > 1:
            self._accumulate(r, False)
        if due:
            self._step(r, updates + 1)
            if self.accumulation > 1:
                self._accumulate(r, True)
        if self.average is not NULL:
            self._average(r, updates)
        for i in range(self.n_constraints):
            constrain(&self.constraints[i], r.base[PARAMETERS], self.kernels, r.threads)

    cdef void _accumulate(self, const run_t *r, bint last) noexcept nogil:
        """Add the gradients up, or begin anew. Those of the run stay as they are: ops know what they hold."""
        cdef sweep_t s = sweep_t(self.kernels, r.base[GRADIENTS], self.accumulator, 0, last, 0)
        sweep(accumulate_chunk, s, self.whole, self.n_whole, r.threads)

    cdef void _average(self, const run_t *r, uint64_t updates) noexcept nogil:
        """Let averages follow the weights; the first is the weights themselves."""
        cdef double momentum = self.ema_momentum if updates else 0
        cdef bint overwrite = self.ema_overwrite and (updates + 1) % self.ema_overwrite == 0
        cdef sweep_t s = sweep_t(self.kernels, r.base[PARAMETERS], self.average, 0, overwrite, momentum)
        sweep(average_chunk, s, self.whole, self.n_whole, r.threads)

    cdef void _step(self, const run_t *r, uint64_t t) noexcept nogil:
        """The update number t, from 1, of the weights in the ranges."""
        cdef int i, j
        cdef idx_t offset
        cdef const char *gradients = self.accumulator if self.accumulation > 1 else r.base[GRADIENTS]
        cdef fnn_update u, rule = self._corrected(t)
        rule.gradient_scale = 1.0 / <double>self.accumulation
        if self.global_clip_norm:
            rule.gradient_scale = self._norm_scale(
                gradients, 0, self.n_ranges, self.global_clip_norm, rule.gradient_scale)
        for i in range(self.n_ranges):
            u = rule
            if self.clip_norm:
                u.gradient_scale = self._norm_scale(gradients, i, i + 1, self.clip_norm, u.gradient_scale)
            if not self.ranges[i].decays:
                u.decay = 0
            offset = self.ranges[i].start * self.kernels.itemsize
            u.n = self.ranges[i].size
            u.w = r.base[PARAMETERS] + offset
            u.g = gradients + offset
            for j in range(3):
                u.slot[j] = NULL if self.slot[j] is NULL else self.slot[j] + offset
            if self.correction == LAMB:
                update_range(self.kernels.sgd, self.kernels.itemsize, self._lamb(r, u), r.threads)
            else:
                update_range(self.kernel, self.kernels.itemsize, u, r.threads)

    cdef fnn_update _corrected(self, uint64_t t) noexcept nogil:
        """The rule of the update number t, from 1.

        Corrections of v stand under a root beside epsilon: dividing lr and epsilon by them does the same.
        """
        cdef fnn_update u = self.rule
        cdef double first = 1 - pow(u.beta_1, <double>t), second = sqrt(1 - pow(u.beta_2, <double>t))
        cdef double now, later, product
        u.learning_rate = self.learning_rate
        u.decay = self.learning_rate * self.weight_decay
        if self.correction == ADAM:
            u.learning_rate *= second / first
        elif self.correction == ADAMAX:
            u.learning_rate /= first
        elif self.correction == NADAM:
            now, later = nadam_momentum(u.beta_1, t), nadam_momentum(u.beta_1, t + 1)
            product = self._momentum_product(t)
            u.gradient_rate = u.learning_rate * second * (1 - now) / (1 - product)
            u.learning_rate *= second * later / (1 - product * later)
            u.epsilon *= second
        elif self.correction == LAMB:
            u.learning_rate = second / first
            u.epsilon *= second
        elif self.correction == FTRL:
            u.l2 += self.beta / u.learning_rate
        return u

    cdef double _momentum_product(self, uint64_t t) noexcept nogil:
        """The product of Nadam's momenta up to update t."""
        if t < self.product_at:
            self.product, self.product_at = 1, 0
        while self.product_at < t:
            self.product_at += 1
            self.product *= nadam_momentum(self.rule.beta_1, self.product_at)
        return self.product

    cdef fnn_update _lamb(self, const run_t *r, fnn_update u) noexcept nogil:
        """Adam's step, scaled to the norm of the weight (You et al. 2020), as one of gradient descent."""
        cdef fnn_update adam = u
        cdef double weight, step
        adam.w, adam.decay, adam.slot[2] = u.slot[2], 0, NULL
        memset(adam.w, 0, u.n * self.kernels.itemsize)
        update_range(self.kernel, self.kernels.itemsize, adam, r.threads)
        weight = sqrt(self.kernels.sum_squares(u.w, u.n)) * (1 - u.decay)
        step = sqrt(self.kernels.sum_squares(adam.w, u.n))
        u.g, u.gradient_scale, u.clip_value = adam.w, 1, 0
        u.slot[0] = u.slot[1] = u.slot[2] = NULL
        u.learning_rate = -self.learning_rate * (weight / step if weight > 0 and step > 0 else 1)
        return u

    cdef double _norm_scale(
            self, const char *g, int first, int last, double limit, double scale) noexcept nogil:
        """`scale`, and what else makes the norm of the gradients of these ranges at most `limit`."""
        cdef int i
        cdef double squares = 0
        for i in range(first, last):
            squares += self.kernels.sum_squares(
                g + self.ranges[i].start * self.kernels.itemsize, self.ranges[i].size)
        squares *= scale * scale
        return scale * limit / sqrt(squares) if squares > limit * limit else scale


cdef inline double nadam_momentum(double beta_1, uint64_t t) noexcept nogil:
    return beta_1 * (1 - 0.5 * pow(0.96, <double>t))
