"""Pooling layers: over windows and over everything."""

import numpy as np
import pytest
from gradcheck import check_gradients
from harness import check_layer

import fastnn
from fastnn.layers import (
    AveragePooling1D,
    AveragePooling2D,
    Dense,
    Flatten,
    GlobalAveragePooling1D,
    GlobalAveragePooling2D,
    GlobalMaxPooling1D,
    GlobalMaxPooling2D,
    MaxPooling1D,
    MaxPooling2D,
)


def over_windows(function, size, strides, padding, first=False):
    """An oracle: the function of the part of each window inside, channels last or first."""

    def oracle(x):
        x = np.moveaxis(x, 1, -1) if first else x
        image = x if x.ndim == 4 else x[:, None]
        window, step = ((1,) * (4 - x.ndim) + tuple(t) for t in (size, strides))
        sizes = image.shape[1:3]
        valid = padding == "valid"
        outputs = [
            (n - w) // s + 1 if valid else -(-n // s) for n, w, s in zip(sizes, window, step, strict=True)
        ]
        spare = [max(0, (m - 1) * s + w - n) for m, s, w, n in zip(outputs, step, window, sizes, strict=True)]
        before = (0, 0) if valid else [n // 2 for n in spare]
        y = np.empty((len(x), *outputs, image.shape[-1]))
        for i, j in np.ndindex(*outputs):
            top, left = i * step[0] - before[0], j * step[1] - before[1]
            part = image[:, max(0, top) : top + window[0], max(0, left) : left + window[1]]
            y[:, i, j] = function(part, axis=(1, 2))
        y = y if x.ndim == 4 else y[:, 0]
        return np.moveaxis(y, -1, 1) if first else y

    return oracle


@pytest.mark.parametrize(
    ("size", "strides", "padding", "row", "output"),
    [
        ((2, 2), None, "valid", (5, 7, 3), (2, 3, 3)),
        ((3, 2), (2, 1), "same", (5, 4, 17), (3, 4, 17)),
        ((2, 3), (3, 4), "valid", (8, 9, 1), (3, 2, 1)),
        ((4, 5), (1, 2), "same", (2, 3, 5), (2, 2, 5)),
    ],
    ids=str,
)
def test_two_dimensions(size, strides, padding, row, output):
    arguments = {"pool_size": size, "strides": strides, "padding": padding}
    oracle = over_windows(np.max, size, strides or size, padding)
    check_layer(MaxPooling2D, arguments, (3, *row), (3, *output), 0, oracle)
    oracle = over_windows(np.mean, size, strides or size, padding)
    check_layer(AveragePooling2D, arguments, (3, *row), (3, *output), 0, oracle)


@pytest.mark.parametrize(
    ("size", "strides", "padding", "row", "output"),
    [(2, None, "valid", (7, 5), (3, 5)), (3, 1, "same", (4, 18), (4, 18))],
    ids=str,
)
def test_one_dimension(size, strides, padding, row, output):
    arguments = {"pool_size": size, "strides": strides, "padding": padding}
    window = (size,), (strides or size,), padding
    check_layer(MaxPooling1D, arguments, (2, *row), (2, *output), 0, over_windows(np.max, *window))
    check_layer(AveragePooling1D, arguments, (2, *row), (2, *output), 0, over_windows(np.mean, *window))


def test_channels_first():
    arguments = {"pool_size": 2, "data_format": "channels_first"}
    oracle = over_windows(np.max, (2, 2), (2, 2), "valid", first=True)
    check_layer(MaxPooling2D, arguments, (2, 3, 4, 6), (2, 3, 2, 3), 0, oracle)
    oracle = over_windows(np.mean, (2,), (2,), "valid", first=True)
    check_layer(AveragePooling1D, arguments, (2, 3, 7), (2, 3, 3), 0, oracle)


@pytest.mark.parametrize("keepdims", [False, True])
def test_global(keepdims):
    arguments, ones = {"keepdims": keepdims}, (1, 1) if keepdims else ()

    def over(function, *axes):
        return lambda x: function(x, axis=axes, keepdims=keepdims)

    check_layer(GlobalMaxPooling2D, arguments, (2, 5, 3, 7), (2, *ones, 7), 0, over(np.max, 1, 2))
    check_layer(GlobalAveragePooling2D, arguments, (2, 5, 3, 7), (2, *ones, 7), 0, over(np.mean, 1, 2))
    check_layer(GlobalMaxPooling1D, arguments, (2, 300, 3), (2, *ones[:1], 3), 0, over(np.max, 1))
    arguments = arguments | {"data_format": "channels_first"}
    shape = (2, 4, *ones[:1])
    check_layer(GlobalAveragePooling1D, arguments, (2, 4, 6), shape, 0, over(np.mean, 2))


@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu"])
@pytest.mark.parametrize(
    "layer", [MaxPooling2D(2), AveragePooling2D(3, 1, "same"), GlobalMaxPooling2D(keepdims=True)]
)
def test_the_gradient_of_the_activation_before_is_fused(layer, activation):
    layer = type(layer).from_config(layer.get_config() | {"dtype": "float64", "name": None})
    layers = [fastnn.Input((5, 4, 3), dtype="float64"), Dense(6, activation), layer, Flatten(), Dense(2)]
    x = np.random.default_rng(0).standard_normal((4, 5, 4, 3))
    check_gradients(fastnn.Sequential(layers), "mse", x, x[:, 0, :2, 0])


def test_the_gradient_of_equal_maxima_goes_to_the_first():
    model = fastnn.Sequential([fastnn.Input((2, 2, 1)), Dense(1, use_bias=False), MaxPooling2D(2), Flatten()])
    model.layers[0].set_weights([np.ones((1, 1))])
    model.compile(fastnn.optimizers.SGD(learning_rate=1.0), "mse")
    x = np.array([0.0, 3.0, 3.0, 1.0]).reshape(1, 2, 2, 1)
    model.train_on_batch(x, np.array([[2.0]]))
    assert model.get_weights()[0] == 1 - 2 * (3 - 2) * 3


def test_short_names_are_keras():
    layers = fastnn.layers
    assert layers.MaxPool2D is MaxPooling2D
    assert layers.AvgPool1D is AveragePooling1D
    assert layers.GlobalAvgPool2D is GlobalAveragePooling2D
    assert layers.GlobalMaxPool1D is GlobalMaxPooling1D


@pytest.mark.parametrize("cls", [MaxPooling2D, AveragePooling2D])
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"pool_size": 0}, "pool_size: .*0"),
        ({"pool_size": (2, 2, 2)}, r"pool_size: .*2 of them, got \(2, 2, 2\)"),
        ({"strides": -1}, "strides: .*-1"),
        ({"padding": "causal"}, "padding: .*'same', got 'causal'"),
        ({"data_format": "NHWC"}, "data_format: .*'NHWC'"),
    ],
)
def test_bad_arguments_are_named(cls, arguments, message):
    with pytest.raises(ValueError, match=message):
        cls(**{"pool_size": 2} | arguments)


def test_inputs_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"\(3, 3\) positions does not fit into \(2, 5\)"):
        MaxPooling2D(3)(np.ones((1, 2, 5, 1)))
    with pytest.raises(ValueError, match=r"AveragePooling1D expects .*got rows of shape \(2, 5, 1\)"):
        AveragePooling1D(2)(np.ones((1, 2, 5, 1)))
    with pytest.raises(ValueError, match=r"GlobalMaxPooling2D expects .*got rows of shape \(5, 1\)"):
        GlobalMaxPooling2D()(np.ones((1, 5, 1)))


def test_a_window_has_no_more_positions_than_places_can_be_kept_of():
    with pytest.raises(ValueError, match="pool_size: expected at most 2147483647 positions"):
        fastnn.layers.MaxPooling2D(2**16, padding="same")
