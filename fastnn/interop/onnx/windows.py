"""Convolutions and pooling as ONNX nodes, whose channels come first."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...activations import Activation
from .activations import write_activation
from .writer import Writer

__all__ = ["write_convolution", "write_depthwise", "write_global_pooling", "write_pooling"]


def _first(writer: Writer, layer: Any, x: str) -> str:
    """Return x with the channels in front."""
    rank = layer._rank
    return (
        x
        if layer.data_format == "channels_first"
        else writer.transpose(x, (0, rank + 1, *range(1, rank + 1)))
    )


def _back(writer: Writer, layer: Any, y: str) -> str:
    """Undo `_first`."""
    rank = layer._rank
    return y if layer.data_format == "channels_first" else writer.transpose(y, (0, *range(2, rank + 2), 1))


def _padding(layer: Any, sizes: Any, dilations: Any) -> dict[str, Any]:
    """Return the attributes of what is added at the borders, which need no lengths without strides."""
    reach = [(size - 1) * step for size, step in zip(sizes, dilations, strict=True)]
    if layer.padding == "causal":
        return {"pads": [*reach, *(0 for _ in reach)]}
    if layer.padding == "valid":
        return {}
    if max(layer.strides) > 1:
        return {"auto_pad": "SAME_UPPER"}
    return {"pads": [*(n // 2 for n in reach), *(n - n // 2 for n in reach)]}


def write_convolution(writer: Writer, layer: Any, x: str) -> str:
    """Append a `Conv1D` or `Conv2D`."""
    return _write(writer, layer, x, np.array(layer.kernel), layer.groups)


def write_depthwise(writer: Writer, layer: Any, x: str) -> str:
    """Append a `DepthwiseConv1D` or `DepthwiseConv2D`: a convolution with a group for each channel."""
    kernel = np.array(layer.kernel)
    *sizes, channels, multiplier = kernel.shape
    return _write(writer, layer, x, kernel.reshape(*sizes, 1, channels * multiplier), channels)


def _write(writer: Writer, layer: Any, x: str, kernel: NDArray[Any], groups: int) -> str:
    """Append a convolution with a kernel (sizes ..., channels of a group, filters)."""
    rank = layer._rank
    kernel = kernel.transpose(rank + 1, rank, *range(rank))
    arguments = [_first(writer, layer, x), writer.constant(kernel, "kernel")]
    if layer.bias is not None:
        arguments.append(writer.weight(layer.bias, "bias"))
    y = writer.op(
        "Conv",
        *arguments,
        kernel_shape=layer.kernel_size,
        strides=layer.strides,
        dilations=layer.dilation_rate,
        group=groups,
        **_padding(layer, layer.kernel_size, layer.dilation_rate),
    )
    if isinstance(layer.activation, Activation):  # of each element: before the axes are moved back
        return _back(writer, layer, write_activation(writer, y, layer.activation))
    return write_activation(writer, _back(writer, layer, y), layer.activation)


def write_pooling(writer: Writer, layer: Any, x: str, kind: str) -> str:
    """Append a node that reduces windows, `MaxPool` or `AveragePool`."""
    padding = _padding(layer, layer.pool_size, (1,) * layer._rank)
    x = _first(writer, layer, x)
    y = writer.op(kind, x, kernel_shape=layer.pool_size, strides=layer.strides, **padding)
    return _back(writer, layer, y)


def write_global_pooling(writer: Writer, layer: Any, x: str, kind: str) -> str:
    """Append a node that reduces all places, `GlobalMaxPool` or `GlobalAveragePool`."""
    y: str = writer.op(kind, _first(writer, layer, x))
    if layer.keepdims:
        return _back(writer, layer, y)
    return str(writer.op("Flatten", y, axis=1))
