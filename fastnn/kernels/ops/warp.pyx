"""Random affine maps of images: flips, rotations, zooms, shifts, crops; and fixed windows, resized.

A step has a template of the map, ranges for the random numbers, and a kernel that computes the matrix of one
image from its numbers. These depend on seed, step and row; backward draws them again.
"""

import numpy as np

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
from ..core.runtime cimport address, parallel_chunks
from ..core.steps cimport BACKWARD, BOTH, FORWARD, Step, Value
from ..core.types cimport DX, DY, FIRST_OWN, X, Y, idx_t, operand, run_t, step_t

from ..core.memory import aligned_zeros

FILL = {"constant": FNN_FILL_CONSTANT, "nearest": FNN_FILL_NEAREST, "reflect": FNN_FILL_REFLECT,
        "wrap": FNN_FILL_WRAP}

cdef enum:
    DRAWS = 8       # random numbers for each row of the batch: two blocks of the generator
    COST = 8        # width of an element for chunks: its position is computed, and four pixels are read

cdef enum:          # operands
    TEMPLATE = FIRST_OWN
    RANGES          # (DRAWS, 2): lower and upper bounds

cdef enum:          # sizes
    X_SIZE          # elements for each row of the batch
    Y_SIZE
    SEED
    SHARED          # whether all rows of a batch have the same numbers

ctypedef void (*matrix_fn)(fnn_warp *, const double *) noexcept nogil

ctypedef struct pass_t:
    const step_t *s
    const double *ranges
    const fnn_warp *template
    fnn_random random
    char *out
    const char *source


cdef fnn_warp map_of(const pass_t *p, idx_t row) noexcept nogil:
    """Return the map of one image of the batch."""
    cdef double drawn[DRAWS]
    cdef fnn_warp w = p.template[0]
    if p.s.kernel is not NULL:
        p.s.kernels.uniform_between(
            drawn, p.ranges, 0 if p.s.size[SHARED] else row * DRAWS, DRAWS, &p.random)
        (<matrix_fn>p.s.kernel)(&w, drawn)
    return w


cdef void warp_images(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef const pass_t *p = <const pass_t *>context
    cdef const fnn_kernels *k = p.s.kernels
    cdef fnn_warp w
    cdef idx_t row
    for row in range(first, first + count):
        w = map_of(p, row)
        k.warp_forward(p.out + row * p.s.size[Y_SIZE] * k.itemsize,
                       p.source + row * p.s.size[X_SIZE] * k.itemsize, &w)


cdef void warp_images_backward(void *context, idx_t first, idx_t count, int thread) noexcept nogil:
    cdef const pass_t *p = <const pass_t *>context
    cdef const fnn_kernels *k = p.s.kernels
    cdef fnn_warp w
    cdef idx_t row
    for row in range(first, first + count):
        w = map_of(p, row)
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
    parallel_chunks(warp_images, &p, r.rows, COST * s.size[Y_SIZE], r.threads)


cdef void backward(const step_t *s, const run_t *r) noexcept nogil:
    cdef pass_t p = pass_of(s, r, DX, DY)
    parallel_chunks(warp_images_backward, &p, r.rows, COST * s.size[Y_SIZE], r.threads)


cdef class Template:
    """Map of a step before its random part: the identity, by the nearest position."""

    cdef fnn_warp *w
    cdef object memory

    def __cinit__(self, tuple x_shape, idx_t height, idx_t width):
        self.memory = aligned_zeros(sizeof(fnn_warp), np.uint8)
        self.w = <fnn_warp *>address(self.memory)
        self.w.height, self.w.width = height, width
        self.w.x_height, self.w.x_width, self.w.channels = x_shape
        self.w.window_height, self.w.window_width = self.w.x_height, self.w.x_width
        self.w.matrix[0] = self.w.matrix[4] = 1


cdef Value append(Plan plan, Value x, Template template, matrix_fn matrix, ranges,
                  unsigned long long seed, bint shared):
    """Append a step; `matrix` completes the template from numbers in `ranges`, up to DRAWS pairs."""
    cdef Step s
    cdef Value y
    cdef idx_t size = template.w.height * template.w.width
    bounds = np.zeros((DRAWS, 2))
    bounds[:len(ranges)] = ranges
    s = plan.add("warp", forward, backward, NULL, 30.0 * size + 8.0 * size * template.w.channels)
    y = plan.value((template.w.height, template.w.width, template.w.channels), x.differentiable)
    y.producer = s
    s.c.kernel = <void *>matrix
    s.c.size[X_SIZE], s.c.size[Y_SIZE] = x.size, y.size
    s.c.size[SEED], s.c.size[SHARED] = <idx_t>seed, shared
    s.use(X, x, FORWARD).use(Y, y, FORWARD)
    s.use(TEMPLATE, plan.constant(template.memory), BOTH).use(RANGES, plan.constant(bounds), BOTH)
    if y.differentiable:
        s.use(DY, plan.gradient(y), BACKWARD).use(DX, plan.gradient(x), BACKWARD)
    return y


def emit_flip(Plan plan, Value x, bint horizontal, bint vertical, unsigned long long seed):
    """Append a flip of each image with probability 1/2; its pixels are copied unchanged.

    Parameters
    ----------
    plan : Plan
    x : Value
        Rows of (height, width, channels).
    horizontal, vertical : bool
        Whether to exchange left and right, top and bottom.
    seed : int

    Returns
    -------
    Value
        Of the shape of x.
    """
    cdef Template t = Template(x.shape, x.shape[0], x.shape[1])
    t.w.matrix[0], t.w.matrix[4] = -1 if horizontal else 1, -1 if vertical else 1
    return append(plan, x, t, plan.kernels.warp_flip_matrix, [(0, 1)], seed, False)


def emit_affine(Plan plan, Value x, zoom, shift, turn, str fill_mode, str interpolation, double fill_value,
                unsigned long long seed):
    """Append a random affine map about the centre of each image.

    Parameters
    ----------
    plan : Plan
    x : Value
        Rows of (height, width, channels).
    zoom : tuple of (float, float) or None
        Ranges of how many pixels become one in height and in width; None for the width: as for the height.
    shift : tuple of (float, float)
        Ranges of the shift downwards and to the right, as fractions of height and width.
    turn : (float, float)
        Range of the angle, in full turns.
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
    cdef matrix_fn matrix = plan.kernels.warp_even_affine_matrix if even else plan.kernels.warp_affine_matrix
    return append(plan, x, t, matrix, ranges, seed, False)


def emit_crop(Plan plan, Value x, idx_t height, idx_t width, unsigned long long seed):
    """Append a crop to (height, width) at a random position that all images of a batch share.

    Parameters
    ----------
    plan : Plan
    x : Value
        Rows of (height, width, channels), at least as large as the result.
    height, width : int
    seed : int

    Returns
    -------
    Value
        Rows of (`height`, `width`, channels).
    """
    cdef Template t = Template(x.shape, height, width)
    ranges = [(0, x.shape[0] - height + 1), (0, x.shape[1] - width + 1)]
    return append(plan, x, t, plan.kernels.warp_crop_matrix, ranges, seed, True)


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
