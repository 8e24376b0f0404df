"""Losses and metrics: the weighted sum of one value per row, and for a loss its gradient in the same pass.

A loss on the probabilities of a final softmax or sigmoid takes that activation over: it reads the logits,
writes the probabilities, and its gradient is that of the logits, p - t, exact where p underflows.

What a loss or metric is asked for, beside its arrays, is one `fnn_loss_metric` that the plan keeps and each run
copies. A metric that is no mean of values, such as one that counts, has a state of its own, which its kernel
adds to.

Rows are summed in pieces whose number is fixed by the batch, and the pieces in order: the same bits for any
number of threads.
"""

from typing import NamedTuple

import numpy as np

from libc.stdint cimport INT64_MIN, int32_t, int64_t
from libc.math cimport INFINITY, sqrt
from libc.string cimport memset

from ..core.tables cimport (
    FNN_COUNT_EACH,
    FNN_COUNT_EVEN,
    FNN_COUNT_LARGEST,
    FNN_COUNT_OUTER,
    fnn_kernels,
    fnn_loss_metric,
)
from ..core.plan cimport Plan
from ..core.runtime cimport address, kernel, max_threads, parallel_for, table
from ..core.steps cimport FORWARD, Step, Value
from ..core.types cimport DX, FIRST_OWN, OWN_SAVED, X, Y, idx_t, operand, run_t, step_t, totals_t

from . import python_op, masking
from .activation import CODES

cdef enum:
    LABELS = FIRST_OWN
    WEIGHTS         # of rows or of their steps; where there is a mask, times that
    MASK
    SETTINGS        # an fnn_loss_metric without its arrays
    STATE           # of a metric that counts

cdef enum:          # sizes
    STEPS           # weights for each row of the batch
    ROWS            # values for each row of the batch: the product of the dimensions between
    CLASSES         # the last dimension
    TOTAL
    SPARSE          # labels are class numbers
    CHECKED         # labels have to lie in [0, 1]
    IS_LOSS
    REDUCTION
    COUNTS          # rows, in the total of the loss: the first loss of a model does
    SIGNED          # labels of 0 and 1 stand for -1 and 1
    ROOT            # the loss is the root of what the reduction makes of the values

cdef enum:          # parameters
    FACTOR          # of a loss in that of the model

cdef enum:
    LOSS = 0        # the total of a model's loss

cdef enum:          # what the sum over a batch becomes as its loss
    MEAN            # divided by the number of values
    WEIGHTED_MEAN   # divided by the sum of their weights
    SUM

REDUCTIONS = {"sum_over_batch_size": MEAN, "mean": MEAN, "mean_with_sample_weight": WEIGHTED_MEAN, "sum": SUM}

cdef enum:
    PIECES = 64

ctypedef double (*score_fn)(const fnn_loss_metric *) noexcept nogil
ctypedef void (*tally_fn)(double *, const fnn_loss_metric *) noexcept nogil


class Score(NamedTuple):
    """What a loss or metric tells the kernels.

    Attributes
    ----------
    kernel : str
        Name in csrc/kernels.def, of the version on probabilities where there are two.
    sparse : bool
        Whether labels are class numbers, one int32 per value, rather than reals like the predictions.
    activation : str or None
        "softmax" or "sigmoid": the final activation that a loss on probabilities takes over.
    from_logits : bool
        Whether predictions are logits; then the kernel is `kernel` + "_logits".
    bounded : bool
        Whether labels have to lie in [0, 1].
    signed : bool
        Whether labels that are all 0 or 1 stand for -1 and 1.
    root : bool
        Whether a loss is the square root of what its reduction makes of the values.
    parameters : tuple of float
        The kernel's own.
    counts : bool
        Whether the kernel adds to a state, rather than to a sum of values. Of those that count what exceeds
        `levels`:
    even, outer : bool
        Whether the levels lie evenly from 0 to 1, but for the first, if `outer`, just below 0.
    each : bool
        Whether columns are counted apart.
    largest : bool
        Whether it is the largest of a row that counts, in the place of levels.
    column : int or None
        The only column that counts.
    lenient : bool
        Whether class numbers may be others than those of the predictions.
    function : callable or None
        What computes it in the place of a kernel: see `python_op.emit_loss` and `python_op.emit_metric`.
    """

    kernel: str
    sparse: bool = False
    activation: str | None = None
    from_logits: bool = False
    bounded: bool = False
    label_smoothing: float = 0.0
    clip: float = 0.0
    threshold: float = 0.5
    ignore_class: int | None = None
    signed: bool = False
    root: bool = False
    parameters: tuple = ()
    counts: bool = False
    levels: tuple = ()
    even: bool = False
    outer: bool = False
    each: bool = False
    largest: bool = False
    column: int | None = None
    lenient: bool = False
    function: object = None


