"""The common part of losses and metrics: settings, and sums of one value per row; values of arrays.

The settings of a loss or metric, all but its arrays, are one `fnn_loss_metric`: the plan keeps it, and each
run copies it.

Rows are summed in pieces whose number depends on shapes alone, and the pieces in order: the same bits for any
number of threads.
"""

import numpy as np

from libc.math cimport INFINITY
from libc.stdint cimport INT64_MIN, int32_t
from libc.string cimport memset

from ..core.runtime cimport address, ceil_div, count_parts, kernel, parallel_for, run_threads, table
from ..core.steps cimport FORWARD
from ..core.tables cimport (
    FNN_EXCEEDING_EVEN,
    FNN_EXCEEDING_EVEN_OUTER,
    FNN_EXCEEDING_LARGEST,
    FNN_EXCEEDING_SEARCH,
)
from ..core.types cimport DX, X, Y, operand

from ..core.specs import Columns, Exceeding, Labels, MetricSpec

from . import masking

cdef enum:
    PIECES = 64         # at most
    PIECE = 1024        # elements of a piece, at least: the call of a kernel costs as much as ten
    SERIAL = 4096       # elements up to which one thread takes all pieces

cdef dict KINDS = {
    Labels.REAL: REAL,
    Labels.PROBABILITY: PROBABILITY,
    Labels.SIGN: SIGN,
    Labels.CLASS: CLASS,
    Labels.ANY_CLASS: ANY_CLASS,
    Labels.SINGLE: REAL,
}
cdef dict EXCEEDING = {
    Exceeding.SEARCH: FNN_EXCEEDING_SEARCH,
    Exceeding.EVEN: FNN_EXCEEDING_EVEN,
    Exceeding.EVEN_OUTER: FNN_EXCEEDING_EVEN_OUTER,
    Exceeding.LARGEST: FNN_EXCEEDING_LARGEST,
}


# ---- settings -----------------------------------------------------------------------------------------

cdef object write_settings(fnn_loss_metric *s, spec, idx_t classes, dtype):
    """Write what `spec` says; the array returned holds the levels, and has to live as long as s."""
    cdef idx_t i
    memset(s, 0, sizeof(fnn_loss_metric))
    s.n, s.rows_per_weight = classes, 1
    s.label_smoothing, s.clip = spec.label_smoothing, spec.clip
    s.ignore_class = INT64_MIN if spec.ignore_class is None else <int64_t>spec.ignore_class
    for i, number in enumerate(spec.parameters):
        s.param[i] = number
    tally = spec.tally if isinstance(spec, MetricSpec) else None
    if tally is None:
        return None
    s.begin, s.end, s.groups = 0, classes, classes if tally.columns is Columns.APART else 1
    if not isinstance(tally.columns, Columns):
        s.begin, s.end = tally.columns, <idx_t>tally.columns + 1
        if s.end > classes:
            raise ValueError(f"class_id: expected a class below {classes}, got {tally.columns}")
    s.exceeding = EXCEEDING[tally.exceeding]
    levels = np.array(tally.levels, dtype)
    s.levels, s.n_levels = address(levels), levels.size
    return levels


cdef Value settings(Plan plan, spec, idx_t classes):
    """The settings as an array that the plan keeps."""
    array = np.empty(sizeof(fnn_loss_metric), np.uint8)
    levels = write_settings(<fnn_loss_metric *>address(array), spec, classes, plan.dtype)
    if levels is not None:
        plan.constant(levels)
    return plan.constant(array)


cdef Step add_step(Plan plan, Value prediction, Value target, Value weights, spec, str name, str kernel_name,
                   step_fn run):
    """Append a step with the operands and sizes that losses and metrics have in common.

    Where the prediction has a mask, values that it leaves out weigh nothing.
    """
    cdef Value mask = prediction.mask
    cdef Step s
    cdef idx_t classes = prediction.shape[len(prediction.shape) - 1] if prediction.shape else 1
    if mask is not None:
        weights = mask if weights is None else masking.emit_weights(plan, mask, weights)
    s = plan.add(name, run, NULL, NULL, 20.0 * prediction.size)
    s.use(X, prediction, FORWARD)
    s.use(LABELS, target, FORWARD).use(WEIGHTS, weights, FORWARD).use(MASK, mask, FORWARD)
    s.use(SETTINGS, settings(plan, spec, classes), FORWARD)
    s.c.kernel = kernel(plan.kernels, kernel_name)
    s.c.size[WEIGHTS_EACH] = 1 if weights is None else weights.size
    s.c.size[CLASSES], s.c.size[VALUES_EACH] = classes, prediction.size // max(1, classes)
    s.c.size[KIND], s.c.size[TOTAL] = KINDS[spec.labels], plan.total(name)
    return s


