"""Masks of sequences, a number for each step of a row: 1 for a valid step, 0 for a masked one."""

from ..core.plan cimport Plan
from ..core.runtime cimport parallel_chunks
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DX, DY, FIRST_OWN, X, Y, idx_t, operand, run_t, step_t

cdef enum:          # operands
    MASK = FIRST_OWN
    WEIGHTS

cdef enum:          # sizes
    STEPS           # numbers of the mask for each row of the batch
    WIDTH           # elements of a step
    PER_ROW         # weights for each row of the batch

ctypedef void (*rows_fn)(void *, const void *, const void *, idx_t, idx_t) noexcept nogil

ctypedef struct pass_t:
    const step_t *s
    const run_t *r
    int out             # operands
    int source


cdef Step new_step(Plan plan, Value x, Value mask, str name, step_t s):
    cdef Step step = plan.add(name, s.forward, s.backward, NULL, <double>x.size)
    step.c.size[STEPS] = mask.size
    step.c.size[WIDTH] = x.size // max(1, mask.size)
    step.use(X, x, FORWARD)
    return step


# ---- which steps are valid ----------------------------------------------------------------------------

def emit_mask(Plan plan, Value x, double value, idx_t width):
    """Append a mask to `plan`: 0 for steps of `width` elements that all equal `value`, 1 for the others."""
    cdef step_t s
    cdef Value mask = plan.value(x.shape if width == 1 else x.shape[:len(x.shape) - 1])
    s.forward, s.backward = forward_mask, NULL
    cdef Step step = new_step(plan, x, mask, "mask", s)
    step.c.size[WIDTH], step.c.param[0] = width, value
    step.use(MASK, mask, FORWARD)
    return mask


cdef void find(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef idx_t item = s.kernels.itemsize, width = s.size[WIDTH]
    s.kernels.mask_steps(operand(s, p.r, MASK) + first * item, operand(s, p.r, X) + first * width * item,
                         count, width, s.param[0])


cdef void forward_mask(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_t(s, r, MASK, X)
    parallel_chunks(find, &p, s.size[STEPS] * r.rows, s.size[WIDTH], r.threads)


# ---- zero in place of masked steps --------------------------------------------------------------------

def emit(Plan plan, Value x, Value mask):
    """Append y, which is x in valid steps and 0 in masked ones, to `plan`."""
    cdef step_t s
    s.forward, s.backward = forward, backward
    cdef Value y = plan.value(x.shape, x.differentiable)
    cdef Step step = new_step(plan, x, mask, "masking", s)
    y.producer = step
    step.use(MASK, mask, BOTH).use(Y, y, FORWARD)
    if y.differentiable:
        step.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD)
    return y


cdef void keep(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef idx_t item = s.kernels.itemsize, at = first * s.size[WIDTH] * item
    s.kernels.mask_rows(operand(s, p.r, p.out) + at, operand(s, p.r, p.source) + at,
                        operand(s, p.r, MASK) + first * item, count, s.size[WIDTH])


cdef void keep_steps(const step_t *s, const run_t *r, int out, int source) noexcept nogil:
    cdef pass_t p = pass_t(s, r, out, source)
    parallel_chunks(keep, &p, s.size[STEPS] * r.rows, s.size[WIDTH], r.threads)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    keep_steps(s, r, Y, X)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    keep_steps(s, r, DX, DY)


# ---- the mean over valid steps ------------------------------------------------------------------------

def emit_mean(Plan plan, Value x, Value mask):
    """Append y (channels), the mean over the valid steps of x (steps, channels), to `plan`."""
    cdef step_t s
    s.forward, s.backward = forward_mean, backward_mean
    cdef Value y = plan.value(x.shape[1:], x.differentiable)
    cdef Step step = new_step(plan, x, mask, "mask_mean", s)
    y.producer = step
    step.use(MASK, mask, BOTH).use(Y, y, FORWARD)
    if y.differentiable:
        step.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD)
    return y


cdef void means(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef idx_t steps = s.size[STEPS], width = s.size[WIDTH], item = s.kernels.itemsize
    cdef idx_t out_row = width if p.out == Y else steps * width
    cdef idx_t source_row = steps * width if p.out == Y else width
    cdef rows_fn mean = s.kernels.mask_mean if p.out == Y else s.kernels.mask_mean_backward
    cdef idx_t row
    for row in range(first, first + count):
        mean(operand(s, p.r, p.out) + row * out_row * item,
             operand(s, p.r, p.source) + row * source_row * item,
             operand(s, p.r, MASK) + row * steps * item, steps, width)


cdef void forward_mean(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_t(s, r, Y, X)
    parallel_chunks(means, &p, r.rows, s.size[STEPS] * s.size[WIDTH], r.threads)


cdef void backward_mean(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_t(s, r, DX, DY)
    parallel_chunks(means, &p, r.rows, s.size[STEPS] * s.size[WIDTH], r.threads)


# ---- weights of a loss --------------------------------------------------------------------------------

def emit_weights(Plan plan, Value mask, Value weights):
    """Append the mask times weights, one for each row or one for each step of a row, to `plan`."""
    if weights.size not in (1, mask.size):
        raise ValueError(
            f"sample_weight: expected shape (rows,) or (rows, {mask.size}), since these steps have a mask")
    cdef Value y = plan.value(mask.shape)
    cdef Step step = plan.add("mask_weights", forward_weights, NULL, NULL, <double>mask.size)
    step.c.size[STEPS], step.c.size[PER_ROW] = mask.size, weights.size
    step.use(MASK, mask, FORWARD).use(Y, y, FORWARD).use(WEIGHTS, weights, FORWARD)
    return y


cdef void forward_weights(const step_t *s, const run_t *r) noexcept nogil:
    cdef idx_t n = s.size[STEPS]
    if s.size[PER_ROW] == n:
        s.kernels.mask_rows(operand(s, r, Y), operand(s, r, WEIGHTS), operand(s, r, MASK), n * r.rows, 1)
    else:
        s.kernels.mask_weights(operand(s, r, Y), operand(s, r, MASK), operand(s, r, WEIGHTS), r.rows, n)
