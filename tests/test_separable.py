"""`SeparableConv1D` and `SeparableConv2D`: a convolution of each channel, then a product that mixes them."""

import numpy as np
import pytest
from harness import check_layer
from test_depthwise import depthwise

from fastnn.layers import SeparableConv1D, SeparableConv2D


def test_two_dimensions():
    arguments = {"filters": 5, "kernel_size": 3, "strides": 2, "padding": "same", "activation": "relu"}
    check_layer(
        SeparableConv2D, arguments | {"bias_initializer": "ones"}, (2, 7, 6, 4), (2, 4, 3, 5), 36 + 20 + 5,
        oracle=lambda x, w, p, b: np.maximum(depthwise(x, w, (2, 2), (1, 1), "same") @ p[0, 0] + b, 0),
    )  # fmt: skip


def test_several_kernels_for_each_channel():
    arguments = {
        "filters": 3,
        "kernel_size": (2, 3),
        "dilation_rate": 2,
        "depth_multiplier": 2,
        "use_bias": False,
    }
    check_layer(
        SeparableConv2D, arguments, (2, 6, 5, 3), (2, 4, 1, 3), 36 + 18,
        oracle=lambda x, w, p: depthwise(x, w, (1, 1), (2, 2), "valid") @ p[0, 0],
    )  # fmt: skip


def test_one_dimension():
    arguments = {"filters": 7, "kernel_size": 4, "padding": "same", "data_format": "channels_first"}

    def oracle(x, w, p, b):
        z = depthwise(x.swapaxes(1, 2)[:, None], w[None], (1, 1), (1, 1), "same")
        return (z @ p + b)[:, 0].swapaxes(1, 2)

    check_layer(SeparableConv1D, arguments, (3, 2, 9), (3, 7, 9), 8 + 14 + 7, oracle)


def test_weights_have_the_names_and_shapes_of_keras():
    layer = SeparableConv2D(8, 3, depth_multiplier=2)
    layer(np.ones((1, 4, 4, 5)))
    assert [(v.name, v.shape) for v in layer.weights] == [
        ("depthwise_kernel", (3, 3, 5, 2)),
        ("pointwise_kernel", (1, 1, 10, 8)),
        ("bias", (8,)),
    ]
    limits = [np.sqrt(6 / (9 * 5 + 9 * 2)), np.sqrt(6 / (10 + 8))]
    for weight, limit in zip(layer.get_weights(), limits, strict=False):
        assert 0.8 * limit < np.abs(weight).max() <= limit


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"filters": 0, "kernel_size": 3}, "filters: .*0"),
        ({"filters": 2, "kernel_size": (3,)}, r"kernel_size: .*\(3,\)"),
    ],
)
def test_bad_arguments_are_named(arguments, message):
    with pytest.raises(ValueError, match=message):
        SeparableConv2D(**arguments)
