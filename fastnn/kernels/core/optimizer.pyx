"""The update of all weights by an optimizer's kernel, in one parallel pass.

Gradients and the optimizer's slots are flat arrays of one layout; each weight stays at its address. The
weights are cut into chunks once, when the optimizer is built, and the threads share the chunks of all
weights.

A step only adds its gradients to the sums until there are as many as `accumulation` says; then their mean is
clipped and the rule applied. The averages of the weights follow, and may replace them; constraints are
applied last. This is Keras' order.
"""

from libc.math cimport pow, sqrt
from libc.stdint cimport uintptr_t
from libc.string cimport memcpy, memset

from ..ops.constraint cimport constrain
from .runtime cimport (
    CHUNK_ELEMENTS,
    address,
    ceil_div,
    kernel as find_kernel,
    parallel_for,
    run_threads,
    table,
)
from .claim cimport Claim
from .tables cimport fnn_fp_enter, fnn_fp_leave
from .types cimport GRADIENTS

from ...variables import ParameterLayout
from .memory import aligned_zeros

# The fields of a rule that change from step to step.
cdef enum:
    NOTHING
    ADAM
    ADAMAX
    NADAM
    LAMB
    FTRL

CORRECTIONS = {None: NOTHING, "adam": ADAM, "adamax": ADAMAX, "nadam": NADAM, "lamb": LAMB, "ftrl": FTRL}


cdef void update_chunk(void *context, idx_t i, int thread) noexcept nogil:
    """Apply the rule to a chunk."""
    cdef const pass_t *p = <const pass_t *>context
    cdef const chunk_t *c = &p.chunks[i]
    cdef const weight_t *w = &p.weights[c.weight]
    cdef idx_t first = c.first * p.kernels.itemsize
    cdef fnn_update u = p.rule
    cdef int j
    if not w.chosen:
        return
    u.n, u.w, u.g = c.count, w.value + first, p.gradients + w.offset + first
    u.gradient_scale = w.scale
    if not w.decays:
        u.decay = 0
    for j in range(3):
        u.slot[j] = NULL if p.slot[j] is NULL else p.slot[j] + w.offset + first
    p.kernel(&u)


cdef void accumulate_chunk(void *context, idx_t i, int thread) noexcept nogil:
    """Add gradients to their sums, or clear the sums."""
    cdef const pass_t *p = <const pass_t *>context
    cdef const chunk_t *c = &p.chunks[i]
    cdef idx_t at = p.weights[c.weight].offset + c.first * p.kernels.itemsize
    if p.last:
        memset(p.sums + at, 0, c.count * p.kernels.itemsize)
    else:
        p.kernels.add_parts(p.sums + at, p.gradients + at, c.count, 1, c.count, True)


cdef void average_chunk(void *context, idx_t i, int thread) noexcept nogil:
    """Let averages follow the weights, and at last replace them."""
    cdef const pass_t *p = <const pass_t *>context
    cdef const chunk_t *c = &p.chunks[i]
    cdef const weight_t *w = &p.weights[c.weight]
    cdef idx_t first = c.first * p.kernels.itemsize
    p.kernels.moving_average(p.sums + w.offset + first, w.value + first, c.count, p.momentum)
    if p.last:
        memcpy(w.value + first, p.sums + w.offset + first, c.count * p.kernels.itemsize)


cdef class Weights:
    """The weights of a layout and their chunks in C: how they are cut depends on their sizes alone."""

    def __cinit__(self, layout, list variables, exempt):
        cdef idx_t size, first
        cdef int i
        cdef weight_t *w
        chunks = sum([ceil_div(v.size, CHUNK_ELEMENTS) for v in variables])
        self.memory = (
            aligned_zeros(len(variables) * sizeof(weight_t)), aligned_zeros(chunks * sizeof(chunk_t)))
        self.at, self.chunks = <weight_t *>address(self.memory[0]), <chunk_t *>address(self.memory[1])
        self.n = <int>len(variables)
        for i, variable in enumerate(variables):
            w = &self.at[i]
            w.value, w.version = address(variable.value), <idx_t *>address(variable.version)
            w.offset, w.size = layout.offset(variable), variable.size
            w.decays, w.chosen = variable not in exempt, True
            w.first_chunk = self.n_chunks
            for first in range(0, w.size, CHUNK_ELEMENTS):
                size = min(<idx_t>CHUNK_ELEMENTS, w.size - first)
                self.chunks[self.n_chunks] = chunk_t(i, first, size)
                self.n_chunks += 1
            w.n_chunks = self.n_chunks - w.first_chunk


