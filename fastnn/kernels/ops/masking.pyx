"""Masks of sequences: 1 for a step that counts, 0 for one that does not, a number for each step of a row."""

from ..core.plan cimport Plan
from ..core.runtime cimport parallel_for
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DX, DY, FIRST_OWN, X, Y, idx_t, operand, run_t, step_t

cdef idx_t CHUNK = 1 << 14      # elements that a thread takes at a time

cdef enum:          # operands
    MASK = FIRST_OWN
    WEIGHTS

cdef enum:          # sizes
    STEPS           # numbers of the mask for each row of the batch
    WIDTH           # elements of a step
    PER_ROW         # weights of a row

ctypedef void (*rows_fn)(void *, const void *, const void *, idx_t, idx_t) noexcept nogil

ctypedef struct pass_t:
    const step_t *s
    const run_t *r
    int out
    int source
    idx_t steps         # of the run
    idx_t chunk


cdef Step new_step(Plan plan, Value x, Value mask, str name, step_t s):
    cdef Step step = plan.add(name, s.forward, s.backward, NULL, <double>x.size)
    step.c.size[STEPS] = mask.size
    step.c.size[WIDTH] = x.size // max(1, mask.size)
    step.use(X, x, FORWARD)
    return step


# ---- which steps count --------------------------------------------------------------------------------

def emit_mask(Plan plan, Value x, double value, idx_t width):
    """Append the mask of the steps, `width` elements each, that are not all `value` to `plan`."""
    cdef step_t s
    cdef Value mask = plan.value(x.shape if width == 1 else x.shape[:len(x.shape) - 1])
    s.forward, s.backward = forward_mask, NULL
    cdef Step step = new_step(plan, x, mask, "mask", s)
    step.c.size[WIDTH], step.c.param[0] = width, value
    step.use(MASK, mask, FORWARD)
    return mask


cdef void find(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef idx_t first = i * p.chunk, item = s.kernels.itemsize, width = s.size[WIDTH]
    s.kernels.mask_steps(operand(s, p.r, MASK) + first * item, operand(s, p.r, X) + first * width * item,
                         min(p.chunk, p.steps - first), width, s.param[0])


cdef void forward_mask(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p
    p.s, p.r, p.steps, p.chunk = s, r, s.size[STEPS] * r.rows, max(1, CHUNK // max(1, s.size[WIDTH]))
    parallel_for(find, &p, (p.steps + p.chunk - 1) // p.chunk, r.threads)


# ---- steps that do not count are zero -----------------------------------------------------------------

def emit(Plan plan, Value x, Value mask):
    """Append y, which is x in the steps that count and 0 in the others, to `plan`."""
    cdef step_t s
    s.forward, s.backward = forward, backward
    cdef Value y = plan.value(x.shape, x.differentiable)
    cdef Step step = new_step(plan, x, mask, "masking", s)
    y.producer = step
    step.use(MASK, mask, BOTH).use(Y, y, FORWARD)
    if y.differentiable:
        step.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD)
    return y


cdef void keep(void *context, idx_t i, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef idx_t first = i * p.chunk, item = s.kernels.itemsize, at = first * s.size[WIDTH] * item
    s.kernels.mask_rows(operand(s, p.r, p.out) + at, operand(s, p.r, p.source) + at,
                        operand(s, p.r, MASK) + first * item, min(p.chunk, p.steps - first), s.size[WIDTH])


cdef void keep_steps(const step_t *s, const run_t *r, int out, int source) noexcept nogil:
    cdef pass_t p
    p.s, p.r, p.out, p.source, p.steps = s, r, out, source, s.size[STEPS] * r.rows
    p.chunk = max(1, CHUNK // max(1, s.size[WIDTH]))
    parallel_for(keep, &p, (p.steps + p.chunk - 1) // p.chunk, r.threads)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    keep_steps(s, r, Y, X)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    keep_steps(s, r, DX, DY)


# ---- the mean over the steps that count ---------------------------------------------------------------

def emit_mean(Plan plan, Value x, Value mask):
    """Append y (channels), the mean over the steps of x (steps, channels) that count, to `plan`."""
    cdef step_t s
    s.forward, s.backward = forward_mean, backward_mean
    cdef Value y = plan.value(x.shape[1:], x.differentiable)
    cdef Step step = new_step(plan, x, mask, "mask_mean", s)
    y.producer = step
    step.use(MASK, mask, BOTH).use(Y, y, FORWARD)
    if y.differentiable:
        step.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD)
    return y


cdef void mean_of(void *context, idx_t row, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef const step_t *s = p.s
    cdef idx_t item = s.kernels.itemsize, steps = s.size[STEPS], width = s.size[WIDTH]
    cdef rows_fn mean = s.kernels.mask_mean if p.out == Y else s.kernels.mask_mean_backward
    cdef idx_t y = row * width * item, x = y * steps
    mean(operand(s, p.r, p.out) + (y if p.out == Y else x),
         operand(s, p.r, p.source) + (x if p.out == Y else y),
         operand(s, p.r, MASK) + row * steps * item, steps, width)


cdef void means(const step_t *s, const run_t *r, int out, int source) noexcept nogil:
    cdef pass_t p
    p.s, p.r, p.out, p.source = s, r, out, source
    parallel_for(mean_of, &p, r.rows, r.threads)


cdef void forward_mean(const step_t *s, const run_t *r) noexcept nogil:
    means(s, r, Y, X)


cdef void backward_mean(const step_t *s, const run_t *r) noexcept nogil:
    means(s, r, DX, DY)


# ---- as weights of a loss -----------------------------------------------------------------------------

def emit_weights(Plan plan, Value mask, Value weights):
    """Append the mask times the weights, of rows or of their steps, to `plan`."""
    if weights.size not in (1, mask.size):
        raise ValueError(
            f"sample_weight: expected shape (rows,) or (rows, {mask.size}), since these steps have a mask")
    cdef Value y = plan.value(mask.shape)
    cdef Step step = plan.add("mask_weights", forward_weights, NULL, NULL, <double>mask.size)
    step.c.size[STEPS], step.c.size[PER_ROW] = mask.size, weights.size
    step.use(MASK, mask, FORWARD).use(Y, y, FORWARD).use(WEIGHTS, weights, FORWARD)
    return y


cdef void forward_weights(const step_t *s, const run_t *r) noexcept nogil:
    cdef idx_t item = s.kernels.itemsize, n = s.size[STEPS], row = n * item, i
    cdef char *weights = operand(s, r, WEIGHTS)
    cdef double weight
    if s.size[PER_ROW] == n:
        s.kernels.mask_rows(operand(s, r, Y), weights, operand(s, r, MASK), n * r.rows, 1)
        return
    for i in range(r.rows):
        weight = (<float *>weights)[i] if item == sizeof(float) else (<double *>weights)[i]
        s.kernels.merge_sum(operand(s, r, Y) + i * row, operand(s, r, MASK) + i * row, NULL, n, weight)
