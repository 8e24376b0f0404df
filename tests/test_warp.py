"""Flips, shifts, rotations and zooms of images: the kernels, and the layers with random maps."""

import numpy as np
import pytest
from ctable import DOUBLE, Table, Warp
from harness import check_layer
from kernelcheck import noise

import fastnn
from fastnn.layers import Dense, RandomFlip, RandomRotation, RandomTranslation, RandomZoom

FILL = ["constant", "nearest", "reflect", "wrap"]
LAYERS = [RandomFlip, RandomTranslation, RandomRotation, RandomZoom]
ARGUMENTS = {RandomFlip: (), RandomTranslation: (0.3, 0.2), RandomRotation: (0.2,), RandomZoom: (0.4,)}
PAD = {"nearest": "edge", "reflect": "symmetric", "wrap": "wrap"}


def sampled(x, row, column, fill, bilinear, value=0.0):
    """Return an image (height, width, channels) at some positions, read from a padded copy of it."""
    p = 80
    space = ((p, p), (p, p), (0, 0))
    wide = np.pad(x, space, constant_values=value) if fill == "constant" else np.pad(x, space, PAD[fill])
    if not bilinear:
        near = [(np.copysign(np.floor(np.abs(a) + 0.5), a) + p).astype(int) for a in (row, column)]
        return wide[near[0], near[1]]
    top, left = np.floor(row), np.floor(column)
    v, u = (row - top)[..., None], (column - left)[..., None]
    i, j = (top + p).astype(int), (left + p).astype(int)
    above = wide[i, j] * (1 - u) + wide[i, j + 1] * u
    return above * (1 - v) + (wide[i + 1, j] * (1 - u) + wide[i + 1, j + 1] * u) * v


def places(shape, matrix):
    i, j = np.meshgrid(np.arange(shape[0]), np.arange(shape[1]), indexing="ij")
    return matrix[3] * j + matrix[4] * i + matrix[5], matrix[0] * j + matrix[1] * i + matrix[2]


def about_centre(shape, zoom=(1, 1), shift=(0, 0), turn=0.0):
    """Return the matrix of a zoom, a shift by fractions of the sides, and a rotation about the centre."""
    c, s = np.cos(2 * np.pi * turn), np.sin(2 * np.pi * turn)
    y, x = (shape[0] - 1) / 2, (shape[1] - 1) / 2
    a = [zoom[1] * c, -zoom[1] * s, 0, zoom[0] * s, zoom[0] * c, 0]
    a[2] = x - a[0] * x - a[1] * y - shift[1] * shape[1]
    a[5] = y - a[3] * x - a[4] * y - shift[0] * shape[0]
    return a


def structure(x, out, matrix, fill, bilinear, value=0.0):
    height, width, channels = x.shape
    return Warp(channels, *out, height, width, 0, 0, height, width, (DOUBLE * 6)(*matrix), bilinear,
                FILL.index(fill), value)  # fmt: skip


@pytest.mark.parametrize("height", [1, 5, 64])
def test_matrix_of_an_affine_map(isa, dtype, height):
    drawn = np.array([0.8, 1.3, 0.1, -0.2, 0.15])
    for kernel, zoom in (("warp_affine_matrix", (0.8, 1.3)), ("warp_even_affine_matrix", (0.8, 0.8))):
        w = structure(np.empty((4, 4, 1)), (height, 9), [1, 0, 0, 0, 1, 0], "nearest", 1)
        getattr(Table(isa, dtype), kernel)(w, drawn)
        desired = about_centre((height, 9), zoom, (0.1, -0.2), 0.15)
        np.testing.assert_allclose(w.matrix, desired, rtol=1e-13, atol=1e-13)


@pytest.mark.parametrize("flips", [(1, 1), (-1, 1), (1, -1), (-1, -1)])
@pytest.mark.parametrize("drawn", [0.3, 0.5, 0.7])
def test_matrix_of_a_flip(isa, dtype, flips, drawn):
    across, down = (1, 1) if drawn > 0.5 else flips
    w = structure(np.empty((6, 7, 1)), (6, 7), [flips[0], 0, 0, 0, flips[1], 0], "nearest", 0)
    Table(isa, dtype).warp_flip_matrix(w, np.array([drawn]))
    assert list(w.matrix) == [across, 0, 6 * (across < 0), 0, down, 5 * (down < 0)]


def test_matrix_of_a_crop(isa, dtype):
    w = structure(np.empty((6, 7, 1)), (2, 3), [1, 0, 0, 0, 1, 0], "nearest", 0)
    Table(isa, dtype).warp_crop_matrix(w, np.array([3.9, 2.0]))
    assert list(w.matrix) == [1, 0, 2, 0, 1, 3]