cdef void bind(fnn_loss_metric *settings, const step_t *s, const run_t *r) noexcept nogil:
    """Write the settings of a step, with the arrays of this run."""
    settings[0] = (<const fnn_loss_metric *>operand(s, r, SETTINGS))[0]
    settings.m = s.size[VALUES_EACH] * r.rows
    settings.rows_per_weight = max(1, s.size[VALUES_EACH] // max(1, s.size[WEIGHTS_EACH]))
    settings.x, settings.p, settings.dx = operand(s, r, X), operand(s, r, Y), operand(s, r, DX)
    settings.target, settings.weight = operand(s, r, LABELS), operand(s, r, WEIGHTS)
    if s.size[KIND] == SIGN:
        set_signs(s.kernels, settings)


cdef void set_signs(const fnn_kernels *k, fnn_loss_metric *s) noexcept nogil:
    """Let labels stand for themselves, or where all are 0 or 1, for -1 and 1."""
    s.param[0], s.param[1] = 1, 0
    if k.check_binary(s.target, s.m * s.n) < 0:
        s.param[0], s.param[1] = 2, -1


# ---- sums ---------------------------------------------------------------------------------------------

ctypedef struct pieces_t:
    value_fn compute
    const fnn_loss_metric *whole
    idx_t item
    idx_t rows          # of a piece
    bint sparse
    double *sum         # of each piece


cdef void sum_piece(void *context, idx_t i, int thread) noexcept nogil:
    cdef const pieces_t *p = <const pieces_t *>context
    cdef fnn_loss_metric s = p.whole[0]
    cdef idx_t first = i * p.rows, at = first * s.n * p.item
    s.m = min(p.rows, p.whole.m - first)
    s.x = <const char *>s.x + at
    s.target = <const char *>s.target + (first * <idx_t>sizeof(int32_t) if p.sparse else at)
    if s.weight is not NULL:
        s.weight = <const char *>s.weight + first // s.rows_per_weight * p.item
    if s.dx is not NULL:
        s.dx = <char *>s.dx + at
    if s.p is not NULL:
        s.p = <char *>s.p + at
    p.sum[i] = p.compute(&s)


cdef double sum_values(value_fn compute, const fnn_loss_metric *s, idx_t item, int kind,
                       int threads) noexcept nogil:
    """The kernel over all rows, in pieces that end where a sample ends."""
    cdef pieces_t p
    cdef idx_t i, samples = s.m // s.rows_per_weight, pieces
    cdef double part[PIECES]
    cdef double sum = 0
    p.compute, p.whole, p.item, p.sparse, p.sum = compute, s, item, kind >= CLASS, part
    pieces = count_parts(PIECES, <double>s.m * s.n, PIECE)
    p.rows = max(1, ceil_div(samples, pieces) * s.rows_per_weight)
    pieces = ceil_div(s.m, p.rows)
    parallel_for(sum_piece, &p, pieces, threads if s.m * s.n > SERIAL else 1)
    for i in range(pieces):
        sum += part[i]
    return sum


# ---- labels -------------------------------------------------------------------------------------------

cdef idx_t first_invalid(const fnn_kernels *k, int kind, const void *labels, idx_t count, idx_t classes,
                         int64_t ignore_class) noexcept nogil:
    """The index of the first of `count` labels that is not of its kind, or -1."""
    if kind == CLASS:
        return k.check_classes(<const int32_t *>labels, count, classes, ignore_class)
    if kind == PROBABILITY:
        return k.check_range(labels, count, 0, 1)
    return -1 if kind == ANY_CLASS else k.check_range(labels, count, -INFINITY, INFINITY)


def check_labels(spec, labels, idx_t classes, str name="y"):
    """Raise a `ValueError` that names the first label that a loss or metric cannot take.

    Parameters
    ----------
    spec : LossSpec, MetricSpec or PythonSpec
    labels : ndarray
        Contiguous; int32 where labels are class numbers, else float32 or float64.
    classes : int
        Width of the predictions.
    name : str, default "y"
        What the error calls the labels.
    """
    cdef int kind = KINDS[spec.labels]
    cdef int64_t ignored = INT64_MIN
    if kind == CLASS and spec.ignore_class is not None:
        ignored = spec.ignore_class
    dtype = "float64" if labels.itemsize == sizeof(double) else "float32"
    cdef idx_t bad = first_invalid(table(dtype), kind, address(labels), labels.size, classes, ignored)
    if bad < 0:
        return
    expected = "a number"
    if kind == CLASS:
        expected = f"class numbers from 0 to {classes - 1}"
    elif kind == PROBABILITY:
        expected = "labels from 0 to 1"
    index = np.unravel_index(bad, labels.shape)
    raise ValueError(f"{name}: expected {expected}, got {labels[index]} in row {index[0] if index else 0}")


# ---- of arrays ----------------------------------------------------------------------------------------

cdef object settings_of(fnn_loss_metric *s, spec, x, labels, weights):
    """Write the settings with contiguous arrays, after checking the labels.

    What it returns has to live as long as s.
    """
    levels = write_settings(s, spec, x.shape[x.ndim - 1], x.dtype)
    s.m = x.size // max(1, s.n)
    s.x, s.target = address(x), address(labels)
    s.weight = NULL if weights is None else address(weights)
    check_labels(spec, labels, s.n, "y_true")
    if spec.labels is Labels.SIGN:
        set_signs(table(x.dtype), s)
    return levels


def sums(spec, x, labels, weights=None):
    """Return the sum of the weighted values of a loss or metric, and what a mean may divide it by.

    Parameters
    ----------
    spec : LossSpec or MetricSpec
    x : ndarray of float32 or float64, shape (..., n)
        Predictions; like the others contiguous.
    labels : ndarray
        int32 of shape (...) where labels are class numbers, else like `x`.
    weights : ndarray, optional
        One per value, of the dtype of `x` and the shape (...).

    Returns
    -------
    total : float
    count : float
        The number of values, without those of an ignored class.
    weight : float
        The sum of their weights.

    Raises
    ------
    ValueError
        If a label is out of range.
    """
    cdef const fnn_kernels *k = table(x.dtype)
    cdef fnn_loss_metric s
    cdef double weight
    settings_of(&s, spec, x, labels, weights)
    total = sum_values(<value_fn>kernel(k, spec.kernel), &s, k.itemsize, KINDS[spec.labels], run_threads())
    weight = k.weight_sum(&s)
    s.weight = NULL
    return total, k.weight_sum(&s), weight


def values(spec, x, labels, weights=None):
    """Return the weighted values themselves, of shape (...); see `sums`."""
    cdef const fnn_kernels *k = table(x.dtype)
    cdef fnn_loss_metric s
    cdef pieces_t p
    cdef idx_t i
    settings_of(&s, spec, x, labels, weights)
    found = np.empty(s.m)
    p.compute, p.whole, p.item, p.rows = <value_fn>kernel(k, spec.kernel), &s, k.itemsize, 1
    p.sparse, p.sum = spec.labels.sparse, <double *>address(found)
    for i in range(s.m):
        sum_piece(&p, i, 0)
    return found.astype(x.dtype).reshape(x.shape[:x.ndim - 1])


def gradients(spec, x, labels, weights=None):
    """Return the gradient of the sum of the weighted values by the predictions; see `sums`."""
    cdef const fnn_kernels *k = table(x.dtype)
    cdef fnn_loss_metric s
    settings_of(&s, spec, x, labels, weights)
    dx = np.empty_like(x)
    s.dx, s.scale = address(dx), 1
    sum_values(<value_fn>kernel(k, spec.kernel), &s, k.itemsize, KINDS[spec.labels], run_threads())
    return dx


def add_tally(spec, state, x, labels, weights=None):
    """Add what samples count to the state of a metric that tallies; see `sums`."""
    cdef fnn_loss_metric s
    _levels = settings_of(&s, spec, x, labels, weights)
    (<tally_fn>kernel(table(x.dtype), spec.kernel))(<double *>address(state), &s)
