"""Layers that move, repeat or resize what they get, as ONNX nodes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from ...kernels.ops.resample import taps
from ...layers.base.shapes import shape_leaves
from ...layers.resizing import largest_window, smallest_window
from .writer import Call, Value, Writer

__all__ = [
    "write_crop",
    "write_cropping",
    "write_flatten",
    "write_padding",
    "write_random_crop",
    "write_repeat",
    "write_reshape",
    "write_resizing",
    "write_steps",
    "write_upsampling",
]

_FARTHEST = 2**31 - 1


def write_flatten(writer: Writer, call: Call) -> str:
    """Append a `Flatten`, with the channels last."""
    x, rank = call.x, len(call.shape)
    if call.layer.data_format == "channels_first" and rank > 2:
        x = writer.transpose(x, (0, *range(2, rank), 1))
    return str(writer.op("Flatten", x, axis=1))


def write_reshape(writer: Writer, call: Call) -> str:
    """Append a `Reshape`."""
    return writer.reshape(call.x, writer.integers(0, *call.layer.target_shape))


def write_repeat(writer: Writer, call: Call) -> str:
    """Append a `RepeatVector`."""
    x = writer.op("Unsqueeze", call.x, writer.integers(1))
    return str(writer.op("Expand", x, writer.integers(1, call.layer.n, 1)))


def write_steps(writer: Writer, call: Call) -> list[Value]:
    """Append a `TimeDistributed`: the layer for all steps of all samples as one batch."""
    inner, shape, mask = call.layer.layer, call.shape, call.mask
    rest: Any = slice(2, None)
    x = Value(_joined(writer, call.x, shape), (None, *shape[rest]))
    if mask is not None and len(mask.shape) > 2:
        own = Value(_joined(writer, mask.name, mask.shape), (None, *mask.shape[rest]))
        x = replace(x, mask=own)
    scope = writer.scope
    writer.scope = f"{scope}/"
    (y,) = writer.write_layer(inner, x, {}, shape_leaves(inner.compute_output_shape(x.shape)))
    writer.scope = scope
    if None not in (*shape[1:2], *y.shape[1:]):
        made = writer.reshape(y.name, writer.integers(-1, *_sizes(shape[1:2]), *_sizes(y.shape[1:])))
    else:
        made = writer.reshape(y.name, writer.shape_of(call.x, 0, 2), writer.shape_of(y.name, 1))
    return [Value(made, mask=mask if mask is not None and len(mask.shape) == 2 else None)]


def _joined(writer: Writer, x: str, shape: Sequence[int | None]) -> str:
    """Return x with steps and samples as one dimension."""
    if None not in shape[2:]:
        return writer.reshape(x, writer.integers(-1, *_sizes(shape[2:])))
    return writer.reshape(x, writer.integers(-1), writer.shape_of(x, 2))


def _sizes(shape: Sequence[int | None]) -> list[int]:
    return [n for n in shape if n is not None]


# ---- images and sequences ---------------------------------------------------------------------------------


def _places(layer: Any) -> list[int]:
    """Return the axes of the positions."""
    first = 2 if layer.data_format == "channels_first" else 1
    return list(range(first, first + layer._rank))


def write_padding(writer: Writer, call: Call) -> str:
    """Append a `ZeroPadding1D` or `ZeroPadding2D`."""
    return _padded(writer, call, call.layer._sides, 0)


def _padded(writer: Writer, call: Call, sides: Sequence[Sequence[int]], value: float) -> str:
    pads = np.zeros((2, len(call.shape)), np.int64)
    pads[:, _places(call.layer)] = np.transpose(sides)
    return str(writer.op("Pad", call.x, writer.integers(*pads.ravel()), writer.constant(value, "fill")))


def write_cropping(writer: Writer, call: Call) -> str:
    """Append a `Cropping1D` or `Cropping2D`."""
    starts, ends = zip(*call.layer._sides, strict=True)
    return writer.slice(call.x, _places(call.layer), starts, [-n if n else _FARTHEST for n in ends])


def _image(call: Call) -> tuple[int, int]:
    """Return height and width."""
    height, width = (call.shape[axis] for axis in _places(call.layer))
    if height is None or width is None:
        raise ValueError(f"input: expected images of one size, which its steps depend on, got {call.shape}")
    return height, width


def _window(writer: Writer, call: Call, top: int, left: int, height: int, width: int) -> str:
    ends = [top + height, left + width]
    return writer.slice(call.x, _places(call.layer), [top, left], ends)


def write_crop(writer: Writer, call: Call) -> str:
    """Append a `CenterCrop`: the middle, or else the largest part, resized."""
    layer, (height, width) = call.layer, _image(call)
    top, left = height - layer.height, width - layer.width
    if top >= 0 and left >= 0:
        return _window(writer, call, top // 2, left // 2, layer.height, layer.width)
    window = largest_window((height, width), layer.height, layer.width)
    return _resized(writer, call, _window(writer, call, *window), window[2:], "bilinear")


def write_random_crop(writer: Writer, call: Call) -> str:
    """Append what a `RandomCrop` does where nothing is random."""
    layer, (height, width) = call.layer, _image(call)
    rows = max(1, min(height, width * layer.height // layer.width))
    columns = max(1, min(width, height * layer.width // layer.height))
    x = _window(writer, call, (height - rows) // 2, (width - columns) // 2, rows, columns)
    return _resized(writer, call, x, (rows, columns), "bilinear")


def write_resizing(writer: Writer, call: Call) -> str:
    """Append a `Resizing`."""
    layer, x = call.layer, call.x
    size: Sequence[int | None] = [call.shape[axis] for axis in _places(layer)]
    if layer.crop_to_aspect_ratio:
        window = largest_window(_image(call), layer.height, layer.width)
        x, size = _window(writer, call, *window), window[2:]
    elif layer.pad_to_aspect_ratio:
        top, left, *size = smallest_window(_image(call), layer.height, layer.width)
        x = _padded(writer, call, [(-top, -top), (-left, -left)], layer.fill_value)
    return _resized(writer, call, x, size, layer.interpolation, layer.antialias)


def write_upsampling(writer: Writer, call: Call) -> str:
    """Append an `UpSampling1D` or `UpSampling2D`."""
    layer = call.layer
    factors = [layer.size] if layer._rank == 1 else layer.size
    interpolation = "nearest" if layer._rank == 1 else layer.interpolation
    if interpolation not in _RESIZES:
        height, width = _image(call)
        sizes = height * factors[0], width * factors[1]
        return _weighted(writer, layer, call.x, (height, width), sizes, interpolation, False)
    scales = [1, 1, *factors]
    if interpolation == "nearest" and layer.data_format == "channels_last":
        scales = [1, *factors, 1]
    factor = writer.constant(scales, "scales", "float32")
    return _by_node(writer, layer, call.x, interpolation, lambda x: ("", factor))


# Where the weights are those of a node of ONNX; its cubic one is not there for all sizes in ONNX Runtime.
_RESIZES: dict[str, dict[str, Any]] = {
    "nearest": {"mode": "nearest", "nearest_mode": "round_prefer_ceil"},
    "bilinear": {"mode": "linear"},
}


def _resized(
    writer: Writer,
    call: Call,
    x: str,
    size: Sequence[int | None],
    interpolation: str,
    antialias: bool = False,
) -> str:
    """Append a change to the height and width of the layer."""
    layer = call.layer
    target, known = (layer.height, layer.width), _sizes(size)
    if known == list(target):
        return str(writer.op("Identity", x))
    if len(known) == 2 and interpolation == "nearest":
        for axis, n, m in zip(_places(layer), known, target, strict=True):
            x = writer.op("Gather", x, writer.constant(taps(n, m, "nearest")[0], "rows", "int64"), axis=axis)
        return x
    if interpolation in _RESIZES and not antialias:
        ends = writer.integers(*target)
        return _by_node(
            writer,
            layer,
            x,
            interpolation,
            lambda x: ("", "", writer.op("Concat", writer.shape_of(x, 0, 2), ends, axis=0)),
        )
    _image(call)
    return _weighted(writer, layer, x, known, target, interpolation, antialias)


def _by_node(
    writer: Writer, layer: Any, x: str, interpolation: str, sizes: Callable[[str], tuple[str, ...]]
) -> str:
    """Append a `Resize`, with the channels in front unless it repeats."""
    turns = layer.data_format == "channels_last" and interpolation != "nearest"
    x = writer.transpose(x, (0, 3, 1, 2)) if turns else x
    attributes = _RESIZES[interpolation] | {"coordinate_transformation_mode": "half_pixel"}
    y = writer.op("Resize", x, *sizes(x), **attributes)
    return writer.transpose(y, (0, 2, 3, 1)) if turns else y


def _weighted(
    writer: Writer,
    layer: Any,
    x: str,
    size: Sequence[int],
    target: Sequence[int],
    interpolation: str,
    antialias: bool,
) -> str:
    """Append products with the weights of each result, along the height and the width."""
    last = layer.data_format == "channels_last"
    x = writer.transpose(x, (0, 3, 1, 2)) if last else x
    for axis, n, m in zip((2, 3), size, target, strict=True):
        first, start, weight = taps(n, m, interpolation, antialias)
        matrix = np.zeros((m, n))
        for i, (at, begin, end) in enumerate(zip(first, start[:-1], start[1:], strict=True)):
            matrix[i, at : at + end - begin] = weight[begin:end]
        name = writer.constant(matrix if axis == 2 else matrix.T, "weights")
        x = writer.op("MatMul", *((name, x) if axis == 2 else (x, name)))
    return writer.transpose(x, (0, 2, 3, 1)) if last else x
