"""Each image through an affine map of its positions that is drawn for it: flips, turns, zooms, shifts, crops.

An op gives a template of the map, and a function that completes it for one image from uniform numbers and the
ranges of what is drawn. The numbers depend on seed, step and row; backward draws them again.
"""

import numpy as np

from libc.math cimport cos, floor, sin

from ..core.tables cimport (
    FNN_FILL_CONSTANT,
    FNN_FILL_NEAREST,
    FNN_FILL_REFLECT,
    FNN_FILL_WRAP,
    fnn_kernels,
    fnn_random,
    fnn_warp,
)
from ..core.plan cimport Plan
from ..core.random cimport random_of
from ..core.runtime cimport address, parallel_for
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DX, DY, FIRST_OWN, X, Y, idx_t, operand, run_t, step_t

from ..core.memory import aligned_zeros

FILL = {"constant": FNN_FILL_CONSTANT, "nearest": FNN_FILL_NEAREST, "reflect": FNN_FILL_REFLECT,
        "wrap": FNN_FILL_WRAP}

cdef double TWO_PI = 6.283185307179586

cdef enum:
    DRAWS = 8       # uniform numbers for each row of the batch, two blocks of the generator

cdef enum:          # operands
    TEMPLATE = FIRST_OWN
    RANGES          # (DRAWS, 2): the least and the largest value

cdef enum:          # sizes
    X_SIZE          # elements for each row of the batch
    Y_SIZE
    SEED
    TOGETHER        # whether all rows of a batch share one draw

ctypedef void (*complete_fn)(fnn_warp *, const double *) noexcept nogil

ctypedef struct pass_t:
    const step_t *s
    const double *ranges
    const fnn_warp *template
    fnn_random random
    char *out
    const char *source


cdef fnn_warp map_of(const pass_t *p, idx_t row) noexcept nogil:
    """The map of one image of the batch."""
    cdef double drawn[DRAWS]
    cdef fnn_warp w = p.template[0]
    cdef int i
    if p.s.kernel is not NULL:
        p.s.kernels.uniform(drawn, 0 if p.s.size[TOGETHER] else row * DRAWS, DRAWS, &p.random)
        for i in range(DRAWS):
            drawn[i] = p.ranges[2 * i] + drawn[i] * (p.ranges[2 * i + 1] - p.ranges[2 * i])
        (<complete_fn>p.s.kernel)(&w, drawn)
    return w


cdef void forward_row(void *context, idx_t row, int thread) noexcept nogil:
    cdef const pass_t *p = <const pass_t *>context
    cdef const fnn_kernels *k = p.s.kernels
    cdef fnn_warp w = map_of(p, row)
    k.warp_forward(p.out + row * p.s.size[Y_SIZE] * k.itemsize,
                   p.source + row * p.s.size[X_SIZE] * k.itemsize, &w)


cdef void backward_row(void *context, idx_t row, int thread) noexcept nogil:
    cdef const pass_t *p = <const pass_t *>context
    cdef const fnn_kernels *k = p.s.kernels
    cdef fnn_warp w = map_of(p, row)
    k.warp_backward(p.out + row * p.s.size[X_SIZE] * k.itemsize,
                    p.source + row * p.s.size[Y_SIZE] * k.itemsize, &w)


cdef pass_t pass_of(const step_t *s, const run_t *r, int out, int source) noexcept nogil:
    cdef pass_t p
    p.s, p.out, p.source = s, operand(s, r, out), operand(s, r, source)
    p.ranges = <const double *>operand(s, r, RANGES)
    p.template = <const fnn_warp *>operand(s, r, TEMPLATE)
    p.random = random_of(s.size[SEED], 0, r)
    return p


cdef void forward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_of(s, r, Y, X)
    parallel_for(forward_row, &p, r.rows, r.threads)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_of(s, r, DX, DY)
    parallel_for(backward_row, &p, r.rows, r.threads)


cdef class Template:
    """The map of an op before anything is drawn: the identity, by the nearest position."""

    cdef fnn_warp *w
    cdef object memory

    def __cinit__(self, tuple x_shape, idx_t height, idx_t width):
        self.memory = aligned_zeros(sizeof(fnn_warp), np.uint8)
        self.w = <fnn_warp *>address(self.memory)
        self.w.height, self.w.width = height, width
        self.w.x_height, self.w.x_width, self.w.channels = x_shape
        self.w.window_height, self.w.window_width = self.w.x_height, self.w.x_width
        self.w.matrix[0] = self.w.matrix[4] = 1


cdef Value append(Plan plan, Value x, Template template, complete_fn complete, ranges,
                  unsigned long long seed, bint together):
    """Append the step; `ranges` has one to DRAWS pairs."""
    cdef Step s
    cdef Value y
    cdef idx_t size = template.w.height * template.w.width
    bounds = np.zeros((DRAWS, 2))
    bounds[:len(ranges)] = ranges
    s = plan.add("warp", forward, backward, NULL, 30.0 * size + 8.0 * size * template.w.channels)
    y = plan.value((template.w.height, template.w.width, template.w.channels), x.differentiable)
    y.producer = s
    s.c.kernel = <void *>complete
    s.c.size[X_SIZE], s.c.size[Y_SIZE] = x.size, y.size
    s.c.size[SEED], s.c.size[TOGETHER] = <idx_t>seed, together
    s.use(X, x, FORWARD).use(Y, y, FORWARD)
    s.use(TEMPLATE, plan.constant(template.memory), BOTH).use(RANGES, plan.constant(bounds), BOTH)
    if y.differentiable:
        s.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD)
    return y


