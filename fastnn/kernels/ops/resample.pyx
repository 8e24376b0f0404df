"""Resizing of images: each result is a weighted sum of neighbouring inputs along the height and the width.

The weights form a sparse matrix for each axis, whose rows are runs, made at creation. Backward is the same
kernel with the transposed matrices: no two threads add to the same element.

Positions are pixel centres: result i of m lies at (i + 1/2) n / m - 1/2 of the n inputs. A method is a
function of the distance to that point, up to a radius. Inputs beyond an edge have no weight, and the weights
of a result sum to 1. With antialiasing the function is n / m times as wide if m is smaller than n. The cubic
is that of Keys (1981), the windowed sinc that of Duchon (1979). "nearest" takes the input whose half-open
interval contains the point, in integer arithmetic: Keras' backends round there, each in its own way, so some
of them take the preceding input if the point is on the border of two.
"""

import numpy as np

from ..core.tables cimport fnn_idx, fnn_kernels, fnn_resample
from ..core.plan cimport Plan
from ..core.runtime cimport ceil_div, parallel_chunks
from ..core.steps cimport BACKWARD, FORWARD, Step, Value
from ..core.types cimport DX, DY, FIRST_OWN, X, Y, idx_t, operand, run_t, step_t

cdef enum:
    BLOCK = 16      # rows of an image, the least piece of work: the kernel computes up to 16 rows at once
    COST = 4        # width of an element for chunks: a sum over taps along each axis

cdef enum:          # operands: an index is `first` and `start` of the rows, then those of the columns
    INDEX = FIRST_OWN
    WEIGHT
    BACK_INDEX      # of the transposed matrices
    BACK_WEIGHT

cdef enum:          # sizes
    X_HEIGHT
    X_WIDTH
    Y_HEIGHT
    Y_WIDTH
    CHANNELS

ctypedef struct pass_t:
    const fnn_kernels *kernels
    fnn_resample resample
    idx_t blocks        # of an image
    idx_t height        # of the result
    idx_t out_size
    idx_t source_size
    char *out
    const char *source
    char *scratch
    idx_t scratch_size