cdef object settle(fnn_loss_metric *s, score, idx_t classes, str dtype):
    """Write what `score` asks for; the array returned holds the levels, and has to live as long as s."""
    cdef idx_t i
    memset(s, 0, sizeof(fnn_loss_metric))
    s.n, s.rows_per_weight = classes, 1
    s.label_smoothing, s.clip, s.threshold = score.label_smoothing, score.clip, score.threshold
    s.ignore_class = INT64_MIN if score.ignore_class is None else <int64_t>score.ignore_class
    for i, number in enumerate(score.parameters):
        s.param[i] = number
    s.begin, s.end = 0, classes
    if score.column is not None:
        s.begin, s.end = score.column, <idx_t>score.column + 1
        if s.end > classes:
            raise ValueError(f"class_id: expected a class below {classes}, got {score.column}")
    s.options = (FNN_COUNT_EVEN * score.even | FNN_COUNT_OUTER * score.outer | FNN_COUNT_EACH * score.each
                 | FNN_COUNT_LARGEST * score.largest)
    levels = np.array(score.levels, dtype)
    s.levels, s.n_levels = address(levels), levels.size
    return levels


cdef Value settings(Plan plan, score, idx_t classes):
    """The same as an array that the plan keeps."""
    array = np.empty(sizeof(fnn_loss_metric), np.uint8)
    plan.constant(settle(<fnn_loss_metric *>address(array), score, classes, plan.dtype))
    return plan.constant(array)


cdef void set_signs(const fnn_kernels *k, fnn_loss_metric *s) noexcept nogil:
    """Let labels be what they are, or where all are 0 or 1, -1 or 1."""
    s.param[0], s.param[1] = 1, 0
    if k.check_binary(s.target, s.m * s.n) < 0:
        s.param[0], s.param[1] = 2, -1


cdef void *kernel_of(const fnn_kernels *kernels, score, bint logits) except NULL:
    return kernel(kernels, score.kernel + ("_logits" if logits else ""))


cdef Value take_activation(Plan plan, Value prediction, str activation):
    """The logits behind `prediction` if `activation` made it and nothing else reads it; else None.

    The activation is undone: the caller writes `prediction` from now on.
    """
    cdef Step made_by = prediction.producer
    cdef Value logits
    if made_by is None or activation is None:
        return None
    if made_by.name == "softmax" and activation == "softmax":
        logits = made_by.operand(X)
        plan.steps.remove(made_by)
    elif made_by.c.activation.code == CODES["sigmoid"] and activation == "sigmoid":
        made_by.c.activation.code = CODES["linear"]
        made_by.saved = None
        made_by.uses.pop(OWN_SAVED, None)
        logits = plan.value(prediction.shape, prediction.differentiable)
        logits.gradient, logits.producer = prediction.gradient, made_by
        made_by.use(Y, logits, FORWARD)
    else:
        return None
    prediction.producer = None
    return logits


def emit_loss(Plan plan, Value prediction, Value target, Value weights, score, str name="loss",
              str reduction="mean", double factor=1, bint first=True):
    """Append a loss of `prediction` against `target`, and its gradient.

    Its total is the mean over batches, weighted by their rows, of what `reduction` makes of the values. That
    of the model, "loss", is the sum of the losses of its outputs, each times a `factor`. Values that the mask
    of `prediction` leaves out weigh nothing, and do not count.

    Parameters
    ----------
    weights : Value or None
        Of the rows, or of the values of each.
    first : bool
        Whether this is the first loss of the model.
    """
    if score.function is not None:
        python_op.emit_loss(plan, prediction, target, weights, score.function, name, factor, first)
        return
    cdef Value x = prediction, p = None
    cdef bint logits = score.from_logits
    if not logits:
        x = take_activation(plan, prediction, score.activation)
        if x is None:
            x = prediction
        else:
            p, logits = prediction, True
    cdef Step s = add_step(plan, prediction, target, weights, score, name, logits)
    s.use(X, x, FORWARD).use(Y, p, FORWARD).use(DX, plan.gradient(x), FORWARD)
    s.c.size[IS_LOSS], s.c.size[COUNTS], s.c.size[REDUCTION] = True, first, REDUCTIONS[reduction]
    s.c.size[ROOT] = score.root
    s.c.param[FACTOR] = factor


