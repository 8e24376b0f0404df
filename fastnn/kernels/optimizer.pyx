"""The update of all weights: one pass of an optimizer's kernel over flat memory.

Parameters, gradients and the optimizer's slots share one layout, so a pass needs offsets only. Neighbours
that learn are one range; clipping by the norm of each weight needs them apart.
"""

from cpython.mem cimport PyMem_Calloc, PyMem_Free
from libc.math cimport sqrt

from .runtime cimport address, kernel as find_kernel, parallel_for, table
from .types cimport GRADIENTS, PARAMETERS

from .memory import aligned_zeros

cdef idx_t CHUNK = 1 << 14      # elements that a thread updates at a time


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


cdef class Update:
    """The rule of an optimizer and its state for one model.

    Parameters
    ----------
    kernel : str
        Name of the C kernel.
    slots : tuple of str or None
        Names of the kernel's three slots; None where it gets none.
    rule : dict
        Fields of `fnn_update` that stay the same from step to step.
    bias_correction : bool
        Whether the learning rate is Adam's: times sqrt(1 - beta_2^t) / (1 - beta_1^t) at step t.
    """

    def __init__(self, str kernel, tuple slots, dict rule, bint bias_correction=False):
        self.kernel_name, self.slot_names, self.bias_correction = kernel, slots, bias_correction
        self.slots = {name: None for name in slots if name}
        self.rule.beta_1 = rule.get("beta_1", 0)
        self.rule.beta_2 = rule.get("beta_2", 0)
        self.rule.momentum = rule.get("momentum", 0)
        self.rule.epsilon = rule.get("epsilon", 0)
        self.rule.clip_value = rule.get("clip_value", 0)
        self.rule.nesterov = rule.get("nesterov", False)

    def __dealloc__(self):
        PyMem_Free(self.ranges)

    def bind(self, block, variables):
        """Update these variables of `block` from now on; what the slots held for any of them moves along."""
        cdef int i
        cdef idx_t start, size
        self.kernels = table(block.dtype)
        self.kernel = <update_fn>find_kernel(self.kernels, self.kernel_name)
        self.version = <idx_t *>address(block.version)
        if block is self.block and list(variables) == self.variables:
            return
        old, self.block, self.variables = self.block, block, list(variables)
        for i, name in enumerate(self.slot_names):
            self.slot[i] = NULL
            if name is not None:
                moved = aligned_zeros(block.values.size, block.dtype)
                if old is not None:
                    for variable in old.variables & set(variables):
                        block.part(moved, variable)[...] = old.part(self.slots[name], variable)
                self.slots[name] = moved
                self.slot[i] = address(moved)
        PyMem_Free(self.ranges)
        self.ranges = <range_t *>PyMem_Calloc(max(1, len(variables)), sizeof(range_t))
        if self.ranges is NULL:
            raise MemoryError(f"no memory for the ranges of {len(variables)} variables")
        self.n_ranges = 0
        for start, size in block.ranges(variables, merged=not self.clip_norm):
            self.ranges[self.n_ranges] = range_t(start, size)
            self.n_ranges += 1

    cdef void apply(self, const run_t *r) noexcept nogil:
        """One step: from the gradients of the run to new parameters."""
        cdef int i, j
        cdef double t = <double>self.iterations
        cdef range_t at
        cdef idx_t offset
        cdef pass_t p
        cdef fnn_update u = self.rule
        self.version[0] += 1
        u.decay = self.learning_rate * self.weight_decay
        u.learning_rate = self.learning_rate
        if self.bias_correction:
            u.learning_rate *= sqrt(1 - u.beta_2 ** t) / (1 - u.beta_1 ** t)
        u.gradient_scale = 1
        if self.global_clip_norm:
            u.gradient_scale = self.norm_scale(r, 0, self.n_ranges, self.global_clip_norm)
        for i in range(self.n_ranges):
            if self.clip_norm:
                u.gradient_scale = self.norm_scale(r, i, i + 1, self.clip_norm)
            at = self.ranges[i]
            offset = at.start * self.kernels.itemsize
            u.n = at.size
            u.w = r.base[PARAMETERS] + offset
            u.g = r.base[GRADIENTS] + offset
            for j in range(3):
                u.slot[j] = NULL if self.slot[j] is NULL else self.slot[j] + offset
            p.kernel, p.itemsize, p.u = self.kernel, self.kernels.itemsize, u
            parallel_for(update_chunk, &p, (at.size + CHUNK - 1) // CHUNK, r.threads)

    cdef double norm_scale(self, const run_t *r, int first, int last, double limit) noexcept nogil:
        """What makes the norm of the gradients of these ranges at most `limit`."""
        cdef int i
        cdef double squares = 0
        for i in range(first, last):
            squares += self.kernels.sum_squares(
                r.base[GRADIENTS] + self.ranges[i].start * self.kernels.itemsize, self.ranges[i].size)
        return limit / sqrt(squares) if squares > limit * limit else 1