cdef void resample_blocks(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef pass_t *p = <pass_t *>context
    cdef idx_t item = p.kernels.itemsize, block, image, row
    for block in range(first, first + count):
        image, row = block // p.blocks, block % p.blocks * BLOCK
        p.kernels.resample(p.out + image * p.out_size * item, p.source + image * p.source_size * item, row,
                           min(row + BLOCK, p.height), &p.resample, p.scratch + thread * p.scratch_size)


cdef void run(const step_t *s, const run_t *r, pass_t *p, int index, int weight) noexcept nogil:
    """Resample between images whose heights and widths are in `p`, with the matrices in these operands."""
    cdef fnn_resample *t = &p.resample
    t.rows.first = <const fnn_idx *>operand(s, r, index)
    t.rows.start = t.rows.first + p.height
    t.columns.first = t.rows.start + p.height + 1
    t.columns.start = t.columns.first + t.y_width
    t.rows.weight = t.columns.weight = operand(s, r, weight)
    t.channels = s.size[CHANNELS]
    p.kernels, p.blocks = s.kernels, ceil_div(p.height, BLOCK)
    p.scratch, p.scratch_size = r.scratch, r.scratch_size
    parallel_chunks(resample_blocks, p, p.blocks * r.rows, COST * BLOCK * t.y_width * t.channels, r.threads)


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p
    p.out, p.source = operand(s, r, Y), operand(s, r, X)
    p.height, p.resample.x_width, p.resample.y_width = s.size[Y_HEIGHT], s.size[X_WIDTH], s.size[Y_WIDTH]
    p.out_size = s.size[Y_HEIGHT] * s.size[Y_WIDTH] * s.size[CHANNELS]
    p.source_size = s.size[X_HEIGHT] * s.size[X_WIDTH] * s.size[CHANNELS]
    run(s, r, &p, INDEX, WEIGHT)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p
    p.out, p.source = operand(s, r, DX), operand(s, r, DY)
    p.height, p.resample.x_width, p.resample.y_width = s.size[X_HEIGHT], s.size[Y_WIDTH], s.size[X_WIDTH]
    p.out_size = s.size[X_HEIGHT] * s.size[X_WIDTH] * s.size[CHANNELS]
    p.source_size = s.size[Y_HEIGHT] * s.size[Y_WIDTH] * s.size[CHANNELS]
    run(s, r, &p, BACK_INDEX, BACK_WEIGHT)


cdef idx_t scratch(const step_t *s, idx_t rows) noexcept nogil:
    cdef fnn_resample t
    t.x_width, t.channels = max(s.size[X_WIDTH], s.size[Y_WIDTH]), s.size[CHANNELS]
    return s.kernels.resample_workspace(&t)


def triangle(x):
    return 1 - x


def cubic(x):
    return np.where(x < 1, (1.5 * x - 2.5) * x * x + 1, ((2.5 - 0.5 * x) * x - 4) * x + 2)


def lanczos(radius):
    return lambda x: np.sinc(x) * np.sinc(x / radius)


METHODS = {         # Keras' names: radius and function of the distance
    "bilinear": (1, triangle),
    "bicubic": (2, cubic),
    "lanczos3": (3, lanczos(3)),
    "lanczos5": (5, lanczos(5)),
}


def taps(n, m, str interpolation="bilinear", antialias=False):
    """Return the weights of m results, each a sum over n inputs.

    Parameters
    ----------
    n, m : int
    interpolation : {"nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"}
    antialias : bool

    Returns
    -------
    first, start, weight : ndarray
        (m,), (m + 1,) and (start[m],): result i has weight[start[i] + t] for input first[i] + t.
    """
    doubled = (2 * np.arange(m, dtype=np.int64) + 1) * n    # (point + 1/2) 2 m, so that all are integers
    if interpolation == "nearest":
        return doubled // (2 * m), np.arange(m + 1), np.ones(m)
    radius, function = METHODS[interpolation]
    wider = max(1.0, n / m) if antialias else 1.0
    point = (doubled - m) / (2 * m)
    first = np.maximum(np.floor(point - radius * wider).astype(np.int64) + 1, 0)
    count = np.minimum(np.ceil(point + radius * wider).astype(np.int64), n) - first
    start = np.concatenate([[0], np.cumsum(count)])
    result = np.repeat(np.arange(m), count)
    where = np.arange(result.size) - start[result] + first[result]
    weight = function(np.abs(where - point[result]) / wider)
    return first, start, weight / np.bincount(result, weight, m)[result]


def transposed(first, start, weight, n):
    """Return the transposed matrix in the same form: n inputs as sums over the results.

    The results that an input contributes to are consecutive, since both ends of the runs ascend.
    """
    result = np.repeat(np.arange(first.size), np.diff(start))
    where = np.arange(result.size) - start[result] + first[result]
    order = np.lexsort((result, where))
    ends = np.concatenate([[0], np.cumsum(np.bincount(where, minlength=n))])
    return np.append(result[order], 0)[ends[:n]], ends, weight[order]


def joined(rows, columns, dtype):
    """Return two matrices as one index and one array of weights, those of the rows first."""
    index = np.concatenate([rows[0], rows[1], columns[0], columns[1] + rows[2].size]).astype(np.int64)
    return index, np.concatenate([rows[2], columns[2]]).astype(dtype)


def emit(Plan plan, Value x, idx_t height, idx_t width, str interpolation="bilinear", bint antialias=False):
    """Append x resized to another height and width to `plan`.

    Parameters
    ----------
    x : Value
        Rows of (height, width, channels).
    height, width : int
        Size of the result.
    interpolation : {"nearest", "bilinear", "bicubic", "lanczos3", "lanczos5"}
    antialias : bool
        Whether the pixels of a smaller image are sums over all inputs between their points.

    Returns
    -------
    Value
    """
    cdef idx_t h = x.shape[0], w = x.shape[1], c = x.shape[2]
    cdef Step s
    cdef Value y
    if (height, width) == (h, w):
        return x
    y = plan.value((height, width, c), x.differentiable)
    rows, columns = taps(h, height, interpolation, antialias), taps(w, width, interpolation, antialias)
    index, weight = joined(rows, columns, plan.dtype)
    s = plan.add("resample", forward, backward, scratch,
                 2.0 * c * (rows[2].size * w + columns[2].size * height))
    y.producer = s
    s.c.size[X_HEIGHT], s.c.size[X_WIDTH], s.c.size[Y_HEIGHT], s.c.size[Y_WIDTH] = h, w, height, width
    s.c.size[CHANNELS] = c
    s.use(X, x, FORWARD).use(Y, y, FORWARD)
    s.use(INDEX, plan.constant(index), FORWARD).use(WEIGHT, plan.constant(weight), FORWARD)
    if y.differentiable:
        index, weight = joined(transposed(*rows, h), transposed(*columns, w), plan.dtype)
        s.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD)
        s.use(BACK_INDEX, plan.constant(index), BACKWARD).use(BACK_WEIGHT, plan.constant(weight), BACKWARD)
    return y