def emit_metric(Plan plan, Value prediction, Value target, Value weights, metric, str name):
    """Append a metric of `prediction` against `target`; it reads its result of its total or its own state."""
    if metric.score.function is not None:
        python_op.emit_metric(plan, prediction, target, weights, metric.score.function, name)
        plan.report(name, lambda _: metric.result())
        return
    cdef Step s = add_step(plan, prediction, target, weights, metric.score, name, metric.score.from_logits)
    s.use(X, prediction, FORWARD)
    state = None
    if metric.score.counts:
        state = metric.zeros(s.c.size[CLASSES])
        s.use(STATE, plan.constant(state), FORWARD)
    if not metric.is_mean:
        plan.report(name, metric.read, state)


cdef Step add_step(Plan plan, Value prediction, Value target, Value weights, score, str name, bint logits):
    """Append what losses and metrics have in common."""
    cdef Value mask = prediction.mask
    cdef Step s
    cdef idx_t classes = prediction.shape[len(prediction.shape) - 1] if prediction.shape else 1
    if mask is not None:
        weights = mask if weights is None else masking.emit_weights(plan, mask, weights)
    s = plan.add(name, tally if score.counts else forward, NULL, NULL, 20.0 * prediction.size)
    s.use(LABELS, target, FORWARD).use(WEIGHTS, weights, FORWARD).use(MASK, mask, FORWARD)
    s.c.size[STEPS] = 1 if weights is None else weights.size
    s.c.kernel = kernel_of(plan.kernels, score, logits)
    s.c.size[CLASSES], s.c.size[ROWS] = classes, prediction.size // max(1, classes)
    s.c.size[TOTAL] = plan.total(name)
    s.c.size[SPARSE], s.c.size[CHECKED], s.c.size[SIGNED] = score.sparse, score.bounded, score.signed
    return s.use(SETTINGS, settings(plan, score, classes), FORWARD)


ctypedef struct pieces_t:
    score_fn kernel
    fnn_loss_metric s
    idx_t item
    idx_t rows          # of a piece
    bint sparse
    double sum[PIECES]


cdef double piece_value(const pieces_t *p, idx_t i) noexcept nogil:
    cdef fnn_loss_metric s = p.s
    cdef idx_t first = i * p.rows, at = first * s.n * p.item
    s.m = min(p.rows, p.s.m - first)
    s.x = <const char *>s.x + at
    s.target = <const char *>s.target + (first * <idx_t>sizeof(int32_t) if p.sparse else at)
    if s.weight is not NULL:
        s.weight = <const char *>s.weight + first // s.rows_per_weight * p.item
    if s.dx is not NULL:
        s.dx = <char *>s.dx + at
    if s.p is not NULL:
        s.p = <char *>s.p + at
    return p.kernel(&s)


cdef void piece(void *context, idx_t i, int thread) noexcept nogil:
    cdef pieces_t *p = <pieces_t *>context
    p.sum[i] = piece_value(p, i)


cdef double score_rows(score_fn compute, const fnn_loss_metric *s, idx_t item, bint sparse,
                       int threads) noexcept nogil:
    """The kernel over all rows, in at most PIECES pieces that end where a sample ends."""
    cdef pieces_t p
    cdef idx_t i, samples = s.m // s.rows_per_weight, pieces
    cdef double sum = 0
    p.kernel, p.s, p.item, p.sparse = compute, s[0], item, sparse
    p.rows = (samples + PIECES - 1) // PIECES * s.rows_per_weight
    pieces = (s.m + p.rows - 1) // p.rows if p.rows else 0
    parallel_for(piece, &p, pieces, threads if s.m * s.n > 4096 else 1)
    for i in range(pieces):
        sum += p.sum[i]
    return sum


