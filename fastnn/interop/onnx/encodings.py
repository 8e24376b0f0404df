"""Layers of category numbers and of masks as ONNX nodes."""

from __future__ import annotations

import numpy as np

from .writer import Call, Value, Writer

__all__ = ["write_categories", "write_embedding", "write_intervals", "write_masking"]


def write_embedding(writer: Writer, call: Call) -> Value:
    """Append the rows of an `Embedding`'s table."""
    layer = call.layer
    table = writer.constant(np.array(layer.embeddings), "embeddings")
    y = writer.op("Gather", table, writer.cast(call.x, "int64"), axis=0)
    return Value(y, mask=_unlike(writer, call.x, call.shape, 0) if layer.mask_zero else None)


def _unlike(writer: Writer, x: str, shape: tuple[int | None, ...], value: float) -> Value:
    """Return where x is not a number."""
    return Value(writer.op("Not", writer.op("Equal", x, writer.constant(value, "masked"))), shape)


def write_masking(writer: Writer, call: Call) -> Value:
    """Append a `Masking`: zeros for the steps that are left out."""
    unlike = _unlike(writer, call.x, call.shape, call.layer.mask_value)
    count = writer.reduce("ReduceSum", writer.cast(unlike.name), [len(call.shape) - 1], keepdims=False)
    mask = Value(writer.cast(count, "bool"), call.shape[:-1])
    return Value(writer.chosen(mask, call.x, len(call.shape)), mask=mask)


def write_categories(writer: Writer, call: Call) -> str:
    """Append a `CategoryEncoding`."""
    return _encoded(writer, call, call.x, call.layer.num_tokens)


def write_intervals(writer: Writer, call: Call) -> str:
    """Append a `Discretization`: how many boundaries are not above a number, all for what is none."""
    layer = call.layer
    if layer.bin_boundaries is None:
        raise ValueError("bin_boundaries: there are none yet: adapt finds them")
    bounds = writer.constant(np.array(layer._bounds), "boundaries")
    below = writer.op("Less", writer.op("Unsqueeze", call.x, writer.integers(-1)), bounds)
    counted = writer.cast(writer.op("Not", below))
    y = writer.reduce("ReduceSum", counted, [len(call.shape)], keepdims=False)
    return y if layer.output_mode == "int" else _encoded(writer, call, y, layer._depth)


def _encoded(writer: Writer, call: Call, x: str, depth: int) -> str:
    """Append vectors for numbers, or for the sets of them along the first dimension of a sample."""
    mode, rank = call.layer.output_mode, len(call.shape)
    if mode != "one_hot" or rank == 1 or call.shape[-1] != 1:
        x = writer.op("Unsqueeze", x, writer.integers(-1))
    y = writer.cast(writer.op("Equal", x, writer.constant(np.arange(depth), "numbers")))
    if mode == "one_hot" or rank == 1:
        return y
    count = writer.reduce("ReduceSum", y, [1], keepdims=False)
    return count if mode == "count" else str(writer.op("Min", count, writer.constant(1, "one")))