@pytest.mark.parametrize("fill", FILL)
@pytest.mark.parametrize("bilinear", [0, 1])
@pytest.mark.parametrize("channels", [1, 3, 33])
def test_warp(isa, dtype, fill, bilinear, channels):
    x = noise(5, 7, channels, dtype=dtype)
    for matrix in ([1, 0, 0, 0, 1, 0], [0.8, -0.6, 1.3, 0.6, 0.8, -2.1], [-1, 0, 6, 0, 0.3, -17.7]):
        w = structure(x, (6, 68), matrix, fill, bilinear, 0.7)
        expected = sampled(x, *places((6, 68), matrix), fill, bilinear, 0.7) if matrix[0] != 1 else None
        for table in (Table("ref", dtype), Table(isa, dtype)):
            y = np.full((6, 68, channels), 7, dtype)
            table.warp_forward(y, x, w)
            if expected is None:
                assert np.array_equal(y[:5, :7], x)
            else:
                np.testing.assert_allclose(
                    y, expected, rtol=0, atol={"float32": 1e-5, "float64": 1e-13}[dtype]
                )


@pytest.mark.parametrize("fill", FILL)
@pytest.mark.parametrize("bilinear", [0, 1])
@pytest.mark.parametrize("channels", [2, 19])
def test_backward_is_the_adjoint(isa, dtype, fill, bilinear, channels):
    x, dy = noise(5, 7, channels, dtype=dtype), noise(6, 8, channels, dtype=dtype, seed=1)
    w = structure(x, (6, 8), [0.8, -0.6, 1.3, 0.6, 0.8, -2.1], fill, bilinear)
    for table in (Table("ref", dtype), Table(isa, dtype)):
        y, dx = np.empty_like(dy), np.full_like(x, 7)
        table.warp_forward(y, x, w)
        table.warp_backward(dx, dy, w)
        assert np.vdot(dx, x) == pytest.approx(np.vdot(dy, y), abs={"float32": 1e-4, "float64": 1e-12}[dtype])


def test_random_flip():
    for data_format in ("channels_last", "channels_first"):
        arguments = {"mode": "horizontal", "seed": 3, "data_format": data_format}
        check_layer(RandomFlip, arguments, (2, 3, 4, 5), (2, 3, 4, 5), 0, oracle=lambda x: x)


def test_random_translation():
    arguments = {"height_factor": 0.5, "width_factor": (0.1, 0.3), "fill_mode": "wrap", "seed": 3}
    check_layer(RandomTranslation, arguments, (2, 3, 4, 2), (2, 3, 4, 2), 0, oracle=lambda x: x)


def test_random_rotation():
    arguments = {"factor": (-0.1, 0.3), "interpolation": "nearest", "fill_value": 2, "seed": 3}
    check_layer(RandomRotation, arguments, (2, 3, 4, 2), (2, 3, 4, 2), 0, oracle=lambda x: x)


def test_random_zoom():
    arguments = {"height_factor": 0.5, "width_factor": None, "data_format": "channels_first"}
    check_layer(RandomZoom, arguments, (2, 3, 4, 2), (2, 3, 4, 2), 0, oracle=lambda x: x)


@pytest.mark.parametrize("mode", ["horizontal", "vertical", "horizontal_and_vertical"])
@pytest.mark.parametrize("shape", [(5, 4, 3), (4, 5, 33), (1, 1, 1), (3, 70, 1)])
def test_flips_copy(isa, dtype, mode, shape):
    x = noise(*shape, dtype=dtype)
    flipped = x[:, ::-1] if "horizontal" in mode else x
    flipped = flipped[::-1] if "vertical" in mode else flipped
    many = np.broadcast_to(x, (200, *shape))
    y = RandomFlip(mode, seed=1, dtype=dtype)(many, training=True)
    turned = (y == flipped).all((1, 2, 3))
    assert (turned | (y == x).all((1, 2, 3))).all()
    assert shape == (1, 1, 1) or 70 < turned.sum() < 130


@pytest.mark.parametrize("fill", FILL)
@pytest.mark.parametrize("interpolation", ["bilinear", "nearest"])
@pytest.mark.parametrize("channels", [1, 20])
def test_fixed_draws(dtype, fill, interpolation, channels):
    """A range of one number is drawn for certain."""
    x = noise(2, 9, 6, channels, dtype=dtype)
    common = {"fill_mode": fill, "interpolation": interpolation, "fill_value": 0.5, "dtype": dtype}
    for layer, arguments in [
        (RandomTranslation((0.23, 0.23), (-0.41, -0.41), **common), {"shift": (0.23, -0.41)}),
        (RandomRotation((0.13, 0.13), **common), {"turn": 0.13}),
        (RandomZoom((0.37, 0.37), (-0.6, -0.6), **common), {"zoom": (1.37, 0.4)}),
        (RandomZoom((0.9, 0.9), **common), {"zoom": (1.9, 1.9)}),
    ]:
        where = places((9, 6), about_centre((9, 6), **arguments))
        y = layer(x, training=True)
        for image, warped in zip(x, y, strict=True):
            expected = sampled(image, *where, fill, interpolation == "bilinear", 0.5)
            np.testing.assert_allclose(
                warped, expected, rtol=0, atol={"float32": 1e-5, "float64": 1e-13}[dtype]
            )


