"""The loss of an output: the weighted sum of one value per row, and its gradient in the same pass.

A loss of the probabilities of a final softmax or sigmoid takes that activation over: it reads the logits,
writes the probabilities, and its gradient is that by the logits, p - t, exact where p underflows.
"""

from libc.math cimport sqrt
from libc.stdint cimport INT64_MIN

from ..core.plan cimport Plan, sum_over_ranks
from ..core.steps cimport FORWARD, Step, Value
from ..core.tables cimport fnn_loss_metric
from ..core.types cimport DX, OWN_SAVED, X, Y, idx_t, operand, run_t, step_t, totals_t
from .loss_metric cimport (
    CLASSES,
    FIRST_OWN_SIZE,
    KIND,
    MASK,
    TOTAL,
    CLASS,
    add_step,
    bind,
    first_invalid,
    sum_values,
    value_fn,
)

from ..core.specs import PythonSpec, Transform

from . import python_op
from .activation import CODES

cdef enum:          # sizes
    REDUCTION = FIRST_OWN_SIZE
    FIRST           # rows are counted for the model's loss by the first loss of the model
    COUNTED         # and for that of an output by its first loss
    ROOT            # the loss is the root of what the reduction makes of the values

cdef enum:          # parameters
    FACTOR          # of the loss in that of the model

cdef enum:
    MODEL_LOSS = 0  # the total of a model's loss

cdef enum:          # what the sum over a batch is divided by
    MEAN            # the number of values
    WEIGHTED_MEAN   # the sum of their weights
    SUM             # 1

REDUCTIONS = {"sum_over_batch_size": MEAN, "mean": MEAN, "mean_with_sample_weight": WEIGHTED_MEAN, "sum": SUM}


cdef Value take_activation(Plan plan, Value prediction, str activation):
    """The logits behind `prediction` if `activation` made it and nothing else reads it; else None.

    The activation is removed: the caller writes `prediction` from now on.
    """
    cdef Step producer = prediction.producer
    cdef Value logits
    if producer is None or activation is None:
        return None
    if producer.name == "softmax" and activation == "softmax":
        logits = producer.operand(X)
        plan.steps.remove(producer)
    elif producer.c.activation.code == CODES["sigmoid"] and activation == "sigmoid":
        producer.c.activation.code = CODES["linear"]
        producer.saved = None
        producer.uses.pop(OWN_SAVED, None)
        logits = plan.value(prediction.shape, prediction.differentiable)
        logits.gradient, logits.producer = prediction.gradient, producer
        producer.use(Y, logits, FORWARD)
    else:
        return None
    prediction.producer = None
    return logits


def emit_loss(Plan plan, Value prediction, Value target, Value weights, spec, str name="loss",
              str reduction="mean", double factor=1.0, bint first=True, bint counted=True):
    """Append a loss of `prediction` against `target`, and its gradient.

    Its total is the mean over batches, weighted by their rows, of what `reduction` makes of the values. That
    of the model, "loss", is the sum of the losses of its outputs, each times a `factor`. Values that the mask
    of `prediction` leaves out weigh nothing, and do not count.

    Parameters
    ----------
    weights : Value or None
        Of the rows, or of the values of each.
    spec : LossSpec or PythonSpec
    first : bool
        Whether this is the first loss of the model.
    counted : bool
        Whether this is the first loss of its name: those of one name are added up.
    """
    if isinstance(spec, PythonSpec):
        python_op.emit_loss(plan, prediction, target, weights, spec.function, name, factor, first, counted)
        return
    cdef Value logits = take_activation(plan, prediction, spec.activation)
    cdef Step s
    if logits is None:
        s = add_step(plan, prediction, target, weights, spec, name, spec.kernel, forward)
        logits = prediction
    else:
        s = add_step(plan, prediction, target, weights, spec, name, spec.kernel + "_logits", forward)
        s.use(X, logits, FORWARD).use(Y, prediction, FORWARD)
    s.use(DX, plan.gradient(logits), FORWARD)
    s.c.size[REDUCTION], s.c.size[FIRST], s.c.size[COUNTED] = REDUCTIONS[reduction], first, counted
    s.c.size[ROOT] = spec.transform is Transform.ROOT
    s.c.param[FACTOR] = factor


def emit_count(Plan plan):
    """Append the count of the rows, of a model whose loss is only what layers add and penalties."""
    plan.add("count", count_rows, NULL, NULL, 0)


cdef void count_rows(const step_t *s, const run_t *r) noexcept nogil:
    r.totals[MODEL_LOSS].weight += r.rows


cdef double divisor_of(const step_t *s, const run_t *r, fnn_loss_metric settings) noexcept nogil:
    """What the sum of the values is divided by: of a run's portion of the rows, so much of that of all."""
    cdef double divisor = 1
    if s.size[REDUCTION] == MEAN:
        settings.weight = operand(s, r, MASK)
    if s.size[REDUCTION] != SUM:
        divisor = s.kernels.weight_sum(&settings)
        if settings.weight is NULL and settings.ignore_class == INT64_MIN:
            return divisor              # which goes with the rows
        if r.ranks is not NULL:
            sum_over_ranks(r, &divisor, 1)
    return divisor * r.portion


cdef double root_of(const step_t *s, const run_t *r, fnn_loss_metric *settings) noexcept nogil:
    """The root of the scaled sum of the values, and its gradient times the loss's factor.

    The gradient needs the root, so rows are passed twice. Where the root is 0 the gradient is 0 too.
    """
    cdef idx_t item = s.kernels.itemsize
    cdef void *dx = settings.dx
    cdef double root
    settings.dx = NULL
    root = sum_values(<value_fn>s.kernel, settings, item, s.size[KIND], r.threads)
    if r.ranks is not NULL:
        sum_over_ranks(r, &root, 1)
    root = sqrt(root * settings.scale * r.portion)
    if dx is not NULL:
        settings.dx = dx
        settings.scale = s.param[FACTOR] * settings.scale / (2 * root) if root else 0
        sum_values(<value_fn>s.kernel, settings, item, s.size[KIND], r.threads)
    return root


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef fnn_loss_metric settings
    cdef totals_t *total = r.totals + s.size[TOTAL]
    cdef idx_t count
    cdef double value, divisor
    bind(&settings, s, r)
    count = settings.m if s.size[KIND] >= CLASS else settings.m * s.size[CLASSES]
    r.bad.at = first_invalid(
        s.kernels, s.size[KIND], settings.target, count, s.size[CLASSES], settings.ignore_class)
    if r.bad.at >= 0:
        return
    divisor = divisor_of(s, r, settings)
    settings.scale = 1 / divisor if divisor else 0
    if s.size[ROOT]:
        value = root_of(s, r, &settings)
    else:
        settings.scale *= s.param[FACTOR]
        value = sum_values(<value_fn>s.kernel, &settings, s.kernels.itemsize, s.size[KIND], r.threads)
        value = value / divisor if divisor else 0
    r.totals[MODEL_LOSS].value += s.param[FACTOR] * value * r.rows
    r.totals[MODEL_LOSS].weight += r.rows * s.size[FIRST]
    if s.size[TOTAL] != MODEL_LOSS:
        total.value += value * r.rows
        total.weight += r.rows * s.size[COUNTED]
