"""Convolutions and pooling as ONNX nodes, whose channels come first."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...activations import Activation
from .activations import write_activation
from .writer import Call, Shape, Value, Writer

__all__ = [
    "write_convolution",
    "write_depthwise",
    "write_global_average",
    "write_global_pooling",
    "write_pooling",
    "write_separable",
    "write_transposed",
]


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


def _padding(layer: Any, sizes: Any, dilations: Any, shape: Shape) -> dict[str, Any]:
    """Return the attributes of what is added at the borders of an input."""
    reach = [(size - 1) * step for size, step in zip(sizes, dilations, strict=True)]
    if layer.padding == "causal":
        return {"pads": [*reach, *(0 for _ in reach)]}
    if layer.padding == "valid":
        return {}
    lengths = shape[2:] if layer.data_format == "channels_first" else shape[1:-1]
    sums = []
    for n, r, stride in zip(lengths, reach, layer.strides, strict=True):
        if n is None and stride > 1 and r:
            return {"auto_pad": "SAME_UPPER"}
        sums.append(r if n is None or stride == 1 else max(r - (n - 1) % stride, 0))
    return {"pads": [*(n // 2 for n in sums), *(n - n // 2 for n in sums)]}


def write_convolution(writer: Writer, call: Call) -> str:
    """Append a `Conv1D` or `Conv2D`."""
    layer = call.layer
    y = _conv(writer, call, np.array(layer.kernel), layer.bias, layer.groups)
    return _activated(writer, layer, y)


def write_depthwise(writer: Writer, call: Call) -> str:
    """Append a `DepthwiseConv1D` or `DepthwiseConv2D`."""
    layer = call.layer
    return _activated(writer, layer, _of_channels(writer, call, layer.kernel, layer.bias))


def write_separable(writer: Writer, call: Call) -> str:
    """Append a `SeparableConv1D` or `SeparableConv2D`: one convolution of each channel, one of all."""
    layer, one = call.layer, [1] * call.layer._rank
    z = _of_channels(writer, call, layer.depthwise_kernel, None)
    kernel = _channels_first(np.array(layer.pointwise_kernel))
    arguments = [z, writer.constant(kernel, "pointwise_kernel"), *_bias(writer, layer.bias)]
    return _activated(writer, layer, writer.op("Conv", *arguments, kernel_shape=one))


def write_transposed(writer: Writer, call: Call) -> str:
    """Append a `Conv1DTranspose` or `Conv2DTranspose`."""
    layer, ones = call.layer, (1,) * call.layer._rank
    kernel = writer.constant(_channels_first(np.array(layer.kernel)), "kernel")
    window = layer._window
    least = (2,) * layer._rank  # of as many positions as make an output; the difference is that of any
    whole = [(n - 1) * s + e for n, s, e in zip(least, layer.strides, window.extent, strict=True)]
    left = [all_ - n for all_, n in zip(whole, window.outputs(least), strict=True)]
    before = window.before(least)
    y = writer.op(
        "ConvTranspose",
        _first(writer, layer, call.x),
        kernel,
        *_bias(writer, layer.bias),
        kernel_shape=layer.kernel_size,
        strides=layer.strides,
        dilations=layer.dilation_rate or ones,
        pads=[*before, *(max(0, n - b) for n, b in zip(left, before, strict=True))],
        output_padding=[max(0, -n) for n in left],
    )
    return _activated(writer, layer, y)


def _channels_first(kernel: NDArray[Any]) -> NDArray[Any]:
    """Return a kernel (sizes ..., m, n) as (n, m, sizes ...)."""
    rank = kernel.ndim - 2
    return kernel.transpose(rank + 1, rank, *range(rank))


def _bias(writer: Writer, bias: Any) -> list[str]:
    return [] if bias is None else [writer.constant(np.array(bias), "bias")]


def _of_channels(writer: Writer, call: Call, kernel: Any, bias: Any) -> str:
    """Append a convolution with a group for each channel."""
    *sizes, channels, multiplier = kernel.shape
    columns = np.array(kernel).reshape(*sizes, 1, channels * multiplier)
    return _conv(writer, call, columns, bias, channels)


def _conv(writer: Writer, call: Call, kernel: NDArray[Any], bias: Any, groups: int) -> str:
    """Append a convolution with a kernel (sizes ..., channels of a group, filters)."""
    layer = call.layer
    return str(
        writer.op(
            "Conv",
            _first(writer, layer, call.x),
            writer.constant(_channels_first(kernel), "kernel"),
            *_bias(writer, bias),
            kernel_shape=layer.kernel_size,
            strides=layer.strides,
            dilations=layer.dilation_rate,
            group=groups,
            **_padding(layer, layer.kernel_size, layer.dilation_rate, call.shape),
        )
    )


def _activated(writer: Writer, layer: Any, y: str) -> str:
    """Append the activation; that of each element before the axes are moved back."""
    if isinstance(layer.activation, Activation):
        return _back(writer, layer, write_activation(writer, y, layer.activation))
    return write_activation(writer, _back(writer, layer, y), layer.activation)


def write_pooling(writer: Writer, call: Call, kind: str) -> str:
    """Append a node that reduces windows, `MaxPool` or `AveragePool`."""
    layer = call.layer
    padding = _padding(layer, layer.pool_size, (1,) * layer._rank, call.shape)
    x = _first(writer, layer, call.x)
    y = writer.op(kind, x, kernel_shape=layer.pool_size, strides=layer.strides, **padding)
    return _back(writer, layer, y)


def write_global_pooling(writer: Writer, call: Call, kind: str) -> str:
    """Append a node that reduces all places, `GlobalMaxPool` or `GlobalAveragePool`."""
    layer = call.layer
    y: str = writer.op(kind, _first(writer, layer, call.x))
    if layer.keepdims:
        return _back(writer, layer, y)
    return str(writer.op("Flatten", y, axis=1))


def write_global_average(writer: Writer, call: Call) -> Value:
    """Append the mean of all places, of sequences with a mask over the steps that count."""
    layer, mask = call.layer, call.mask
    if mask is None or layer._rank == 2:
        return Value(write_global_pooling(writer, call, "GlobalAveragePool"))
    if layer.data_format == "channels_first":
        raise ValueError("data_format: expected 'channels_last', since a mask is of the steps")
    keepdims = layer.keepdims
    total = writer.reduce("ReduceSum", writer.chosen(mask, call.x, 3), [1], keepdims)
    count = writer.reduce("ReduceSum", writer.cast(mask.name), [1])
    if keepdims:
        count = writer.op("Unsqueeze", count, writer.integers(2))
    return Value(writer.op("Div", total, count))
