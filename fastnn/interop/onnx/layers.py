"""What writes each layer: a table from its class to a function of the writer and the call."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from ... import layers
from ...layers.activations import HIDDEN
from ...layers.arithmetic import Absolute, Arithmetic, Comparison
from ...layers.get_item import GetItem
from ...layers.matmul import MatMul
from ...layers.own_cell_rnn import OwnCellRNN
from ...layers.tensor_function import TensorFunction
from .activations import write_activation, write_softmax
from .encodings import write_categories, write_embedding, write_intervals, write_masking
from .normalizations import (
    write_batch_normalization,
    write_group_normalization,
    write_layer_normalization,
    write_normalization,
    write_rms_normalization,
    write_unit_normalization,
)
from .operators import (
    write_arithmetic,
    write_comparison,
    write_concatenation,
    write_dot,
    write_extreme,
    write_item,
    write_matmul,
    write_merge,
    write_product,
)
from .recurrent import write_bidirectional, write_recurrent
from .shapes import (
    write_crop,
    write_cropping,
    write_flatten,
    write_padding,
    write_random_crop,
    write_repeat,
    write_reshape,
    write_resizing,
    write_steps,
    write_upsampling,
)
from .windows import (
    write_convolution,
    write_depthwise,
    write_global_average,
    write_global_pooling,
    write_pooling,
    write_separable,
    write_transposed,
)
from .writer import Call, Value, Writer

__all__ = ["LAYERS", "REFUSED"]


def _dense(writer: Writer, call: Call) -> str:
    layer = call.layer
    y: str = writer.op("MatMul", call.x, writer.constant(np.array(layer.kernel), "kernel"))
    if layer.bias is not None:
        y = writer.op("Add", y, writer.constant(np.array(layer.bias), "bias"))
    return write_activation(writer, y, layer.activation)


def _prelu(writer: Writer, call: Call) -> str:
    return str(writer.op("PRelu", call.x, writer.constant(np.array(call.layer.alpha), "alpha")))


def _softmax(writer: Writer, call: Call) -> str:
    layer, mask, rank = call.layer, call.mask, len(call.shape)
    if mask is None or len(mask.shape) < rank:
        return write_softmax(writer, call.x, layer.axis)
    scores = writer.chosen(mask, call.x, rank, writer.constant(-HIDDEN, "hidden"))
    return writer.chosen(mask, write_softmax(writer, scores, layer.axis), rank)


def _rescaling(writer: Writer, call: Call) -> str:
    y = writer.op("Mul", call.x, writer.constant(call.layer.scale, "scale"))
    return str(writer.op("Add", y, writer.constant(call.layer.offset, "offset")))


def _as_it_is(writer: Writer, call: Call) -> str:
    return call.x


def _activation(writer: Writer, call: Call) -> str:
    return write_activation(writer, call.x, call.layer._function)


def _permute(writer: Writer, call: Call) -> str:
    return writer.transpose(call.x, (0, *call.layer.dims))


def _absolute(writer: Writer, call: Call) -> str:
    return str(writer.op("Abs", call.x))


Write = Callable[[Writer, Call], "str | Value | list[Value]"]

_average, _most = partial(write_pooling, kind="AveragePool"), partial(write_pooling, kind="MaxPool")
_most_of_all = partial(write_global_pooling, kind="GlobalMaxPool")

LAYERS: dict[type, Write] = {
    Absolute: _absolute,
    Arithmetic: write_arithmetic,
    Comparison: write_comparison,
    GetItem: write_item,
    MatMul: write_matmul,
    layers.Activation: _activation,
    layers.ActivityRegularization: _as_it_is,
    layers.Add: partial(write_merge, kind="Sum"),
    layers.AlphaDropout: _as_it_is,
    layers.Average: partial(write_merge, kind="Mean"),
    layers.AveragePooling1D: _average,
    layers.AveragePooling2D: _average,
    layers.BatchNormalization: write_batch_normalization,
    layers.Bidirectional: write_bidirectional,
    layers.CategoryEncoding: write_categories,
    layers.CenterCrop: write_crop,
    layers.Concatenate: write_concatenation,
    layers.Conv1D: write_convolution,
    layers.Conv1DTranspose: write_transposed,
    layers.Conv2D: write_convolution,
    layers.Conv2DTranspose: write_transposed,
    layers.Cropping1D: write_cropping,
    layers.Cropping2D: write_cropping,
    layers.Dense: _dense,
    layers.DepthwiseConv1D: write_depthwise,
    layers.DepthwiseConv2D: write_depthwise,
    layers.Discretization: write_intervals,
    layers.Dot: write_dot,
    layers.Dropout: _as_it_is,
    layers.ELU: _activation,
    layers.Embedding: write_embedding,
    layers.Flatten: write_flatten,
    layers.GRU: write_recurrent,
    layers.GaussianDropout: _as_it_is,
    layers.GaussianNoise: _as_it_is,
    layers.GlobalAveragePooling1D: write_global_average,
    layers.GlobalAveragePooling2D: write_global_average,
    layers.GlobalMaxPooling1D: _most_of_all,
    layers.GlobalMaxPooling2D: _most_of_all,
    layers.GroupNormalization: write_group_normalization,
    layers.Identity: _as_it_is,
    layers.InputLayer: _as_it_is,
    layers.LSTM: write_recurrent,
    layers.LayerNormalization: write_layer_normalization,
    layers.LeakyReLU: _activation,
    layers.Masking: write_masking,
    layers.MaxPooling1D: _most,
    layers.MaxPooling2D: _most,
    layers.Maximum: partial(write_extreme, kind="Max"),
    layers.Minimum: partial(write_extreme, kind="Min"),
    layers.Multiply: write_product,
    layers.Normalization: write_normalization,
    layers.PReLU: _prelu,
    layers.Permute: _permute,
    layers.RMSNormalization: write_rms_normalization,
    layers.RNN: write_recurrent,
    layers.RandomBrightness: _as_it_is,
    layers.RandomContrast: _as_it_is,
    layers.RandomCrop: write_random_crop,
    layers.RandomFlip: _as_it_is,
    layers.RandomRotation: _as_it_is,
    layers.RandomTranslation: _as_it_is,
    layers.RandomZoom: _as_it_is,
    layers.ReLU: _activation,
    layers.RepeatVector: write_repeat,
    layers.Rescaling: _rescaling,
    layers.Reshape: write_reshape,
    layers.Resizing: write_resizing,
    layers.SeparableConv1D: write_separable,
    layers.SeparableConv2D: write_separable,
    layers.SimpleRNN: write_recurrent,
    layers.Softmax: _softmax,
    layers.SpatialDropout1D: _as_it_is,
    layers.SpatialDropout2D: _as_it_is,
    layers.Subtract: partial(write_merge, kind="Sub"),
    layers.TimeDistributed: write_steps,
    layers.UnitNormalization: write_unit_normalization,
    layers.UpSampling1D: write_upsampling,
    layers.UpSampling2D: write_upsampling,
    layers.ZeroPadding1D: write_padding,
    layers.ZeroPadding2D: write_padding,
}

# The layers of fastnn that files cannot hold, and why.
REFUSED: dict[type, str] = {
    layers.Lambda: "it is a function of Python",
    OwnCellRNN: "its cells are of Python",
    TensorFunction: "it is a function of Python",
}
