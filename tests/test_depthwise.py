"""`DepthwiseConv1D` and `DepthwiseConv2D`: a convolution of each channel."""

import numpy as np
import pytest
from formulas import ACTIVATIONS
from gradcheck import check_gradients
from harness import check_layer

import fastnn
from fastnn.layers import Dense, DepthwiseConv1D, DepthwiseConv2D, Flatten


def depthwise(x, w, strides, dilation, padding):
    """Tap by tap: x (rows, height, width, channels), w (window, window, channels, multiplier)."""
    sizes, step = x.shape[1:3], zip(w.shape[:2], dilation, strict=True)
    extent = [(k - 1) * d + 1 for k, d in step]
    valid = padding == "valid"
    outputs = [
        (n - e) // s + 1 if valid else -(-n // s) for n, e, s in zip(sizes, extent, strides, strict=True)
    ]
    spare = [
        0 if valid else max(0, (m - 1) * s + e - n)
        for m, s, e, n in zip(outputs, strides, extent, sizes, strict=True)
    ]
    x = np.pad(x, [(0, 0), *((n // 2, n - n // 2) for n in spare), (0, 0)])
    y = np.zeros((len(x), *outputs, *w.shape[2:]))
    for k, j in np.ndindex(*w.shape[:2]):
        rows = k * dilation[0] + strides[0] * np.arange(outputs[0])
        columns = j * dilation[1] + strides[1] * np.arange(outputs[1])
        y += x[:, rows][:, :, columns][..., None] * w[k, j]
    return y.reshape(*y.shape[:3], -1)


def pair(value):
    return value if isinstance(value, tuple) else (value, value)


@pytest.mark.parametrize(
    ("arguments", "row", "output"),
    [
        ({"kernel_size": 3, "padding": "same", "activation": "relu"}, (6, 13, 17), (6, 13, 17)),
        (
            {"kernel_size": (3, 2), "strides": 2, "depth_multiplier": 2, "activation": "tanh"},
            (7, 6, 3),
            (3, 3, 6),
        ),
        ({"kernel_size": 2, "dilation_rate": (2, 3), "activation": "gelu"}, (5, 6, 1), (3, 3, 1)),
        (
            {"kernel_size": 2, "strides": (3, 4), "padding": "same", "depth_multiplier": 3},
            (5, 9, 4),
            (2, 3, 12),
        ),
        ({"kernel_size": (5, 7), "padding": "same"}, (2, 3, 5), (2, 3, 5)),
    ],
    ids=str,
)
def test_two_dimensions(arguments, row, output):
    f = ACTIVATIONS[arguments.get("activation", "linear")]
    strides, dilation = pair(arguments.get("strides", 1)), pair(arguments.get("dilation_rate", 1))
    padding = arguments.get("padding", "valid")
    down, across = pair(arguments["kernel_size"])
    check_layer(
        DepthwiseConv2D, arguments | {"bias_initializer": "random_normal"}, (2, *row), (2, *output),
        (down * across + 1) * output[-1],
        oracle=lambda x, w, b: f(depthwise(x, w, strides, dilation, padding) + b),
    )  # fmt: skip


def test_one_dimension():
    arguments = {"kernel_size": 3, "strides": 2, "padding": "same", "depth_multiplier": 2, "use_bias": False}
    check_layer(
        DepthwiseConv1D, arguments, (3, 8, 5), (3, 4, 10), 30,
        oracle=lambda x, w: depthwise(x[:, None], w[None], (1, 2), (1, 1), "same")[:, 0],
    )  # fmt: skip


def test_channels_first():
    arguments = {"kernel_size": 3, "data_format": "channels_first", "activation": "softmax"}

    def oracle(x, w, b):
        y = depthwise(np.moveaxis(x, 1, -1), w, (1, 1), (1, 1), "valid") + b
        return ACTIVATIONS["softmax"](np.moveaxis(y, -1, 1))

    check_layer(DepthwiseConv2D, arguments, (2, 3, 5, 6), (2, 3, 3, 4), 30, oracle)


@pytest.mark.parametrize("activation", ["relu", "tanh", "gelu"])
@pytest.mark.parametrize("multiplier", [1, 2])
def test_gradients_in_a_chain(activation, multiplier):
    """Behind a layer whose activation's gradient is fused here, and before one that fuses this one's."""
    layers = [
        Dense(4, activation),
        DepthwiseConv2D(
            3, padding="same", depth_multiplier=multiplier, activation=activation, bias_initializer="normal"
        ),
        DepthwiseConv2D(2, strides=2, depthwise_regularizer="l2", use_bias=False),
    ]
    x = np.random.default_rng(0).standard_normal((5, 6, 5, 3))
    model = fastnn.Sequential([fastnn.Input(x.shape[1:], dtype="float64"), *layers, Flatten(), Dense(2)])
    check_gradients(model, "mse", x, x[:, 0, :2, 0])


def test_weights_learn_from_more_rows_than_are_summed_at_once():
    x = np.random.default_rng(0).standard_normal((100, 6, 3))
    layer = DepthwiseConv1D(3, padding="same", bias_initializer="ones")
    model = fastnn.Sequential([fastnn.Input((6, 3), dtype="float64"), layer, Flatten()])
    check_gradients(model, "mse", x, x.reshape(100, -1))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"kernel_size": 0}, "kernel_size: .*0"),
        ({"kernel_size": 3, "strides": (1, 0)}, "strides: .*0"),
        ({"kernel_size": 3, "depth_multiplier": 0}, "depth_multiplier: .*0"),
        ({"kernel_size": 3, "padding": "causal"}, "padding: .*'causal'"),
        (
            {"kernel_size": 3, "strides": 2, "dilation_rate": 2},
            r"dilation_rate: .*\(2, 2\) with strides \(2, 2\)",
        ),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        DepthwiseConv2D(**arguments)


def test_inputs_that_do_not_fit_are_named():
    with pytest.raises(ValueError, match=r"\(3, 3\) positions does not fit into \(2, 5\)"):
        DepthwiseConv2D(3)(np.ones((1, 2, 5, 1)))
    with pytest.raises(ValueError, match=r"DepthwiseConv1D expects .*got rows of shape \(2, 5, 1\)"):
        DepthwiseConv1D(2)(np.ones((1, 2, 5, 1)))
