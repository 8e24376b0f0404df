"""Every layer of the library computes the same in ONNX Runtime, or is refused."""

import re
from pathlib import Path

import numpy as np
import pytest
from onnxcheck import assert_agrees, onnx, run_by_reference

import fastnn
from fastnn import layers
from fastnn.interop.onnx.layers import LAYERS, REFUSED

pytestmark = pytest.mark.filterwarnings("ignore::fastnn.FastnnWarning")

OPEN = (None, 3)  # sequences, which are tried with lengths 1 and 50


def of(layer, *rows, high=None):
    """A layer, the shapes of its inputs, and where they are whole numbers what these are below."""
    return layer, rows, high


def around(cell, **arguments):
    return lambda: layers.Bidirectional(cell(), **arguments)


def adapted():
    layer = layers.Normalization()
    layer.adapt(np.random.default_rng(0).normal(2, 3, (50, 3)))
    return layer


def learned_bins(mode):
    layer = layers.Discretization(num_bins=5, output_mode=mode)
    layer.adapt(np.random.default_rng(0).normal(size=100))
    return layer


IMAGE, FIRST = (9, 8, 4), (4, 9, 8)
L = layers

# For each layer, calls with all of its options that a file depends on.
CASES = {
    "Absolute": [of(lambda: abs, (3,)), of(lambda: abs, OPEN)],
    "Activation": [
        of(lambda name=name: L.Activation(name), (5,))
        for name in (
            "elu",
            "exponential",
            "gelu",
            "hard_sigmoid",
            "hard_silu",
            "leaky_relu",
            "linear",
            "log_softmax",
            "mish",
            "relu",
            "relu6",
            "selu",
            "sigmoid",
            "silu",
            "silu_derivative",
            "softmax",
            "softplus",
            "softsign",
            "tanh",
        )
    ]
    + [of(lambda: L.Activation(fastnn.activations.gelu.bind(approximate=True)), OPEN)],
    "ActivityRegularization": [of(lambda: L.ActivityRegularization(0.1), (3,))],
    "Add": [of(L.Add, (4, 3), (4, 3), (1, 3)), of(L.Add, (5, 4, 3), (3,), (4, 1)), of(L.Add, OPEN, (3,))],
    "AlphaDropout": [of(lambda: L.AlphaDropout(0.5), (3,))],
    "Arithmetic": [
        of(lambda: lambda x: (2 * x - 1) ** 2 / (1 + abs(x)), OPEN),
        of(lambda: lambda x: 3 - x / [1, 2, 4], OPEN),
        of(lambda: lambda x: 2**x - 1 / (2 + x**2), (3,)),
        of(lambda: lambda x: np.ones((1, 5, 1)) * x, (5, 3)),
        of(lambda: lambda x: x[0] * x[1] - x[1] / x[0] + x[0], (4, 3), (1, 3)),
        of(
            lambda: L.registry.get(
                {"class_name": "Arithmetic", "config": {"operation": "maximum", "constant": 0.2}}
            ),
            (3,),
        ),
        of(
            lambda: L.registry.get({"class_name": "Arithmetic", "config": {"operation": "minimum"}}),
            (3,),
            (3,),
        ),
    ],
    "Average": [of(L.Average, (4, 3), (4, 3), (3,))],
    "AveragePooling1D": [
        of(lambda: L.AveragePooling1D(3, 2, "same"), OPEN),
        of(lambda: L.AveragePooling1D(1), OPEN),
    ],
    "AveragePooling2D": [
        of(lambda: L.AveragePooling2D((2, 3), 2, "same"), IMAGE),
        of(lambda: L.AveragePooling2D(2, 1, data_format="channels_first"), FIRST),
    ],
    "BatchNormalization": [
        of(L.BatchNormalization, (5,)),
        of(lambda: L.BatchNormalization(1), (4, 3)),
        of(lambda: L.BatchNormalization(center=False, epsilon=0.1), OPEN),
        of(lambda: L.BatchNormalization(2, scale=False), IMAGE),
    ],
    "Bidirectional": [
        *(
            of(
                around(
                    lambda cell=cell, s=s: cell(4, return_sequences=s, return_state=True), merge_mode=mode
                ),
                OPEN,
            )
            for cell in (L.LSTM, L.GRU, L.SimpleRNN)
            for s in (False, True)
            for mode in ("concat", "sum", "mul", "ave", None)
        ),
        of(around(lambda: L.LSTM(4, return_sequences=True, go_backwards=True)), OPEN),
        of(
            around(
                lambda: L.LSTM(4, return_sequences=True),
                merge_mode="ave",
                backward_layer=L.GRU(4, go_backwards=True, return_sequences=True),
            ),
            OPEN,
        ),
        of(around(lambda: L.RNN([L.GRUCell(3), L.LSTMCell(2)], return_sequences=True)), OPEN),
    ],
    "CategoryEncoding": [
        of(lambda mode=mode: L.CategoryEncoding(7, mode), shape, high=7)
        for mode in ("one_hot", "multi_hot", "count")
        for shape in ((5,), (1,), (4, 3), ())
    ],
    "CenterCrop": [
        of(lambda: L.CenterCrop(5, 3), IMAGE),
        of(lambda: L.CenterCrop(12, 3), IMAGE),
        of(lambda: L.CenterCrop(4, 3, data_format="channels_first"), FIRST),
        of(lambda: L.CenterCrop(14, 19, data_format="channels_first"), FIRST),
    ],
    "Comparison": [
        of(lambda: lambda x: x > 0.5, OPEN),
        of(lambda: lambda x: np.float64(0.5) >= x, (3,)),
        of(lambda: lambda x: x[0] <= x[1], (3,), (3,)),
        of(lambda: lambda x: x[0] < x[1], (3,), (3,)),
        of(lambda: lambda x: (x > 0) & (x < 1) | ~(x > -1) ^ (x > -0.5), (9,)),
        of(lambda: lambda x: x % 0.75, (9,)),
        of(lambda: lambda x: x // -0.3, (9,)),
        of(lambda: lambda x: x[0] // x[1] + x[0] % x[1], (9,), (9,)),
        of(lambda: lambda x: x % [3, -3, 7] + x // [3, -3, 7], (3,), high=30),
        of(lambda: lambda x: (x > 0) * x + 1, (9,)),
    ],
    "Concatenate": [
        of(L.Concatenate, (4, 3), (4, 2)),
        of(lambda: L.Concatenate(1), OPEN, OPEN),
        of(lambda: L.Concatenate(-2), (4, 3), (1, 3)),
    ],
    "Conv1D": [
        of(lambda p=p, k=k: L.Conv1D(4, 3, padding=p, **k), OPEN)
        for p in ("same", "causal")
        for k in ({}, {"strides": 2}, {"dilation_rate": 3}, {"groups": 1, "activation": "gelu"})
    ]
    + [
        of(lambda: L.Conv1D(6, 2, groups=3, data_format="channels_first"), (3, 7)),
        of(lambda: L.Conv1D(2, 1, strides=3), OPEN),
    ],
    "Conv1DTranspose": [
        of(
            lambda k=k, s=s, p=p, o=o: L.Conv1DTranspose(4, k, s, p, output_padding=o if o is None else o(s)),
            OPEN,
        )
        for k in (1, 3, 5)
        for s in (1, 2, 4)
        for p in ("valid", "same")
        for o in (None, lambda s: 0, lambda s: s - 1)
    ]
    + [of(lambda s=s: L.Conv1DTranspose(2, 2, s, "same"), OPEN) for s in (1, 2, 3)]
    + [of(lambda: L.Conv1DTranspose(2, 3, dilation_rate=2, padding="same", activation="softmax"), OPEN)],
    "Conv2D": [
        of(lambda k=k: L.Conv2D(6, (3, 2), **k), IMAGE)
        for k in (
            {},
            {"padding": "same"},
            {"padding": "same", "strides": (3, 2)},
            {"strides": (1, 2)},
            {"groups": 2},
            {"padding": "same", "dilation_rate": (1, 2), "activation": "softmax"},
            {"use_bias": False},
        )
    ]
    + [
        of(
            lambda: L.Conv2D(
                6, 3, padding="same", strides=2, data_format="channels_first", activation="softmax"
            ),
            FIRST,
        )
    ],
    "Conv2DTranspose": [
        of(lambda s=s, p=p, o=o: L.Conv2DTranspose(3, (3, 4), s, p, output_padding=o), IMAGE)
        for s, o in ((1, None), ((2, 3), None), (2, 1), ((2, 5), (0, 3)), ((1, 2), (0, 0)))
        for p in ("valid", "same")
    ]
    + [
        of(
            lambda: L.Conv2DTranspose(
                3, 2, dilation_rate=(2, 1), data_format="channels_first", activation="relu"
            ),
            FIRST,
        ),
        of(lambda: L.Conv2DTranspose(3, 3, 2, "same", use_bias=False, data_format="channels_first"), FIRST),
    ],
    "Cropping1D": [of(lambda: L.Cropping1D((0, 0)), OPEN), of(lambda: L.Cropping1D((1, 2)), (7, 3))],
    "Cropping2D": [
        of(lambda: L.Cropping2D(((1, 0), (0, 3))), IMAGE),
        of(lambda: L.Cropping2D(((1, 2), (3, 0)), data_format="channels_first"), FIRST),
    ],
    "Dense": [of(lambda: L.Dense(4, "relu"), (5,)), of(lambda: L.Dense(4, "softmax", use_bias=False), OPEN)],
    "DepthwiseConv1D": [
        of(lambda k=k: L.DepthwiseConv1D(3, padding="same", depth_multiplier=2, **k), OPEN)
        for k in ({}, {"strides": 2}, {"dilation_rate": 2}, {"activation": "softmax", "use_bias": False})
    ],
    "DepthwiseConv2D": [
        of(lambda k=k: L.DepthwiseConv2D((3, 2), depth_multiplier=2, **k), IMAGE)
        for k in ({}, {"strides": 2}, {"dilation_rate": 2}, {"padding": "same", "activation": "tanh"})
    ]
    + [of(lambda: L.DepthwiseConv2D(3, padding="same", strides=2, data_format="channels_first"), FIRST)],
    "Discretization": [
        *(
            of(lambda mode=mode: L.Discretization([-1.0, 0.0, 0.5], output_mode=mode), shape)
            for mode in ("int", "one_hot", "multi_hot", "count")
            for shape in ((5,), (1,), (4, 3))
        ),
        *(of(lambda mode=mode: learned_bins(mode), (5,)) for mode in ("int", "count")),
        of(lambda: L.Discretization([0.0, 1.0, 2.0]), (5,), high=4),
    ],
    "Dot": [
        of(lambda: L.Dot(1), (5,), (5,)),
        of(lambda: L.Dot(2), (3, 5), (4, 5)),
        of(lambda: L.Dot((1, 2)), (5, 2), (4, 5)),
        of(lambda: L.Dot((2, 1), normalize=True), (2, 5, 3), (5, 4)),
        of(lambda: L.Dot(-1, normalize=True), (5,), (5,)),
        of(lambda: L.Dot((3, 2)), (2, 3, 4), (2, 4, 3)),
        of(lambda: L.Dot(2), OPEN, OPEN),
    ],
    "Dropout": [of(lambda: L.Dropout(0.5), OPEN)],
    "ELU": [of(lambda: L.ELU(0.3), (5,))],
    "Embedding": [
        of(lambda: L.Embedding(9, 4), (None,), high=9),
        of(lambda: L.Embedding(9, 4), (2, 3), high=9),
        of(lambda: L.Embedding(9, 4), (), high=9),
    ],
    "Flatten": [
        of(L.Flatten, (4, 3)),
        of(L.Flatten, ()),
        of(lambda: L.Flatten("channels_first"), FIRST),
        of(lambda: L.Flatten("channels_first"), (5,)),
    ],
    "GRU": [
        of(lambda k=k: L.GRU(4, **k), OPEN)
        for k in (
            {},
            {"reset_after": False},
            {"return_sequences": True, "go_backwards": True},
            {"return_state": True, "use_bias": False},
            {"activation": "elu", "recurrent_activation": "hard_sigmoid"},
        )
    ]
    + [of(lambda: L.GRU(4, "linear", fastnn.activations.leaky_relu.bind(negative_slope=0.1)), (5, 3))],
    "GaussianDropout": [of(lambda: L.GaussianDropout(0.5), (5,))],
    "GaussianNoise": [of(lambda: L.GaussianNoise(0.5), (5,))],
    "GetItem": [
        of(lambda key=key: lambda x: x[key], (6, 4, 3))
        for key in (
            (slice(None), 1),
            (slice(None), -1),
            (slice(None), slice(1, 4), slice(None, None, 2)),
            (slice(None), slice(None, None, -1), slice(3, 0, -2)),
            (..., 0),
            (slice(None), ..., slice(1, 3)),
            (slice(None), None, 0, ..., None),
            (slice(None),),
            (slice(None), -2, -3, -1),
            (slice(None), slice(-9, 99)),
            (slice(None), slice(4, None, -2), None, slice(-1, None)),
            (slice(None), slice(0, 0)),
        )
    ]
    + [
        of(lambda: lambda x: x[:, ::-1], OPEN),
        of(lambda: lambda x: x[:, 0, None], OPEN),
        of(lambda: lambda x: x[:, -1], OPEN),
    ],
    "GlobalAveragePooling1D": [
        of(L.GlobalAveragePooling1D, OPEN),
        of(lambda: L.GlobalAveragePooling1D(keepdims=True), OPEN),
    ],
    "GlobalAveragePooling2D": [
        of(L.GlobalAveragePooling2D, IMAGE),
        of(lambda: L.GlobalAveragePooling2D("channels_first", True), FIRST),
    ],
    "GlobalMaxPooling1D": [
        of(L.GlobalMaxPooling1D, OPEN),
        of(lambda: L.GlobalMaxPooling1D("channels_first"), (3, 7)),
    ],
    "GlobalMaxPooling2D": [
        of(L.GlobalMaxPooling2D, IMAGE),
        of(lambda: L.GlobalMaxPooling2D(keepdims=True), IMAGE),
    ],
    "GroupNormalization": [
        of(lambda: L.GroupNormalization(2), (6,)),
        of(lambda: L.GroupNormalization(2), IMAGE),
        of(lambda: L.GroupNormalization(2, axis=1, scale=False), FIRST),
        of(lambda: L.GroupNormalization(-1, center=False), IMAGE),
        of(lambda: L.GroupNormalization(1, epsilon=0.1), (None, 3)),
    ],
    "Identity": [of(L.Identity, (3,))],
    "InputLayer": [of(lambda: L.InputLayer((3,)), (3,))],
    "LSTM": [
        of(lambda k=k: L.LSTM(4, **k), OPEN)
        for k in (
            {},
            {"return_sequences": True, "go_backwards": True},
            {"return_state": True, "use_bias": False},
            {"go_backwards": True},
            {"activation": fastnn.activations.elu.bind(alpha=0.5), "recurrent_activation": "hard_sigmoid"},
            {"activation": "softsign", "recurrent_activation": "softplus"},
        )
    ],
    "LayerNormalization": [
        of(L.LayerNormalization, OPEN),
        of(lambda: L.LayerNormalization((1, 3), scale=False), IMAGE),
        of(lambda: L.LayerNormalization(1, center=False, epsilon=0.1), (4, 3)),
        of(lambda: L.LayerNormalization([1, 2, 3]), IMAGE),
    ],
    "LeakyReLU": [of(L.LeakyReLU, (5,))],
    "Masking": [of(lambda: L.Masking(1.0), (5, 1), high=3)],
    "MatMul": [
        of(lambda: lambda x: x @ np.arange(6.0).reshape(3, 2), (3,)),
        of(lambda: lambda x: x @ np.arange(3.0), OPEN),
        of(lambda: lambda x: np.arange(8.0).reshape(2, 4) @ x, (4, 3)),
        of(lambda: lambda x: x[0] @ x[1], (2, 4, 3), (2, 3, 5)),
        of(lambda: lambda x: np.arange(8.0).reshape(2, 4) @ x, (5, 4, 3)),
        of(lambda: lambda x: x @ np.arange(3.0), (3,)),
    ],
    "MaxPooling1D": [
        of(lambda: L.MaxPooling1D(3, 2, "same"), OPEN),
        of(lambda: L.MaxPooling1D(2, data_format="channels_first"), (3, 7)),
    ],
    "MaxPooling2D": [
        of(lambda: L.MaxPooling2D((2, 3), 2, "same"), IMAGE),
        of(lambda: L.MaxPooling2D(3, 1), IMAGE),
    ],
    "Maximum": [of(L.Maximum, (4, 3), (4, 3), (3,))],
    "Minimum": [of(L.Minimum, (4, 3), (4, 3))],
    "Multiply": [of(L.Multiply, (4, 3), (4, 3), (3,))],
    "Normalization": [
        of(adapted, (4, 3)),
        of(lambda: L.Normalization(mean=2.0, variance=4.0), (3,)),
        of(lambda: L.Normalization(None, mean=2.0, variance=0.0), (3,)),
        of(lambda: L.Normalization(1, mean=[1, 2], variance=[3, 4], invert=True), (2, 3)),
    ],
    "PReLU": [
        of(lambda: L.PReLU(shared_axes=[1]), OPEN),
        of(L.PReLU, IMAGE),
        of(lambda: L.PReLU(shared_axes=[1, 3]), IMAGE),
    ],
    "Permute": [of(lambda: L.Permute((2, 1)), OPEN), of(lambda: L.Permute((3, 1, 2)), IMAGE)],
    "RMSNormalization": [of(L.RMSNormalization, OPEN), of(lambda: L.RMSNormalization([-1, -2], 0.1), (4, 3))],
    "RNN": [
        *(
            of(lambda k=k: L.RNN([L.GRUCell(3), L.LSTMCell(2), L.SimpleRNNCell(3)], **k), OPEN)
            for k in ({}, {"return_sequences": True}, {"go_backwards": True, "return_sequences": True})
        ),
        of(lambda: L.RNN(L.LSTMCell(3)), OPEN),
    ],
    "RandomBrightness": [of(lambda: L.RandomBrightness(0.5), IMAGE)],
    "RandomContrast": [of(lambda: L.RandomContrast(0.5), IMAGE)],
    "RandomCrop": [
        of(lambda: L.RandomCrop(5, 3), IMAGE),
        of(lambda: L.RandomCrop(12, 3), IMAGE),
        of(lambda: L.RandomCrop(4, 12, data_format="channels_first"), FIRST),
    ],
    "RandomFlip": [of(L.RandomFlip, IMAGE)],
    "RandomRotation": [of(lambda: L.RandomRotation(0.5), IMAGE)],
    "RandomTranslation": [of(lambda: L.RandomTranslation(0.5, 0.5), IMAGE)],
    "RandomZoom": [of(lambda: L.RandomZoom(0.5), IMAGE)],
    "ReLU": [
        of(lambda k=k: L.ReLU(**k), (9,))
        for k in (
            {},
            {"max_value": 0.5},
            {"negative_slope": 0.2, "threshold": 0.3, "max_value": 1.0},
            {"threshold": 0.5},
            {"negative_slope": 0.1},
        )
    ],
    "RepeatVector": [of(lambda: L.RepeatVector(4), (3,))],
    "Rescaling": [
        of(lambda: L.Rescaling(0.5, 2.0), IMAGE),
        of(lambda: L.Rescaling([0.5, 1, 2], [1, 2, 3]), OPEN),
    ],
    "Reshape": [
        of(lambda: L.Reshape((2, -1)), (4, 3)),
        of(lambda: L.Reshape((-1, 1, 3)), OPEN),
        of(lambda: L.Reshape((12,)), (4, 3)),
    ],
    "Resizing": [
        *(
            of(lambda s=s, i=i, a=a: L.Resizing(*s, i, antialias=a), IMAGE)
            for s in ((5, 3), (12, 11), (18, 4), (9, 8))
            for i in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
            for a in (False, True)
        ),
        *(
            of(lambda k=k: L.Resizing(6, 11, **k), IMAGE)
            for k in ({"crop_to_aspect_ratio": True}, {"pad_to_aspect_ratio": True, "fill_value": 2.0})
        ),
        of(lambda: L.Resizing(6, 11, pad_to_aspect_ratio=True, data_format="channels_first"), FIRST),
        of(lambda: L.Resizing(6, 11, "lanczos3", data_format="channels_first"), FIRST),
    ],
    "SeparableConv1D": [
        of(lambda k=k: L.SeparableConv1D(4, 3, padding="same", **k), OPEN)
        for k in (
            {},
            {"strides": 2},
            {"dilation_rate": 2, "depth_multiplier": 2},
            {"activation": "softmax", "use_bias": False},
        )
    ],
    "SeparableConv2D": [
        of(lambda k=k: L.SeparableConv2D(3, (3, 2), **k), IMAGE)
        for k in ({}, {"strides": 2, "padding": "same"}, {"dilation_rate": 2, "depth_multiplier": 3})
    ]
    + [
        of(
            lambda: L.SeparableConv2D(3, 3, padding="same", data_format="channels_first", activation="relu"),
            FIRST,
        )
    ],
    "SimpleRNN": [
        of(lambda k=k: L.SimpleRNN(4, **k), OPEN)
        for k in (
            {},
            {"return_sequences": True, "go_backwards": True},
            {"activation": "relu", "return_state": True},
        )
    ],
    "Softmax": [
        of(L.Softmax, OPEN),
        of(lambda: L.Softmax(1), (4, 3)),
        of(lambda: L.Softmax([1, 2]), (4, 3)),
        of(lambda: L.Softmax([-1, 1]), IMAGE),
    ],
    "SpatialDropout1D": [of(lambda: L.SpatialDropout1D(0.5), OPEN)],
    "SpatialDropout2D": [of(lambda: L.SpatialDropout2D(0.5), IMAGE)],
    "Subtract": [of(L.Subtract, (4, 3), (3,))],
    "TimeDistributed": [
        of(lambda: L.TimeDistributed(L.Dense(2, "tanh")), OPEN),
        of(lambda: L.TimeDistributed(L.Conv2D(2, 3)), (3, 6, 5, 2)),
        of(lambda: L.TimeDistributed(L.Conv1D(2, 3, padding="same")), (None, None, 3)),
        of(lambda: L.TimeDistributed(L.GRU(2)), (4, 6, 3)),
        of(
            lambda: L.TimeDistributed(
                fastnn.Sequential([fastnn.Input((3,)), L.Dense(2), L.BatchNormalization()])
            ),
            OPEN,
        ),
        of(lambda: L.TimeDistributed(L.TimeDistributed(L.LSTM(2))), (2, 3, 4, 5)),
    ],
    "UnitNormalization": [of(L.UnitNormalization, OPEN), of(lambda: L.UnitNormalization([1, 3]), IMAGE)],
    "UpSampling1D": [of(lambda: L.UpSampling1D(3), OPEN)],
    "UpSampling2D": [
        *(
            of(lambda i=i: L.UpSampling2D((2, 3), interpolation=i), IMAGE)
            for i in ("nearest", "bilinear", "bicubic", "lanczos3", "lanczos5")
        ),
        of(lambda: L.UpSampling2D((2, 3), "channels_first"), FIRST),
        of(lambda: L.UpSampling2D(2, "channels_first", "bilinear"), FIRST),
        of(lambda: L.UpSampling2D(2), (None, None, 3)),
        of(lambda: L.UpSampling2D(2, interpolation="bilinear"), (None, 5, 3)),
    ],
    "ZeroPadding1D": [
        of(lambda: L.ZeroPadding1D((0, 2)), OPEN),
        of(lambda: L.ZeroPadding1D(1, "channels_first"), (3, 7)),
    ],
    "ZeroPadding2D": [
        of(lambda: L.ZeroPadding2D(((1, 0), (2, 3))), IMAGE),
        of(lambda: L.ZeroPadding2D(2, "channels_first"), FIRST),
    ],
}


def model_of(layer, rows, dtype="float32"):
    inputs = [fastnn.Input(row, dtype=dtype, name=f"x{i}") for i, row in enumerate(rows)]
    made = layer()(inputs if len(inputs) > 1 else inputs[0])
    return fastnn.Model(inputs, made)


def lengths_of(rows):
    """Return the shapes to try: open dimensions are 1 and 50, different ones where there are several."""
    if not any(None in row for row in rows):
        return [rows]
    return [[tuple(n if size is None else size for size in row) for row in rows] for n in (1, 50)]


def test_every_layer_is_exported_or_refused():
    models = {fastnn.Model, fastnn.Sequential}
    assert {*LAYERS, *REFUSED} | models == set(layers.registry.classes())
    assert {cls.__name__ for cls in LAYERS} == set(CASES)


def test_the_guide_lists_every_layer():
    page = Path(__file__).parent.parent / "docs" / "onnx.md"
    if not page.exists():
        pytest.skip("an installed package has no docs")
    table = page.read_text("utf-8").partition("| layers | how |")[2].partition("\n\n")[0]
    rows = [row.split("|")[1] for row in table.splitlines() if row]
    listed = [name for row in rows for name in re.findall(r"`(\w+)`", row)]
    assert sorted(listed) == sorted(cls.__name__ for cls in {*LAYERS, *REFUSED})


@pytest.mark.parametrize("name", CASES)
def test_layer(name):
    for layer, rows, high in CASES[name]:
        model = model_of(layer, rows)
        for shapes in lengths_of(rows):
            assert_agrees(model, *shapes, high=high)


@pytest.mark.parametrize("name", sorted(set(CASES) - {"GlobalMaxPooling1D", "Normalization"}))
def test_newest_opset_and_float64(name):
    """Compare with ONNX's evaluator, which has all numbers; attributes such as epsilon are float32 in any."""
    layer, rows, high = CASES[name][0]
    model = model_of(layer, rows, "float64")
    newest = onnx.defs.onnx_opset_version()
    shapes = lengths_of(rows)[-1]
    assert_agrees(model, *shapes, high=high, run=run_by_reference, rtol=1e-7, opset_version=newest)
