"""Normalizations as ONNX nodes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ... import config
from ...layers.base.axes import sample_axes, sample_axis
from ...layers.unit_normalization import SHORTEST
from .writer import Call, Writer

__all__ = [
    "write_batch_normalization",
    "write_group_normalization",
    "write_layer_normalization",
    "write_normalization",
    "write_rms_normalization",
    "write_unit_length",
    "write_unit_normalization",
]


def _or(weight: Any, size: Any, otherwise: float) -> NDArray[Any]:
    return np.full(size, otherwise) if weight is None else np.array(weight).reshape(size)


def _back(writer: Writer, y: str, order: tuple[int, ...]) -> str:
    """Undo a transposition."""
    return writer.transpose(y, [order.index(i) for i in range(len(order))])


def write_batch_normalization(writer: Writer, call: Call) -> str:
    """Append a `BatchNormalization`, whose channels come second."""
    layer, rank = call.layer, len(call.shape)
    axis = 1 + sample_axis(layer.axis, call.shape)
    order = (0, axis, *(i for i in range(1, rank) if i != axis))
    size = layer.moving_mean.shape
    weights = {
        "gamma": _or(layer.gamma, size, 1),
        "beta": _or(layer.beta, size, 0),
        "mean": np.array(layer.moving_mean),
        "variance": np.array(layer.moving_variance),
    }
    names = [writer.constant(value, name) for name, value in weights.items()]
    moved = writer.transpose(call.x, order)
    return _back(writer, writer.op("BatchNormalization", moved, *names, epsilon=layer.epsilon), order)


def write_group_normalization(writer: Writer, call: Call) -> str:
    """Append an `InstanceNormalization` of the groups, and what scales the channels."""
    layer, rank = call.layer, len(call.shape)
    axis = 1 + sample_axis(layer.axis, call.shape)
    order = (0, axis, *(i for i in range(1, rank) if i != axis))
    channels = call.shape[axis]
    assert channels is not None
    groups = layer._count(channels)
    moved = writer.transpose(call.x, order)
    rows = writer.reshape(moved, writer.integers(0, groups, -1))
    ones, zeros = writer.constant(np.ones(groups), "ones"), writer.constant(np.zeros(groups), "zeros")
    y = writer.op("InstanceNormalization", rows, ones, zeros, epsilon=layer.epsilon)
    y = writer.reshape(y, writer.shape_of(moved))
    size = (channels, *[1] * (rank - 2))
    if layer.gamma is not None:
        y = writer.op("Mul", y, writer.constant(np.array(layer.gamma).reshape(size), "gamma"))
    if layer.beta is not None:
        y = writer.op("Add", y, writer.constant(np.array(layer.beta).reshape(size), "beta"))
    return _back(writer, y, order)


def write_layer_normalization(writer: Writer, call: Call) -> str:
    """Append a `LayerNormalization` of the last axes, which others become."""
    layer, rank = call.layer, len(call.shape)
    axes = [1 + axis for axis in sample_axes(layer.axis, call.shape)]
    order = (*(axis for axis in range(rank) if axis not in axes), *axes)
    size = [call.shape[axis] for axis in axes]
    arguments = [writer.transpose(call.x, order), writer.constant(_or(layer.gamma, size, 1), "gamma")]
    if layer.beta is not None:
        arguments.append(writer.constant(_or(layer.beta, size, 0), "beta"))
    y = writer.op("LayerNormalization", *arguments, axis=rank - len(axes), epsilon=layer.epsilon)
    return _back(writer, y, order)


def write_rms_normalization(writer: Writer, call: Call) -> str:
    """Append the quotient by the root of the mean square, and the scale."""
    layer = call.layer
    axes = [1 + axis for axis in sample_axes(layer.axis, call.shape)]
    mean = writer.reduce("ReduceMean", writer.op("Mul", call.x, call.x), axes)
    length = writer.op("Sqrt", writer.op("Add", mean, writer.constant(layer.epsilon, "epsilon")))
    scale = writer.constant(np.array(layer.scale), "scale")
    return str(writer.op("Mul", writer.op("Div", call.x, length), scale))


def write_unit_length(writer: Writer, x: str, axes: list[int], least: float) -> str:
    """Append the quotient by the length along some axes."""
    length = writer.op("Max", writer.reduce("ReduceL2", x, axes), writer.constant(least, "least"))
    return str(writer.op("Div", x, length))


def write_unit_normalization(writer: Writer, call: Call) -> str:
    """Append a `UnitNormalization`."""
    axes = [1 + axis for axis in sample_axes(call.layer.axis, call.shape)]
    return write_unit_length(writer, call.x, axes, SHORTEST)


def write_normalization(writer: Writer, call: Call) -> str:
    """Append the shift and scale of a `Normalization`, adapted or given."""
    layer = call.layer
    if not layer._is_adapted:
        raise ValueError("it has no mean and variance yet: adapt finds them")
    if layer.input_mean is None:
        shape = layer._broadcast_shape(call.shape)
        mean, variance = (np.array(v, np.float64).reshape(shape) for v in (layer.mean, layer.variance))
    else:
        mean, variance = (layer._given(v, call.shape) for v in (layer.input_mean, layer.input_variance))
    deviation = writer.constant(np.maximum(np.sqrt(variance), config.epsilon()), "deviation")
    name = writer.constant(mean, "mean")
    if layer.invert:
        return str(writer.op("Add", writer.op("Mul", call.x, deviation), name))
    return str(writer.op("Div", writer.op("Sub", call.x, name), deviation))
