"""`SpatialDropout1D` and `SpatialDropout2D`: whole channels are dropped, in either order of dimensions."""

import numpy as np
import pytest
from harness import check_layer

import fastnn
from fastnn.layers import Dense, SpatialDropout1D, SpatialDropout2D

FORMATS = ["channels_last", "channels_first"]


def mask(layer, *shape):
    return layer(np.ones(shape), training=True)


def test_spatial_dropout_1d():
    for row in ((4, 3), (1, 17)):
        check_layer(SpatialDropout1D, {"rate": 0.4, "seed": 3}, (2, *row), (2, *row), 0, oracle=lambda x: x)


@pytest.mark.parametrize("data_format", FORMATS)
def test_spatial_dropout_2d(data_format):
    arguments = {"rate": 0.4, "seed": 3, "data_format": data_format}
    check_layer(SpatialDropout2D, arguments, (2, 3, 2, 5), (2, 3, 2, 5), 0, oracle=lambda x: x)


@pytest.mark.parametrize("data_format", FORMATS)
@pytest.mark.parametrize("channels", [1, 3, 64, 101])
def test_channels_share_a_draw(isa, dtype, data_format, channels):
    shape = (90, 4, 5, channels) if data_format == "channels_last" else (90, channels, 4, 5)
    y = mask(SpatialDropout2D(0.3, data_format, seed=1, dtype=dtype), *shape)
    if data_format == "channels_first":
        y = y.transpose(0, 2, 3, 1)
    draws = y[:, 0, 0]
    assert np.array_equal(y, np.broadcast_to(draws[:, None, None], y.shape))
    assert np.array_equal(np.unique(draws), np.array([0, 1 / 0.7], dtype))
    assert abs((draws == 0).mean() - 0.3) < 4 * np.sqrt(0.21 / draws.size)
    assert len(np.unique(draws, axis=0)) == (2 if channels == 1 else 8 if channels == 3 else 90)


def test_both_formats_and_one_dimension_draw_the_same():
    two = mask(SpatialDropout2D(0.5, seed=4), 9, 3, 2, 7)
    assert np.array_equal(mask(SpatialDropout1D(0.5, seed=4), 9, 5, 7)[:, 0], two[:, 0, 0])
    assert np.array_equal(
        mask(SpatialDropout2D(0.5, "channels_first", seed=4), 9, 7, 3, 2)[..., 0, 0], two[:, 0, 0]
    )


def test_seed_step_and_threads(n_threads):
    with fastnn.threads(1):
        layer = SpatialDropout2D(0.3, seed=5)
        one, two = mask(layer, 300, 6, 6, 20), mask(layer, 300, 6, 6, 20)
    assert np.array_equal(mask(SpatialDropout2D(0.3, seed=5), 300, 6, 6, 20), one)
    assert not np.array_equal(one, two)
    assert not np.array_equal(one, mask(SpatialDropout2D(0.3, seed=6), 300, 6, 6, 20))


def test_what_is_dropped_gets_no_gradient():
    dense, dropout = Dense(50, kernel_initializer="ones", input_shape=(2, 1)), SpatialDropout1D(0.5, seed=2)
    model = fastnn.Sequential([dense, dropout])
    model.compile(fastnn.optimizers.SGD(1.0), "mse")
    model.train_on_batch(np.ones((1, 2, 1)), np.zeros((1, 2, 50)))
    kept = mask(SpatialDropout1D(0.5, seed=2), 1, 2, 50)[0, 0] != 0
    assert np.array_equal(dense.kernel.numpy()[0] != 1, kept)


def test_bad_arguments_are_named():
    with pytest.raises(ValueError, match="rate: .*-1"):
        SpatialDropout1D(-1)
    with pytest.raises(ValueError, match="data_format: .*'first'"):
        SpatialDropout2D(0.5, "first")
    with pytest.raises(ValueError, match=r"rows of \(steps, channels\), got rows of shape \(3,\)"):
        SpatialDropout1D(0.5)(np.ones((2, 3)))
    with pytest.raises(ValueError, match=r"rows of \(channels, height, width\)"):
        SpatialDropout2D(0.5, "channels_first")(np.ones((2, 3)))
