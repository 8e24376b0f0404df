"""`RandomCrop`: where it crops, and what it does where there is nothing to choose."""

import numpy as np
import pytest
from harness import check_layer
from kernelcheck import noise

import fastnn
from fastnn.layers import Dense, RandomCrop


def resized(x, height, width):
    """Bilinear between the centres of pixels; beyond the outermost ones their own values."""
    for axis, size in ((1, height), (2, width)):
        n = x.shape[axis]
        place = np.clip((np.arange(size) + 0.5) * n / size - 0.5, 0, n - 1)
        low = np.minimum(place.astype(int), max(n - 2, 0))
        share = (place - low).reshape((-1,) + (1,) * (3 - axis))
        x = x.take(low, axis) * (1 - share) + x.take(np.minimum(low + 1, n - 1), axis) * share
    return x


@pytest.mark.parametrize(
    ("size", "row", "window"),
    [
        ((2, 3), (5, 7, 3), (0, 0, 4, 7)),
        ((4, 4), (4, 9, 2), (0, 2, 4, 4)),
        ((7, 5), (3, 4, 1), (0, 1, 3, 2)),
        ((1, 1), (6, 3, 17), (1, 0, 3, 3)),
    ],
)
def test_random_crop(size, row, window):
    top, left, height, width = window

    def oracle(x):
        return resized(x[:, top : top + height, left : left + width], *size)

    arguments = {"height": size[0], "width": size[1], "seed": 3, "data_format": "channels_last"}
    check_layer(RandomCrop, arguments, (2, *row), (2, *size, row[2]), 0, oracle)


def test_channels_first():
    arguments = {"height": 2, "width": 3, "data_format": "channels_first"}
    check_layer(RandomCrop, arguments, (2, 3, 4, 6), (2, 3, 2, 3), 0)
    x = noise(2, 3, 4, 6)
    y = RandomCrop(2, 3, seed=1, data_format="channels_first")(x, training=True)
    last = RandomCrop(2, 3, seed=1)(x.transpose(0, 2, 3, 1), training=True)
    assert np.array_equal(y, last.transpose(0, 3, 1, 2))


def test_every_place_is_as_likely(dtype):
    x = np.arange(6 * 5, dtype=dtype).reshape(1, 6, 5, 1)
    layer = RandomCrop(4, 3, seed=1, dtype=dtype)
    counts = np.zeros((3, 3))
    for _ in range(900):
        y = layer(np.repeat(x, 2, axis=0), training=True)
        place = divmod(int(y[0, 0, 0, 0]), 5)
        assert np.array_equal(y[1], x[0, place[0] : place[0] + 4, place[1] : place[1] + 3])
        assert np.array_equal(y[0], y[1])
        counts[place] += 1
    assert (np.abs(counts - 100) < 40).all()


def test_seed_and_threads(n_threads):
    x = noise(50, 20, 21, 3)
    with fastnn.threads(1):
        expected = RandomCrop(5, 6, seed=4)(x, training=True)
    assert np.array_equal(RandomCrop(5, 6, seed=4)(x, training=True), expected)


def test_an_image_as_small_as_the_crop_is_resized_in_training_too():
    x = noise(2, 4, 4, 3)
    for size in ((4, 4), (8, 8), (4, 2)):
        layer = RandomCrop(*size, seed=1)
        assert np.array_equal(layer(x, training=True), layer(x))
    assert np.array_equal(RandomCrop(4, 4)(x), x.astype("float32"))


def test_what_is_cropped_away_gets_no_gradient():
    dense = Dense(1, input_shape=(4, 4, 1), kernel_initializer="ones")
    model = fastnn.Sequential([dense, RandomCrop(2, 2, seed=1)])
    model.compile(fastnn.optimizers.SGD(1.0), "mse")
    x = noise(3, 4, 4, 1, dtype="float32")
    y = RandomCrop(2, 2, seed=1)(x, training=True)
    model.train_on_batch(x, np.zeros_like(y))
    assert 1 - dense.kernel.numpy()[0, 0] == pytest.approx(2 * (y**2).mean(), rel=1e-5)


@pytest.mark.parametrize("size", [0, -1, 1.5, "2", None])
def test_bad_sizes_are_named(size):
    with pytest.raises(ValueError, match="height: "):
        RandomCrop(size, 2)
    with pytest.raises(ValueError, match="width: "):
        RandomCrop(2, size)