cdef idx_t first_invalid(const fnn_kernels *k, const step_t *s, const char *labels, idx_t m,
                         int64_t ignored) noexcept nogil:
    if s.size[SPARSE]:
        return k.check_classes(<const int32_t *>labels, m, s.size[CLASSES], ignored)
    if s.size[CHECKED]:
        return k.check_range(labels, m * s.size[CLASSES], 0, 1)
    return k.check_range(labels, m * s.size[CLASSES], -INFINITY, INFINITY)


cdef inline double weight_at(const void *weights, idx_t item, idx_t i) noexcept nogil:
    return (<const float *>weights)[i] if item == sizeof(float) else (<const double *>weights)[i]


cdef double kept(const fnn_loss_metric *s, const void *weight, idx_t item) noexcept nogil:
    """The weights of all values but those of an ignored class, summed; without weights, their number."""
    cdef idx_t i
    cdef double sum = 0
    cdef bint every = s.ignore_class == INT64_MIN
    if every and weight is NULL:
        return <double>s.m
    for i in range(s.m):
        if every or (<const int32_t *>s.target)[i] != s.ignore_class:
            sum += 1 if weight is NULL else weight_at(weight, item, i // s.rows_per_weight)
    return sum


cdef fnn_loss_metric bound(const step_t *s, const run_t *r) noexcept nogil:
    """The settings of a step, with the arrays of this run."""
    cdef fnn_loss_metric score = (<const fnn_loss_metric *>operand(s, r, SETTINGS))[0]
    score.m = s.size[ROWS] * r.rows
    score.rows_per_weight = s.size[ROWS] // max(1, s.size[STEPS])
    score.x, score.p, score.dx = operand(s, r, X), operand(s, r, Y), operand(s, r, DX)
    score.target, score.weight = operand(s, r, LABELS), operand(s, r, WEIGHTS)
    return score


cdef void tally(const step_t *s, const run_t *r) noexcept nogil:
    cdef fnn_loss_metric score = bound(s, r)
    (<tally_fn>s.kernel)(<double *>operand(s, r, STATE), &score)


cdef double root_rows(score_fn compute, fnn_loss_metric *s, idx_t item, bint sparse, int threads,
                      double factor) noexcept nogil:
    """The root of the scaled sum over all rows, and its gradient times a factor.

    The gradient needs the root, so rows are passed twice. Where the root is 0 the gradient is 0 too.
    """
    cdef void *dx = s.dx
    cdef double root
    s.dx = NULL
    root = sqrt(score_rows(compute, s, item, sparse, threads) * s.scale)
    if dx is not NULL:
        s.dx = dx
        s.scale = factor * s.scale / (2 * root) if root else 0
        score_rows(compute, s, item, sparse, threads)
    return root


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef fnn_loss_metric score = bound(s, r)
    cdef totals_t *total = r.totals + s.size[TOTAL]
    cdef idx_t item = s.kernels.itemsize
    cdef double value, divisor = 1
    if s.size[IS_LOSS]:
        r.bad.at = first_invalid(s.kernels, s, <const char *>score.target, score.m, score.ignore_class)
        if r.bad.at >= 0:
            return
        if s.size[REDUCTION] != SUM:
            divisor = kept(
                &score, score.weight if s.size[REDUCTION] == WEIGHTED_MEAN else operand(s, r, MASK), item)
    score.scale = 1 / divisor if divisor else 0
    if s.size[SIGNED]:
        set_signs(s.kernels, &score)
    if s.size[ROOT]:
        value = root_rows(<score_fn>s.kernel, &score, item, s.size[SPARSE], r.threads, s.param[FACTOR])
    elif s.size[IS_LOSS]:
        score.scale *= s.param[FACTOR]
        value = score_rows(<score_fn>s.kernel, &score, item, s.size[SPARSE], r.threads)
        value = value / divisor if divisor else 0
    else:
        value = score_rows(<score_fn>s.kernel, &score, item, s.size[SPARSE], r.threads)
    if not s.size[IS_LOSS]:
        total.value += value
        total.weight += kept(&score, score.weight, item)
        return
    r.totals[LOSS].value += s.param[FACTOR] * value * r.rows
    r.totals[LOSS].weight += r.rows * s.size[COUNTS]
    if s.size[TOTAL] != LOSS:
        total.value += value * r.rows
        total.weight += r.rows


def check_labels(score, labels, idx_t classes, str name="y"):
    """Raise a `ValueError` that names the first label that `score` cannot take.

    Parameters
    ----------
    score : Score
    labels : ndarray
        Contiguous; int32 for a sparse score, else float32 or float64.
    classes : int
        Width of the predictions.
    name : str, default "y"
        What the error calls the labels.
    """
    cdef step_t step
    dtype = "float64" if labels.itemsize == sizeof(double) else "float32"
    step.size[SPARSE], step.size[CHECKED], step.size[CLASSES] = score.sparse, score.bounded, classes
    cdef int64_t ignored = INT64_MIN if score.ignore_class is None else <int64_t>score.ignore_class
    cdef idx_t count = labels.size if score.sparse else labels.size // max(1, classes)
    if score.sparse and score.lenient:
        return
    cdef idx_t bad = first_invalid(table(dtype), &step, address(labels), count, ignored)
    if bad < 0:
        return
    expected = "a number"
    if score.sparse:
        expected = f"class numbers from 0 to {classes - 1}"
    elif score.bounded:
        expected = "labels from 0 to 1"
    index = np.unravel_index(bad, labels.shape)
    raise ValueError(f"{name}: expected {expected}, got {labels[index]} in row {index[0] if index else 0}")


cdef object score_of(fnn_loss_metric *s, score, x, labels, weights):
    """The kernels' form of a score on contiguous arrays, once the labels have been found valid.

    What it returns has to live as long as s.
    """
    levels = settle(s, score, x.shape[x.ndim - 1], x.dtype.name)
    s.m = x.size // max(1, s.n)
    s.x, s.target = address(x), address(labels)
    s.weight = NULL if weights is None else address(weights)
    check_labels(score, labels, s.n, "y_true")
    if score.signed:
        set_signs(table(x.dtype.name), s)
    return levels


def apply(score, x, labels, weights=None):
    """The weighted values of a loss or metric, summed.

    Parameters
    ----------
    score : Score
    x : ndarray of float32 or float64, shape (..., n)
        Predictions; like the others contiguous.
    labels : ndarray
        int32 of shape (...) for a sparse score, else like `x`.
    weights : ndarray, optional
        One per value, of the dtype of `x` and the shape (...).

    Returns
    -------
    total : float
    count : float
        How many values there are, those of an ignored class left out.
    weight : float
        The sum of their weights.

    Raises
    ------
    ValueError
        If a label is out of range.
    """
    cdef const fnn_kernels *k = table(x.dtype.name)
    cdef fnn_loss_metric s
    score_of(&s, score, x, labels, weights)
    cdef score_fn compute = <score_fn>kernel_of(k, score, score.from_logits)
    total = score_rows(compute, &s, k.itemsize, score.sparse, max_threads())
    return total, kept(&s, NULL, k.itemsize), kept(&s, s.weight, k.itemsize)


def values(score, x, labels, weights=None):
    """The weighted values themselves, of shape (...): see `apply`."""
    cdef const fnn_kernels *k = table(x.dtype.name)
    cdef fnn_loss_metric s
    score_of(&s, score, x, labels, weights)
    cdef pieces_t p
    cdef idx_t i
    out = np.empty(s.m)
    cdef double *found = <double *>address(out)
    p.kernel = <score_fn>kernel_of(k, score, score.from_logits)
    p.s, p.item, p.sparse, p.rows = s, k.itemsize, score.sparse, 1
    for i in range(s.m):
        found[i] = piece_value(&p, i)
    return out.astype(x.dtype).reshape(x.shape[:x.ndim - 1])


def add_counts(score, state, x, labels, weights=None):
    """Add to the state of a metric that counts: see `apply`."""
    cdef fnn_loss_metric s
    _held = score_of(&s, score, x, labels, weights)
    (<tally_fn>kernel_of(table(x.dtype.name), score, False))(<double *>address(state), &s)


def gradients(score, x, labels, weights=None):
    """The gradient of the sum of the weighted values with respect to the predictions: see `apply`."""
    cdef const fnn_kernels *k = table(x.dtype.name)
    cdef fnn_loss_metric s
    _held = score_of(&s, score, x, labels, weights)
    dx = np.empty_like(x)
    s.dx, s.scale = address(dx), 1
    score_rows(<score_fn>kernel_of(k, score, score.from_logits), &s, k.itemsize, score.sparse, max_threads())
    return dx
