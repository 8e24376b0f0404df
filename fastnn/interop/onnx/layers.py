"""What writes each layer: a table from its class to a function of the writer, the call and its inputs."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np

from ... import layers
from ...layers.base.axes import sample_axes, sample_axis
from .activations import write_activation
from .recurrent import write_bidirectional, write_recurrent
from .windows import write_convolution, write_depthwise, write_global_pooling, write_pooling
from .writer import Writer

if TYPE_CHECKING:
    from ...graph.graph import Node

__all__ = ["LAYERS"]


def _dense(writer: Writer, layer: Any, x: str) -> str:
    y: str = writer.op("MatMul", x, writer.weight(layer.kernel, "kernel"))
    if layer.bias is not None:
        y = writer.op("Add", y, writer.weight(layer.bias, "bias"))
    return write_activation(writer, y, layer.activation)


def _embedding(writer: Writer, layer: Any, x: str) -> str:
    if layer.mask_zero:
        raise ValueError("mask_zero: expected False, got True; masks cannot be exported")
    indices = writer.op("Cast", x, to=7)  # TensorProto.INT64
    return str(writer.op("Gather", writer.weight(layer.embeddings, "embeddings"), indices, axis=0))


def _flatten(writer: Writer, layer: Any, x: str) -> str:
    if layer.data_format == "channels_first":
        raise ValueError("data_format: expected 'channels_last', got 'channels_first'")
    return str(writer.op("Flatten", x, axis=1))


def _repeat(writer: Writer, layer: Any, x: str) -> str:
    x = writer.op("Unsqueeze", x, writer.integers(1))
    return str(writer.op("Expand", x, writer.integers(1, layer.n, 1)))


def _softmax(writer: Writer, layer: Any, x: str) -> str:
    if not isinstance(layer.axis, int):
        raise ValueError(f"axis: expected one, got {layer.axis}")
    return str(writer.op("Softmax", x, axis=layer.axis))


def _rescaling(writer: Writer, layer: Any, x: str) -> str:
    y = writer.op("Mul", x, writer.constant(layer.scale, "scale"))
    return str(writer.op("Add", y, writer.constant(layer.offset, "offset")))


def _batch_normalization(writer: Writer, node: Node, x: str) -> str:
    layer: Any = node.layer
    shape = node.x.shape
    axis, rank = 1 + sample_axis(layer.axis, shape), len(shape)
    order = (0, axis, *(i for i in range(1, rank) if i != axis))
    mean, variance = (
        writer.weight(layer.moving_mean, "mean"),
        writer.weight(layer.moving_variance, "variance"),
    )
    width = layer.moving_mean.shape
    gamma = writer.constant(np.ones(width) if layer.gamma is None else np.array(layer.gamma), "gamma")
    beta = writer.constant(np.zeros(width) if layer.beta is None else np.array(layer.beta), "beta")
    moved = writer.transpose(x, order)
    y = writer.op("BatchNormalization", moved, gamma, beta, mean, variance, epsilon=layer.epsilon)
    return writer.transpose(y, [order.index(i) for i in range(rank)])


def _layer_normalization(writer: Writer, node: Node, x: str) -> str:
    layer: Any = node.layer
    shape = node.x.shape
    axes = [1 + axis for axis in sample_axes(layer.axis, shape)]
    if axes != list(range(axes[0], len(shape))):
        raise ValueError(f"axis: expected the last axes, got {layer.axis!r}")
    widths = [shape[axis] for axis in axes]
    scale = np.ones(widths) if layer.gamma is None else np.array(layer.gamma).reshape(widths)
    arguments = [x, writer.constant(scale, "gamma")]
    if layer.beta is not None:
        arguments.append(writer.constant(np.array(layer.beta).reshape(widths), "beta"))
    return str(writer.op("LayerNormalization", *arguments, axis=axes[0], epsilon=layer.epsilon))


def _merge(writer: Writer, node: Node, x: list[str], kind: str) -> str:
    if len({len(tensor.shape) for tensor in node.parents}) > 1:
        raise ValueError("inputs: expected as many axes of each")
    return str(writer.op(kind, *x))


def _product(writer: Writer, node: Node, x: list[str]) -> str:
    """Append products of two and two: ONNX has none of several."""
    made, *others = x
    for other in others:
        made = _merge(writer, node, [made, other], "Mul")
    return made


Write = Callable[[Writer, "Node", Any], list[str]]


def _of_layer(write: Callable[..., str], **arguments: Any) -> Write:
    return lambda writer, node, x: [write(writer, node.layer, x, **arguments)]


def _of_node(write: Callable[..., str], **arguments: Any) -> Write:
    return lambda writer, node, x: [write(writer, node, x, **arguments)]


def _recurrent(write: Callable[..., list[str]]) -> Write:
    return lambda writer, node, x: write(writer, node.layer, x)


_AS_IT_IS = _of_layer(lambda writer, layer, x: x)
_ACTIVATION = _of_layer(lambda writer, layer, x: write_activation(writer, x, layer._function))
_MERGE = partial(_of_node, _merge)

LAYERS: dict[type, Write] = {
    layers.Activation: _ACTIVATION,
    layers.ActivityRegularization: _AS_IT_IS,
    layers.Add: _MERGE(kind="Sum"),
    layers.AlphaDropout: _AS_IT_IS,
    layers.Average: _MERGE(kind="Mean"),
    layers.AveragePooling1D: _of_layer(write_pooling, kind="AveragePool"),
    layers.AveragePooling2D: _of_layer(write_pooling, kind="AveragePool"),
    layers.BatchNormalization: _of_node(_batch_normalization),
    layers.Bidirectional: _recurrent(write_bidirectional),
    layers.Concatenate: _of_node(lambda writer, node, x: writer.op("Concat", *x, axis=node.layer.axis)),
    layers.Conv1D: _of_layer(write_convolution),
    layers.Conv2D: _of_layer(write_convolution),
    layers.Dense: _of_layer(_dense),
    layers.DepthwiseConv1D: _of_layer(write_depthwise),
    layers.DepthwiseConv2D: _of_layer(write_depthwise),
    layers.Dropout: _AS_IT_IS,
    layers.ELU: _ACTIVATION,
    layers.Embedding: _of_layer(_embedding),
    layers.Flatten: _of_layer(_flatten),
    layers.GRU: _recurrent(write_recurrent),
    layers.GaussianDropout: _AS_IT_IS,
    layers.GaussianNoise: _AS_IT_IS,
    layers.GlobalAveragePooling1D: _of_layer(write_global_pooling, kind="GlobalAveragePool"),
    layers.GlobalAveragePooling2D: _of_layer(write_global_pooling, kind="GlobalAveragePool"),
    layers.GlobalMaxPooling1D: _of_layer(write_global_pooling, kind="GlobalMaxPool"),
    layers.GlobalMaxPooling2D: _of_layer(write_global_pooling, kind="GlobalMaxPool"),
    layers.Identity: _AS_IT_IS,
    layers.LSTM: _recurrent(write_recurrent),
    layers.LayerNormalization: _of_node(_layer_normalization),
    layers.LeakyReLU: _ACTIVATION,
    layers.MaxPooling1D: _of_layer(write_pooling, kind="MaxPool"),
    layers.MaxPooling2D: _of_layer(write_pooling, kind="MaxPool"),
    layers.Maximum: _MERGE(kind="Max"),
    layers.Minimum: _MERGE(kind="Min"),
    layers.Multiply: _of_node(_product),
    layers.Permute: _of_layer(lambda writer, layer, x: writer.transpose(x, (0, *layer.dims))),
    layers.RNN: _recurrent(write_recurrent),
    layers.ReLU: _ACTIVATION,
    layers.RepeatVector: _of_layer(_repeat),
    layers.Rescaling: _of_layer(_rescaling),
    layers.Reshape: _of_layer(
        lambda writer, layer, x: writer.op("Reshape", x, writer.integers(0, *layer.target_shape))
    ),
    layers.SimpleRNN: _recurrent(write_recurrent),
    layers.Softmax: _of_layer(_softmax),
    layers.SpatialDropout1D: _AS_IT_IS,
    layers.SpatialDropout2D: _AS_IT_IS,
    layers.Subtract: _MERGE(kind="Sub"),
}
