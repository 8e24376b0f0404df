"""Models that are drawn: ONNX Runtime makes of their files what they predict, and models read back do."""

import io

import numpy as np
import pytest

import fastnn
from fastnn import Input, layers

onnx = pytest.importorskip("onnx")
pytest.importorskip("onnxruntime")

from onnxcheck import assert_agrees, exported, samples  # noqa: E402

import fastnn.interop.onnx as bridge  # noqa: E402

ACTIVATIONS = [
    "relu",
    "tanh",
    "sigmoid",
    "elu",
    "selu",
    "gelu",
    "softplus",
    "softsign",
    "silu",
    "leaky_relu",
    "hard_sigmoid",
    "hard_silu",
    "mish",
    "exponential",
    "linear",
    "log_softmax",
    "softmax",
    "relu6",
]
CELLS = ("tanh", "sigmoid", "relu", "softsign", "linear")


class Drawn:
    """A model of layers that are drawn, each of which fits what is there."""

    def __init__(self, seed):
        self.rng = np.random.default_rng(seed)
        self.words = seed % 8 == 7
        shape = [
            (self.some(2, 6),),
            (self.some(6, 9), self.some(1, 4)),
            (8, self.some(6, 9), self.some(1, 4)),
        ]
        self.shape = (5,) if self.words else shape[seed % 3]
        self.open = seed % 6 == 1 and not self.words  # the steps
        if self.open:
            self.shape = (None, *self.shape[1:])

    def some(self, low, high):
        """Return a whole number."""
        return int(self.rng.integers(low, high + 1))

    def one(self, *choices):
        """Return one of several things."""
        return choices[self.some(0, len(choices) - 1)]

    def model(self):
        """Return the model."""
        x = start = Input(self.shape, dtype="int32" if self.words else "float32")
        if self.words:
            x = layers.Embedding(7, self.some(2, 4))(x)
        for _ in range(self.some(2, 5)):
            x = self.layer(x.shape[1:])(x) if self.rng.random() < 0.8 else self.branches(x)
        if self.rng.random() < 0.5 and None not in x.shape[1:]:
            x = layers.Dense(3, self.one(*ACTIVATIONS))(layers.Flatten()(x))
        return fastnn.Model(start, x)

    def branches(self, x):
        """Return two layers of one tensor joined."""
        units = x.shape[-1]
        left, right = (layers.Dense(units, self.one(*ACTIVATIONS))(x) for _ in range(2))
        kinds = layers.Add, layers.Multiply, layers.Maximum, layers.Minimum, layers.Average, layers.Subtract
        if self.rng.random() < 0.3:
            return layers.Concatenate(self.one(*range(2, x.ndim), -1))([left, right])
        return self.one(*kinds)()([left, right])

    def layer(self, shape):
        """Return a layer for samples of a shape."""
        every = [self.dense, self.activation, self.normalization, self.batch_normalization]
        more = {1: [], 2: [self.recurrent, self.convolution, self.pool, self.axes, self.transposed]}
        more[3] = [self.convolution, self.pool, self.axes, self.transposed, self.depthwise]
        self.small = min((n or 1 for n in shape[:-1]), default=0) < 5
        return self.one(*every, *more[len(shape)], *more[len(shape)])(len(shape))

    def dense(self, rank):
        return layers.Dense(self.some(2, 5), self.one(*ACTIVATIONS), use_bias=self.one(True, False))

    def activation(self, rank):
        return self.one(
            layers.Activation(self.one(*ACTIVATIONS)),
            layers.LeakyReLU(self.one(0.1, 0.3)),
            layers.ELU(self.one(0.5, 1.0)),
            layers.ReLU(max_value=self.one(None, 2.0), negative_slope=self.one(0.0, 0.1)),
            layers.PReLU(shared_axes=list(range(1, rank)) or None),
            layers.Softmax(-1),
            layers.Dropout(0.5),
        )

    def normalization(self, rank):
        return self.one(layers.LayerNormalization(), layers.RMSNormalization(), layers.UnitNormalization())

    def batch_normalization(self, rank):
        return layers.BatchNormalization(scale=self.one(True, False), center=self.one(True, False))

    def windows(self, rank):
        """Return a size, and arguments that convolutions and pools have."""
        padding = "same" if self.small else self.one("same", "valid")
        return self.some(1, 3), {"strides": self.some(1, 2), "padding": padding}

    def convolution(self, rank):
        size, options = self.windows(rank)
        if options["strides"] == 1:
            options["dilation_rate"] = self.some(1, 2)
        kind = {2: (layers.Conv1D, layers.SeparableConv1D), 3: (layers.Conv2D, layers.SeparableConv2D)}[rank]
        return self.one(*kind)(self.some(2, 4), size, activation=self.one(*ACTIVATIONS), **options)

    def depthwise(self, rank):
        size, options = self.windows(rank)
        return layers.DepthwiseConv2D(size, depth_multiplier=self.some(1, 2), **options)

    def transposed(self, rank):
        size, options = self.windows(rank)
        return {2: layers.Conv1DTranspose, 3: layers.Conv2DTranspose}[rank](self.some(2, 4), size, **options)

    def pool(self, rank):
        size, options = self.windows(rank)
        kinds = {
            2: (layers.MaxPooling1D, layers.AveragePooling1D),
            3: (layers.MaxPooling2D, layers.AveragePooling2D),
        }
        return self.one(*kinds[rank])(size, **options)

    def axes(self, rank):
        if self.open:
            return layers.GlobalMaxPooling1D()
        kinds = {
            2: (layers.Permute((2, 1)), layers.ZeroPadding1D((1, 2)), layers.Flatten(),
                layers.GlobalMaxPooling1D(), layers.GlobalAveragePooling1D(keepdims=True)),
            3: (layers.Permute((2, 3, 1)), layers.Permute((2, 1, 3)), layers.ZeroPadding2D(((0, 1), (2, 0))),
                layers.Flatten(), layers.GlobalAveragePooling2D(), layers.GlobalMaxPooling2D(keepdims=True)),
        }  # fmt: skip
        return self.one(*kinds[rank])

    def recurrent(self, rank):
        kind, options = self.one(layers.LSTM, layers.GRU, layers.SimpleRNN), {"activation": self.one(*CELLS)}
        if kind is not layers.SimpleRNN:
            options["recurrent_activation"] = self.one("sigmoid", "hard_sigmoid")
        if kind is layers.GRU:
            options["reset_after"] = self.one(True, False)
        layer = kind(self.some(2, 4), return_sequences=self.one(True, True, False), **options)
        return layers.Bidirectional(layer) if self.rng.random() < 0.4 else layer


@pytest.mark.parametrize("seed", range(48))
def test_drawn_models_go_out_and_come_back(seed):
    drawn = Drawn(seed)
    model = drawn.model()
    shape = tuple(6 if n is None else n for n in drawn.shape)
    high = 7 if drawn.words else None
    assert_agrees(model, shape, high=high, rtol=2e-5)
    again = bridge.load(io.BytesIO(exported(model)))
    for rows in (1, 7):
        (x,) = samples([shape], rows, model.inputs[0].dtype, high)
        expected = model.predict(x, verbose=0)
        scale = max(1, np.abs(expected).max())
        np.testing.assert_allclose(again.predict(x, verbose=0), expected, rtol=2e-5, atol=2e-5 * scale)