# ---- flips: drawn[0] is from 0 to 1; the template's diagonal is -1 where a side is to be flipped -----------

cdef void complete_flip(fnn_warp *w, const double *drawn) noexcept nogil:
    if drawn[0] > 0.5:
        w.matrix[0] = w.matrix[4] = 1
    w.matrix[2] = 0 if w.matrix[0] > 0 else w.width - 1
    w.matrix[5] = 0 if w.matrix[4] > 0 else w.height - 1


def emit_flip(Plan plan, Value x, bint horizontal, bint vertical, unsigned long long seed):
    """Append a flip of every other image, on the average; what is flipped is copied as it is.

    Parameters
    ----------
    plan : Plan
    x : Value
        Rows of (height, width, channels).
    horizontal, vertical : bool
        Which sides are exchanged: left and right, top and bottom.
    seed : int

    Returns
    -------
    Value
        Of the shape of x.
    """
    cdef Template t = Template(x.shape, x.shape[0], x.shape[1])
    t.w.matrix[0], t.w.matrix[4] = -1 if horizontal else 1, -1 if vertical else 1
    return append(plan, x, t, complete_flip, [(0, 1)], seed, False)


# ---- maps about the centre: drawn are height and width zoom, height and width shift, and the turn ----------

cdef void complete_affine(fnn_warp *w, const double *drawn) noexcept nogil:
    cdef double x = 0.5 * (w.width - 1), y = 0.5 * (w.height - 1), angle = TWO_PI * drawn[4]
    cdef double *a = w.matrix
    a[0], a[1] = drawn[1] * cos(angle), -drawn[1] * sin(angle)
    a[3], a[4] = drawn[0] * sin(angle), drawn[0] * cos(angle)
    a[2] = x - a[0] * x - a[1] * y - drawn[3] * w.width
    a[5] = y - a[3] * x - a[4] * y - drawn[2] * w.height


cdef void complete_even(fnn_warp *w, const double *drawn) noexcept nogil:
    """The width is zoomed as the height is."""
    cdef double[DRAWS] even
    cdef int i
    for i in range(DRAWS):
        even[i] = drawn[0] if i == 1 else drawn[i]
    complete_affine(w, even)


def emit_affine(Plan plan, Value x, zoom, shift, turn, str fill_mode, str interpolation, double fill_value,
                unsigned long long seed):
    """Append an affine map about the centre of each image, drawn for it.

    Parameters
    ----------
    plan : Plan
    x : Value
        Rows of (height, width, channels).
    zoom : tuple of (float, float) or None
        Ranges of how many pixels become one in height and in width; None for the width: as the height.
    shift : tuple of (float, float)
        Ranges of the way downwards and to the right, as shares of height and width.
    turn : (float, float)
        Range of the angle, counted in full turns.
    fill_mode : {"constant", "nearest", "reflect", "wrap"}
        What lies beyond the edges.
    interpolation : {"bilinear", "nearest"}
    fill_value : float
        With "constant".
    seed : int

    Returns
    -------
    Value
        Of the shape of x.
    """
    cdef Template t = Template(x.shape, x.shape[0], x.shape[1])
    t.w.bilinear, t.w.fill, t.w.fill_value = interpolation == "bilinear", FILL[fill_mode], fill_value
    even = zoom[1] is None
    ranges = [zoom[0], zoom[0] if even else zoom[1], *shift, turn]
    return append(plan, x, t, complete_even if even else complete_affine, ranges, seed, False)


# ---- crops: drawn are the first row and the first column of the window ----------------------------------

cdef void complete_crop(fnn_warp *w, const double *drawn) noexcept nogil:
    w.matrix[2], w.matrix[5] = floor(drawn[1]), floor(drawn[0])


def emit_crop(Plan plan, Value x, idx_t height, idx_t width, unsigned long long seed):
    """Append a crop to (height, width) at a place that the images of a batch share.

    Parameters
    ----------
    plan : Plan
    x : Value
        Rows of (height, width, channels), at least as large as what is left of them.
    height, width : int
    seed : int

    Returns
    -------
    Value
        Rows of (`height`, `width`, channels).
    """
    cdef Template t = Template(x.shape, height, width)
    ranges = [(0, x.shape[0] - height + 1), (0, x.shape[1] - width + 1)]
    return append(plan, x, t, complete_crop, ranges, seed, True)


def emit_window(Plan plan, Value x, window, idx_t height, idx_t width):
    """Append a window of each image, resized to (height, width) by bilinear interpolation.

    Parameters
    ----------
    plan : Plan
    x : Value
        Rows of (height, width, channels).
    window : (int, int, int, int)
        First row, first column, number of rows and number of columns.
    height, width : int

    Returns
    -------
    Value
        Rows of (`height`, `width`, channels).
    """
    cdef Template t = Template(x.shape, height, width)
    t.w.bilinear, t.w.fill = True, FNN_FILL_NEAREST
    t.w.top, t.w.left, t.w.window_height, t.w.window_width = window
    t.w.matrix[0], t.w.matrix[4] = t.w.window_width / <double>width, t.w.window_height / <double>height
    t.w.matrix[2], t.w.matrix[5] = 0.5 * t.w.matrix[0] - 0.5, 0.5 * t.w.matrix[4] - 0.5
    return append(plan, x, t, NULL, [(0, 0)], 0, False)