def ramps(rows, size=41):
    """Images whose two channels are the row and the column of each pixel, from the centre."""
    i, j = np.meshgrid(*[np.arange(size) - size // 2] * 2, indexing="ij")
    return np.broadcast_to(np.stack([i, j], -1), (rows, size, size, 2)).astype("float64")


def drawn(layer, rows=400):
    """The map at the centre of each image: where it comes from, and how that changes along both sides."""
    y = layer(ramps(rows), training=True)
    c = y.shape[1] // 2
    return y[:, c, c], y[:, c + 1, c] - y[:, c, c], y[:, c, c + 1] - y[:, c, c]


def assert_uniform(values, low, high):
    """Kolmogorov's distance from the uniform distribution; 1.95 / sqrt(n) is exceeded once in 1000 times."""
    shares = (np.sort(values) - low) / (high - low)
    assert shares[0] >= -1e-9
    assert shares[-1] <= 1 + 1e-9
    assert np.abs(shares - (np.arange(values.size) + 0.5) / values.size).max() < 1.95 / np.sqrt(values.size)


def test_what_is_drawn():
    place, _, _ = drawn(RandomTranslation((-0.1, 0.3), 0.2, "nearest", seed=1, dtype="float64"))
    assert_uniform(-place[:, 0] / 41, -0.1, 0.3)
    assert_uniform(-place[:, 1] / 41, -0.2, 0.2)
    assert abs(np.corrcoef(place.T)[0, 1]) < 0.2
    _, down, _ = drawn(RandomRotation((-0.1, 0.2), seed=1, dtype="float64"))
    assert_uniform(np.arctan2(-down[:, 1], down[:, 0]) / (2 * np.pi), -0.1, 0.2)
    _, down, right = drawn(RandomZoom(0.5, (-0.3, 0.1), seed=1, dtype="float64"))
    assert_uniform(down[:, 0], 0.5, 1.5)
    assert_uniform(right[:, 1], 0.7, 1.1)
    _, down, right = drawn(RandomZoom(-0.5, seed=1, dtype="float64"))
    assert_uniform(down[:, 0], 0.5, 1.5)
    np.testing.assert_allclose(down[:, 0], right[:, 1], atol=1e-12)


@pytest.mark.parametrize("cls", LAYERS)
def test_seed_step_threads_and_place(cls, n_threads):
    x = np.broadcast_to(noise(12, 13, 3), (60, 12, 13, 3)).astype("float32")
    with fastnn.threads(1):
        layer = cls(*ARGUMENTS[cls], seed=5)
        one, two = layer(x, training=True), layer(x, training=True)
    layer = cls(*ARGUMENTS[cls], seed=5)
    assert np.array_equal(layer(x, training=True), one)
    assert np.array_equal(layer(x, training=True), two)
    assert not np.array_equal(one, two)
    assert np.array_equal(cls(*ARGUMENTS[cls], seed=5)(x[:7], training=True), one[:7])
    assert not np.array_equal(cls(*ARGUMENTS[cls], seed=6)(x, training=True), one)
    assert len(np.unique(one, axis=0)) == (2 if cls is RandomFlip else 60)


@pytest.mark.parametrize("cls", LAYERS)
def test_what_is_before_learns_through_it(cls):
    """The gradient of a sum of products with the output is what it is for a linear map of that draw."""
    dense = Dense(2, input_shape=(4, 5, 1), kernel_initializer="ones")
    model = fastnn.Sequential([dense, cls(*ARGUMENTS[cls], seed=5)])
    model.compile(fastnn.optimizers.SGD(1.0), "mse")
    x = noise(3, 4, 5, 1, dtype="float32")
    y = cls(*ARGUMENTS[cls], seed=5)(np.repeat(x, 2, axis=-1), training=True)
    model.train_on_batch(x, np.zeros_like(y))
    np.testing.assert_allclose(1 - dense.kernel.numpy()[0], 2 * (y**2).sum((0, 1, 2)) / y.size, rtol=1e-4)


@pytest.mark.parametrize("cls", [RandomTranslation, RandomRotation, RandomZoom])
@pytest.mark.parametrize("factor", [1.5, -1.1, (0.5, 1.5), (0.1,), (0.1, 0.2, 0.3), "a", None, float("nan")])
def test_bad_factors_are_named(cls, factor):
    with pytest.raises(ValueError, match="factor: "):
        cls(factor, *ARGUMENTS[cls][1:])


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="width_factor: .*above -1 and up to 1, got -1"):
        RandomZoom(0.5, -1)
    with pytest.raises(ValueError, match="width_factor: .*from -1 up to 1, got 2"):
        RandomTranslation(0.5, 2)
    with pytest.raises(ValueError, match="mode: .*'both'"):
        RandomFlip("both")
    with pytest.raises(ValueError, match="fill_mode: .*'mirror'"):
        RandomRotation(0.1, "mirror")
    with pytest.raises(ValueError, match="interpolation: .*'cubic'"):
        RandomRotation(0.1, interpolation="cubic")
    with pytest.raises(ValueError, match="seed: "):
        RandomFlip(seed=-1)
    with pytest.raises(ValueError, match=r"RandomFlip expects rows of \(height, width, channels\)"):
        RandomFlip()(np.ones((2, 3)))
