"""Sizes that no machine has, in every argument that is one: a `ValueError` or `MemoryError`, before any harm.

The rows follow faults reported of other libraries: products that wrap around, windows larger than what they
look at, pads and strides near the largest numbers, dimensions of zero beside huge ones.
"""

import numpy as np
import pytest

import fastnn
from fastnn import layers
from fastnn.training.plan_cache import plan_of

IMAGE, SERIES, ROW = (8, 8, 3), (6, 4), (5,)
A, B, C, D = 2**31 - 1, 2**31, 2**62, 2**63 - 1

CASES = {
    f"{cls}({', '.join(f'{key}={value}' for key, value in arguments.items())})": (shape, cls, arguments)
    for shape, cls, arguments in [
        (ROW, "Dense", {"units": C}),
        (ROW, "Dense", {"units": D + 1}),
        (IMAGE, "Conv2D", {"filters": C, "kernel_size": 3}),
        (IMAGE, "Conv2D", {"filters": 4, "kernel_size": A}),
        (IMAGE, "Conv2D", {"filters": 4, "kernel_size": (B, B)}),
        (IMAGE, "Conv2D", {"filters": 4, "kernel_size": (A, 1), "padding": "same"}),
        (IMAGE, "Conv2D", {"filters": 4, "kernel_size": 3, "dilation_rate": A}),
        (IMAGE, "Conv2D", {"filters": 4, "kernel_size": 3, "dilation_rate": C}),
        (IMAGE, "Conv2D", {"filters": 4, "kernel_size": 3, "dilation_rate": D}),
        (IMAGE, "Conv2D", {"filters": 4, "kernel_size": 3, "strides": D + 1}),
        (IMAGE, "Conv2D", {"filters": 3 * B, "kernel_size": B, "groups": 3}),
        (IMAGE, "Conv2DTranspose", {"filters": 4, "kernel_size": 3, "strides": B}),
        (IMAGE, "Conv2DTranspose", {"filters": 4, "kernel_size": 3, "strides": D}),
        (IMAGE, "Conv2DTranspose", {"filters": 4, "kernel_size": (C, 1)}),
        (IMAGE, "Conv2DTranspose", {"filters": C, "kernel_size": 2}),
        (IMAGE, "DepthwiseConv2D", {"kernel_size": 3, "depth_multiplier": C}),
        (IMAGE, "DepthwiseConv2D", {"kernel_size": A}),
        (IMAGE, "SeparableConv2D", {"filters": 4, "kernel_size": 2, "depth_multiplier": C}),
        (SERIES, "Conv1D", {"filters": 4, "kernel_size": D}),
        (SERIES, "Conv1D", {"filters": 4, "kernel_size": 2, "dilation_rate": D}),
        (SERIES, "Conv1D", {"filters": 4, "kernel_size": D, "padding": "causal"}),
        (SERIES, "Conv1DTranspose", {"filters": 4, "kernel_size": 2, "strides": C}),
        (IMAGE, "MaxPooling2D", {"pool_size": D}),
        (IMAGE, "MaxPooling2D", {"pool_size": (1, A)}),
        (IMAGE, "AveragePooling2D", {"pool_size": C}),
        (IMAGE, "ZeroPadding2D", {"padding": A}),
        (IMAGE, "ZeroPadding2D", {"padding": ((0, D), (0, 0))}),
        (IMAGE, "ZeroPadding2D", {"padding": C}),
        (SERIES, "ZeroPadding1D", {"padding": D}),
        (IMAGE, "Cropping2D", {"cropping": D}),
        (IMAGE, "Cropping2D", {"cropping": ((C, C), (0, 0))}),
        (IMAGE, "UpSampling2D", {"size": B}),
        (IMAGE, "UpSampling2D", {"size": (D, 1)}),
        (SERIES, "UpSampling1D", {"size": C}),
        (IMAGE, "Resizing", {"height": B, "width": B}),
        (IMAGE, "Resizing", {"height": D, "width": 1}),
        (IMAGE, "CenterCrop", {"height": D, "width": D}),
        (IMAGE, "RandomCrop", {"height": C, "width": C}),
        (ROW, "RepeatVector", {"n": D}),
        (ROW, "Reshape", {"target_shape": (C, 4, 5)}),
        (ROW, "Reshape", {"target_shape": (D, -1)}),
        (ROW, "Embedding", {"input_dim": C, "output_dim": 4}),
        (ROW, "Embedding", {"input_dim": B, "output_dim": B}),
        (ROW, "CategoryEncoding", {"num_tokens": C}),
        (SERIES, "LSTM", {"units": C}),
        (SERIES, "GRU", {"units": D}),
        (SERIES, "SimpleRNN", {"units": B}),
        (SERIES, "GroupNormalization", {"groups": D}),
        ((0, A, A), "Flatten", {}),
        ((0, D), "Flatten", {}),
        ((B, B), "Flatten", {}),
        ((C, 4), "Dense", {"units": 1}),
    ]
}


@pytest.mark.parametrize("case", CASES, ids=range(len(CASES)))
def test_a_size_that_no_machine_has(case):
    shape, cls, arguments = CASES[case]
    with pytest.raises((ValueError, MemoryError)):
        model = fastnn.Sequential([fastnn.Input(shape), getattr(layers, cls)(**arguments)])
        plan_of(model, "inference")
    again = fastnn.Sequential([fastnn.Input((2,)), layers.Dense(1)])
    assert again.predict(np.zeros((1, 2))).shape == (1, 1)
