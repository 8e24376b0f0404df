"""Maximum and average over windows in C: against loops over windows, and gradients by central differences."""

import numpy as np
import pytest
from ctable import INDEX, Pool, Table
from kernelcheck import assert_close, central_differences, noise

PAIR = INDEX * 2
# Height, width and channels; window, strides and places in front.
CASES = [
    ((4, 6, 16), (2, 2), (2, 2), (0, 0)),
    ((5, 7, 33), (2, 2), (2, 2), (0, 0)),
    ((7, 5, 3), (3, 3), (1, 1), (1, 1)),
    ((6, 9, 17), (3, 2), (2, 1), (1, 0)),
    ((8, 9, 5), (2, 3), (3, 4), (0, 0)),
    ((2, 3, 4), (5, 7), (1, 1), (2, 3)),
    ((1, 33, 1), (1, 4), (1, 3), (0, 2)),
    ((20, 15, 7), (20, 15), (1, 1), (0, 0)),
]
each_case = pytest.mark.parametrize(("shape", "window", "stride", "pad"), CASES, ids=str)


def pool(shape, window, stride, pad):
    """The structure of a case, with as many windows as begin before the far edge."""
    height, width, channels = shape
    outputs = [(n + 2 * p - w) // s + 1 for n, w, s, p in zip(shape, window, stride, pad, strict=False)]
    return Pool(
        height, width, channels, width * channels, channels, *outputs,
        PAIR(*window), PAIR(*stride), PAIR(*pad),
    )  # fmt: skip


def windows(p):
    """Each window: its place in the output, and the slices of the image under it."""
    for i in range(p.out_height):
        for j in range(p.out_width):
            top, left = i * p.stride[0] - p.pad[0], j * p.stride[1] - p.pad[1]
            down = slice(max(0, top), min(p.height, top + p.window[0]))
            right = slice(max(0, left), min(p.width, left + p.window[1]))
            yield (i, j), (down, right)


def reduced(p, x, function):
    """The function of all windows, in NumPy."""
    y = np.empty((p.out_height, p.out_width, p.channels), x.dtype)
    for at, (down, right) in windows(p):
        y[at] = function(x[down, right].reshape(-1, p.channels), axis=0)
    return y


def forward(table, p, x, name, keep=True):
    """The output and, for the maximum, the places."""
    y = np.empty((p.out_height, p.out_width, p.channels), table.dtype)
    if name == "average":
        table.average_pool_forward(y, x, p, 0, p.out_height)
        return y, None
    places = np.empty(y.shape, "uint8" if p.window[0] * p.window[1] <= 256 else "int32") if keep else None
    table.max_pool_forward(y, places, x, p, 0, p.out_height)
    return y, places


def backward(table, p, dy, places, name):
    dx = np.full((p.height, p.width, p.channels), np.nan, table.dtype)
    if name == "average":
        table.average_pool_backward(dx, dy, p, 0, p.height)
    else:
        table.max_pool_backward(dx, dy, places, p, 0, p.height)
    return dx


@each_case
def test_forward(isa, dtype, shape, window, stride, pad):
    p, x = pool(shape, window, stride, pad), noise(*shape, dtype=dtype)
    for table in (Table("ref", dtype), Table(isa, dtype)):
        assert_close(forward(table, p, x, "average")[0], reduced(p, x.astype("float64"), np.mean))
        for keep in (True, False):
            np.testing.assert_array_equal(forward(table, p, x, "max", keep)[0], reduced(p, x, np.max))


@each_case
def test_places_are_those_of_the_first_maximum(isa, dtype, shape, window, stride, pad):
    p = pool(shape, window, stride, pad)
    x = np.round(2 * noise(*shape)).astype(dtype)
    x[noise(*shape, seed=1) > 1.5] = np.nan
    _, places = forward(Table(isa, dtype), p, x, "max")
    for (i, j), (down, right) in windows(p):
        first = x[down, right].reshape(-1, p.channels).argmax(0)  # which takes the first NaN
        width = right.stop - right.start
        kh = down.start - (i * p.stride[0] - p.pad[0]) + first // width
        kw = right.start - (j * p.stride[1] - p.pad[1]) + first % width
        np.testing.assert_array_equal(places[i, j], kh * p.window[1] + kw)


@pytest.mark.parametrize("name", ["max", "average"])
@each_case
def test_gradient(isa, shape, window, stride, pad, name):
    shape = (*shape[:2], min(shape[2], 3))
    p, x = pool(shape, window, stride, pad), noise(*shape)
    dy = noise(p.out_height, p.out_width, p.channels, seed=1)
    for table in (Table("ref", "float64"), Table(isa, "float64")):
        desired = central_differences(lambda x, table=table: (dy * forward(table, p, x, name)[0]).sum(), x)
        actual = backward(table, p, dy, forward(table, p, x, name)[1], name)
        np.testing.assert_allclose(actual, desired, rtol=1e-6, atol=1e-8)


@pytest.mark.parametrize("name", ["max", "average"])
@each_case
def test_backward_is_that_of_the_textbook(isa, dtype, shape, window, stride, pad, name):
    p, ref = pool(shape, window, stride, pad), Table("ref", dtype)
    _, places = forward(ref, p, noise(*shape, dtype=dtype), name)
    dy = noise(p.out_height, p.out_width, p.channels, dtype=dtype, seed=1)
    assert_close(backward(Table(isa, dtype), p, dy, places, name), backward(ref, p, dy, places, name))


@pytest.mark.parametrize("window", [(2, 2), (3, 3), (17, 17)], ids=str)
def test_extremes(isa, dtype, window):
    p = pool((17, 17, 20), window, window, (0, 0))
    for value in (np.nan, np.inf, -np.inf):
        x = np.full((17, 17, 20), -np.inf, dtype)
        x[1, 0] = value
        y, places = forward(Table(isa, dtype), p, x, "max")
        np.testing.assert_array_equal(y, reduced(p, x, np.max))
        assert (places[0, 0] == (0 if value == -np.inf else window[1])).all()
        with np.errstate(invalid="ignore"):
            mean = reduced(p, x, np.mean)
        np.testing.assert_array_equal(forward(Table(isa, dtype), p, x, "average")[0], mean)


@pytest.mark.parametrize("name", ["max", "average"])
def test_an_image_whose_pixels_lie_apart(isa, dtype, name):
    table, near = Table(isa, dtype), pool((6, 5, 7), (3, 2), (2, 2), (1, 0))
    apart = Pool.from_buffer_copy(near)
    apart.row, apart.pixel = 5 * 9 + 2, 9
    wide = np.full((6, 5 * 9 + 2), 7, dtype)
    x, dy = noise(6, 5, 7, dtype=dtype), noise(near.out_height, near.out_width, 7, dtype=dtype, seed=1)
    inside = np.lib.stride_tricks.as_strided(
        wide, (6, 5, 7), (apart.row * x.itemsize, 9 * x.itemsize, x.itemsize)
    )
    inside[...] = x
    y, places = forward(table, near, x, name)
    np.testing.assert_array_equal(forward(table, apart, wide, name)[0], y)
    if name == "max":
        table.max_pool_backward(wide, dy, places, apart, 0, 6)
    else:
        table.average_pool_backward(wide, dy, apart, 0, 6)
    np.testing.assert_array_equal(inside, backward(table, near, dy, places, name))
    inside[...] = 7
    assert (wide == 7).all()


@pytest.mark.parametrize(("positions", "channels"), [(1, 1), (49, 100), (130, 64), (100_000, 5)])
def test_global_average(isa, dtype, positions, channels):
    x, y = noise(positions, channels, dtype=dtype) + 1, np.empty(channels, dtype)
    x = x.astype(dtype)
    Table(isa, dtype).global_average(y, x, positions, channels)
    assert_close(y, x.astype("float64").mean(0))