cdef class Constraints:
    """The constraints of an update: those that a kernel applies in C, and those in Python."""

    def __cinit__(self, list constraints):
        cdef constraint_t *c
        self.hooks = []
        self.memory = aligned_zeros(len(constraints) * sizeof(constraint_t))
        self.at = <constraint_t *>address(self.memory)
        for variable, constraint, fields in constraints:
            if fields is None:
                self.hooks.append((variable, constraint))
                continue
            c = &self.at[self.n]
            c.w = address(variable.value)
            c.outer, c.n, c.inner, c.least, c.most, c.rate, c.epsilon = fields
            self.n += 1


cdef class Update:
    """The rule of an optimizer and its state for one model.

    Parameters
    ----------
    kernel : str
        Name of the C kernel.
    correction : str, optional
        Which rule's fields change from step to step: one of `CORRECTIONS`.
    """

    def __init__(self, str kernel, str correction=None):
        self.kernel_name, self.correction = kernel, CORRECTIONS[correction]
        self.slot_names, self.start, self.slots, self.accumulation = (), {}, {}, 1
        self.variables, self.known, self.bound = [], {}, None
        self.claim = Claim("optimizer")
        self.weights, self.constraints = Weights(None, [], ()), Constraints([])

    # ---- settings -----------------------------------------------------------------------------------

    def configure(self, tuple slots, dict rule, start, double weight_decay=0.0, double clip_norm=0.0,
                  double clip_value=0.0, double global_clip_norm=0.0, uint64_t accumulation=1,
                  ema_momentum=None, uint64_t ema_overwrite=0):
        """Set what stays the same from one `compile` to the next; see `Optimizer`.

        Slots are allocated or dropped as the settings need them; the number of updates done stays the same.
        No averages are kept if `ema_momentum` is None.

        Parameters
        ----------
        slots, rule, start
            See `fastnn.optimizers.settings.Rule`.
        """
        before = self.slot_names, self.start
        self.slot_names, self.start = slots, start
        try:
            self._name_slots(accumulation > 1, ema_momentum is not None)
        except BaseException:
            self.slot_names, self.start = before
            raise
        self.rule.beta_1 = rule.get("beta_1", 0)
        self.rule.beta_2 = rule.get("beta_2", 0)
        self.rule.momentum = rule.get("momentum", 0)
        self.rule.epsilon = rule.get("epsilon", 0)
        self.rule.nesterov = rule.get("nesterov", False)
        self.rule.l1 = rule.get("l1", 0)
        self.rule.l2 = rule.get("l2", 0)
        self.rule.l2_shrinkage = rule.get("l2_shrinkage", 0)
        self.rule.power = rule.get("power", 0)
        self.beta = rule.get("beta", 0)
        self.product, self.product_at = 1, 0
        self.iterations = self.iterations // self.accumulation * accumulation
        self.accumulation, self.ema_overwrite = accumulation, ema_overwrite
        self.ema_momentum = ema_momentum or 0
        self.weight_decay, self.rule.clip_value = weight_decay, clip_value
        self.clip_norm, self.global_clip_norm = clip_norm, global_clip_norm

    cdef int _name_slots(self, bint accumulates, bint averages) except -1:
        """Have the slots that the settings need, for the variables so far."""
        names = [name for name in self.slot_names if name]
        if averages:
            names.append("average")
        if accumulates:
            names.append("gradient_accumulator")
        if names != list(self.slots):
            if self.bound is None:
                known, slots = self._known_slots(), dict.fromkeys(names)
                self.known, self.slots, self.layout = known, slots, None
            else:
                self._bind(names, self.bound)
        return 0

    # ---- bind ---------------------------------------------------------------------------------------

    def bind(self, variables, exempt=frozenset(), constraints=()):
        """Update these variables from now on; what the slots hold for known variables is kept.

        Parameters
        ----------
        variables : list of Variable
            Of one dtype.
        exempt : set of Variable
            Those that weight decay leaves alone.
        constraints : sequence of (Variable, callable, tuple or None)
            With the fields of `constraint_t` where a kernel applies the constraint, None where Python does.
        """
        bound = list(variables), exempt, list(constraints)
        if bound != self.bound or self.kernels != table(bound[0][0].dtype):
            self._bind(list(self.slots), bound)

    cdef int _bind(self, list names, tuple bound) except -1:
        """Update these variables with slots of these names; until all is made, everything stays as it was."""
        cdef int i
        cdef list variables, constraints
        variables, exempt, constraints = bound
        dtype = variables[0].dtype
        cdef const fnn_kernels *kernels = table(dtype)
        cdef update_fn kernel = <update_fn>find_kernel(kernels, self.kernel_name)
        layout, slots, known, direction = self.layout, self.slots, self.known, self.direction
        if layout is None or layout.variables != variables or list(slots) != names:
            layout, known = ParameterLayout(variables, dtype), self._known_slots()
            slots = {name: self._new_slot(layout, name, known) for name in names}
            direction = layout.zeros() if self.correction == LAMB else None
            for variable in variables:
                known.pop(variable, None)
        cdef Weights weights = Weights(layout, variables, exempt)
        cdef Constraints applied = Constraints(constraints)
        places = {name: <uintptr_t>address(slot) for name, slot in slots.items()}
        self.layout, self.slots, self.known, self.direction = layout, slots, known, direction
        self.kernels, self.kernel, self.variables, self.bound = kernels, kernel, variables, bound
        self.weights, self.constraints, self.partial = weights, applied, False
        for i, name in enumerate(self.slot_names):
            self.slot[i] = <char *><uintptr_t>places.get(name, 0)
        if direction is not None:
            self.slot[2] = address(direction)
        self.average = <char *><uintptr_t>places.get("average", 0)
        self.accumulator = <char *><uintptr_t>places.get("gradient_accumulator", 0)
        return 0

    cdef dict _known_slots(self):
        """Return copies of the slots of all variables so far, for a layout to come that has them again."""
        known = dict(self.known)
        for variable in self.layout.variables if self.layout is not None else ():
            known[variable] = {
                name: self.layout.part(slot, variable).copy() for name, slot in self.slots.items()}
        return known

    cdef object _new_slot(self, layout, str name, dict known):
        """Return a slot of a layout, with the known state of its variables."""
        slot = layout.zeros()
        slot[:] = self.start.get(name, 0)
        for variable in layout.variables:
            if name in known.get(variable, ()):
                layout.part(slot, variable)[...] = known[variable][name]
            elif name == "average":
                layout.part(slot, variable)[...] = variable.value
        return slot

    cdef int _choose(self, chosen) except -1:
        """Update these of the variables at the next step."""
        cdef int i
        for i, variable in enumerate(self.variables):
            self.weights.at[i].chosen = variable in chosen
        self.partial = len(chosen) < len(self.variables)
        return 0

    # ---- step ---------------------------------------------------------------------------------------

    cdef int begin(self) except -1:
        """Count a step and find its learning rate; before `apply`."""
        if self.partial:
            self._choose(frozenset(self.variables))
        if self.schedule is not None:
            self.learning_rate = self.schedule(self.iterations)
        self.iterations += 1
        return 0

    cdef int end(self, bint done) except -1:
        """Apply the constraints that are written in Python, or take back the count of a step not done."""
        if not done:
            self.iterations -= 1
            return 0
        for variable, constraint in self.constraints.hooks:
            variable.assign(constraint(variable.numpy()))
        return 0

    def step(self, gradients, list chosen):
        """Update these of the variables by gradients in an array of the layout."""
        cdef run_t r
        cdef uint64_t mode
        memset(&r, 0, sizeof(run_t))
        r.base[GRADIENTS] = address(gradients)
        r.threads = run_threads()
        if self.ranks is not None:
            self.ranks.sum_gradients(gradients)
        self.begin()
        if len(chosen) < len(self.variables):
            self._choose(frozenset(chosen))
        with nogil:
            mode = fnn_fp_enter()
            self.apply(&r)
            fnn_fp_leave(mode)
        self.end(True)

    cdef void apply(self, const run_t *r) noexcept nogil:
        """One step: from the gradients of the run to new weights.

        Their versions change before and after, so what another thread computes meanwhile is not kept.
        """
        cdef int i
        cdef uint64_t updates = (self.iterations - 1) // self.accumulation
        cdef bint due = self.iterations % self.accumulation == 0
        self._change_versions()
        if self.accumulation > 1:
            self._accumulate(r, False)
        if due:
            self._step(r, updates + 1)
            if self.accumulation > 1:
                self._accumulate(r, True)
        if self.average is not NULL:
            self._average(r, updates)
        for i in range(self.constraints.n):
            constrain(&self.constraints.at[i], self.kernels, r.threads)
        self._change_versions()

    cdef void _change_versions(self) noexcept nogil:
        cdef int i
        cdef weight_t *w
        for i in range(self.weights.n):
            w = &self.weights.at[i]
            w.version[0] += 1

    cdef void _begin_pass(self, pass_t *p, const run_t *r) noexcept nogil:
        memset(p, 0, sizeof(pass_t))
        p.kernels, p.weights, p.chunks = self.kernels, self.weights.at, self.weights.chunks
        p.gradients = r.base[GRADIENTS]

    cdef void _accumulate(self, const run_t *r, bint last) noexcept nogil:
        """Add the gradients up, or clear the sums. Those of the run stay as they are: ops may keep them."""
        cdef pass_t p
        self._begin_pass(&p, r)
        p.sums, p.last = self.accumulator, last
        parallel_for(accumulate_chunk, &p, self.weights.n_chunks, r.threads)

    cdef void _average(self, const run_t *r, uint64_t updates) noexcept nogil:
        """Let averages follow the weights; the first average is the weights themselves."""
        cdef pass_t p
        self._begin_pass(&p, r)
        p.sums, p.momentum = self.average, self.ema_momentum if updates else 0
        p.last = self.ema_overwrite and (updates + 1) % self.ema_overwrite == 0
        parallel_for(average_chunk, &p, self.weights.n_chunks, r.threads)

    cdef void _step(self, const run_t *r, uint64_t t) noexcept nogil:
        """The update number t, from 1, of the chosen weights."""
        cdef int i, j
        cdef pass_t p
        cdef double scale = 1.0 / <double>self.accumulation
        self._begin_pass(&p, r)
        if self.accumulation > 1:
            p.gradients = self.accumulator
        p.kernel, p.rule = self.kernel, self._corrected(t)
        for j in range(3):
            p.slot[j] = self.slot[j]
        if self.global_clip_norm:
            scale = clipped_scale(self._squares(p.gradients, 0, self.weights.n), self.global_clip_norm, scale)
        for i in range(self.weights.n):
            self.weights.at[i].scale = scale
            if self.clip_norm:
                self.weights.at[i].scale = clipped_scale(
                    self._squares(p.gradients, i, i + 1), self.clip_norm, scale)
        if self.correction != LAMB:
            parallel_for(update_chunk, &p, self.weights.n_chunks, r.threads)
            return
        for i in range(self.weights.n):
            if self.weights.at[i].chosen:
                self._lamb(p, i, r.threads)

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
        """The product of Nadam's momenta up to update t; they all are beta_1 from update SETTLED on."""
        cdef uint64_t varying = min(t, <uint64_t>SETTLED)
        if varying < self.product_at:
            self.product, self.product_at = 1, 0
        while self.product_at < varying:
            self.product_at += 1
            self.product *= nadam_momentum(self.rule.beta_1, self.product_at)
        return self.product * pow(self.rule.beta_1, <double>(t - varying))

    cdef void _lamb(self, pass_t p, int i, int threads) noexcept nogil:
        """Adam's step for weight i, scaled to the norm of the weight (You et al. 2020), as one of descent.

        Adam's kernel takes its step from zero, in `direction`, which stands in the place of the weight.
        """
        cdef weight_t *w = &self.weights.at[i]
        cdef char *value = w.value
        cdef bint decays = w.decays
        cdef double norm, step, decay = p.rule.decay if decays else 0
        p.chunks = &self.weights.chunks[w.first_chunk]
        w.value, w.decays = p.slot[2] + w.offset, False
        memset(w.value, 0, w.size * self.kernels.itemsize)
        p.slot[2] = NULL
        parallel_for(update_chunk, &p, w.n_chunks, threads)
        norm = sqrt(self.kernels.sum_squares(value, w.size)) * (1 - decay)
        step = sqrt(self.kernels.sum_squares(w.value, w.size))
        w.value, w.decays, w.scale = value, decays, 1
        p.gradients, p.kernel = self.slot[2], self.kernels.sgd
        p.slot[0] = p.slot[1] = NULL
        p.rule.clip_value = 0
        p.rule.learning_rate = -self.learning_rate * (norm / step if norm > 0 and step > 0 else 1)
        parallel_for(update_chunk, &p, w.n_chunks, threads)

    cdef double _squares(self, const char *gradients, int first, int last) noexcept nogil:
        """The sum of the squares of the gradients of these weights, as far as they are chosen."""
        cdef int i
        cdef const weight_t *w
        cdef double squares = 0
        for i in range(first, last):
            if self.weights.at[i].chosen:
                w = &self.weights.at[i]
                squares += self.kernels.sum_squares(gradients + w.offset, w.size)
        return squares


cdef inline double clipped_scale(double squares, double limit, double scale) noexcept nogil:
    """`scale`, and the factor that makes the norm of gradients with such squares at most `limit`."""
    squares *= scale * scale
    return scale * limit / sqrt(squares) if squares > limit * limit else scale


cdef enum:
    SETTLED = 1000  # 0.96 ** 1000 / 2 is less than half a unit in the last place of 1


cdef inline double nadam_momentum(double beta_1, uint64_t t) noexcept nogil:
    return beta_1 * (1 - 0.5 * pow(0.96, <double>t))
