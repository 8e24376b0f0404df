"""Collects the nodes and constants of an ONNX graph."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from onnx import NodeProto, TensorProto, helper, numpy_helper

from ...naming import free_name

__all__ = ["LARGEST", "Call", "Value", "Writer"]

LARGEST = 2**31 - 2**20  # bytes of arrays: a protobuf message has less than 2 GiB, the nodes included

Shape = tuple[int | None, ...]


@dataclass(frozen=True)
class Value:
    """A value of the graph.

    Attributes
    ----------
    name : str
    shape : tuple of int or None
        Batch dimension first; None for what may vary.
    mask : Value, optional
        Bools, of the first dimensions: False for the steps that are left out.
    """

    name: str
    shape: Shape = ()
    mask: Value | None = None


@dataclass(frozen=True)
class Call:
    """A call of a layer.

    Attributes
    ----------
    layer : Layer
    inputs : list of Value
    initial_state : list of Value
        Of a recurrent layer; empty if it was called without.
    """

    layer: Any
    inputs: list[Value]
    initial_state: list[Value]

    @property
    def x(self) -> str:
        """The name of the first input."""
        return self.inputs[0].name

    @property
    def shape(self) -> Shape:
        """The shape of the first input."""
        return self.inputs[0].shape

    @property
    def mask(self) -> Value | None:
        """The mask of the first input."""
        return self.inputs[0].mask


class Writer:
    """Nodes and constants of a graph that is being written.

    Parameters
    ----------
    dtype : str
        Of all numbers that are not indices.
    opset : int
        The version of the operators.
    taken : sequence of str
        Names that only inputs and outputs of the graph may have.

    Attributes
    ----------
    nodes : list of NodeProto
    constants : list of TensorProto
    scope : str
        What the names of the next nodes begin with.
    """

    def __init__(self, dtype: str, opset: int, taken: Sequence[str]) -> None:
        self.dtype, self.opset = dtype, opset
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self.scope = ""
        self._taken = set(taken)
        self._moved: dict[str, tuple[str, tuple[int, ...]]] = {}
        self._known: dict[tuple[Any, ...], str] = {}
        self._bytes = 0

    def write_layer(self, layer: Any, x: Any, options: dict[str, Any], shapes: list[Shape]) -> list[Value]:
        """Append a layer, or all layers of a model, and return its outputs, which have these shapes."""
        raise NotImplementedError

    def _name(self, what: str) -> str:
        return free_name(f"{self.scope}/{what}", self._taken)

    def op(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:
        """Append a node and return the name of its output, or a list of several."""
        names = [self._name(kind) for _ in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=names[0], **attributes))
        return names if outputs > 1 else names[0]

    def rename(self, value: str, name: str) -> None:
        """Give a value the name of an output of the graph."""
        self.nodes.append(helper.make_node("Identity", [value], [name], name=self._name("output")))

    def constant(self, value: ArrayLike, name: str, dtype: str | None = None) -> str:
        """Return the name of an array that is part of the graph; equal arrays are there once.

        Raises
        ------
        OverflowError
            If all of them are too large for a file.
        """
        array = np.array(value, dtype or self.dtype, order="C")
        key = array.dtype, array.shape, hashlib.sha256(array.data if array.size else b"").digest()
        if key not in self._known:
            self._bytes += array.nbytes
            if self._bytes > LARGEST:
                raise OverflowError(
                    f"model: an ONNX file holds less than 2 GiB, and the weights up to {self.scope!r} take "
                    f"{self._bytes:,} bytes"
                )
            self._known[key] = self._name(name)
            self.constants.append(numpy_helper.from_array(array, self._known[key]))
        return self._known[key]

    def integers(self, *values: int) -> str:
        """Return the name of a vector of whole numbers, such as a shape or axes."""
        return self.constant(values, "integers", "int64")

    def transpose(self, x: str, order: Sequence[int]) -> str:
        """Return x with its axes in another order; two transposes that undo each other become none."""
        source, before = self._moved.get(x, (x, tuple(range(len(order)))))
        whole = tuple(before[axis] for axis in order)
        if whole == tuple(range(len(whole))):
            return source
        made: str = self.op("Transpose", source, perm=whole)
        self._moved[made] = (source, whole)
        return made

    def reduce(self, kind: str, x: str, axes: Sequence[int], keepdims: bool = True) -> str:
        """Append `ReduceSum` or the like."""
        if self.opset >= 18 or kind == "ReduceSum":
            return str(self.op(kind, x, self.integers(*axes), keepdims=int(keepdims)))
        return str(self.op(kind, x, axes=list(axes), keepdims=int(keepdims)))

    def cast(self, x: str, dtype: str | None = None) -> str:
        """Append a conversion, by default to the numbers of the graph."""
        return str(self.op("Cast", x, to=helper.np_dtype_to_tensor_dtype(np.dtype(dtype or self.dtype))))

    def slice(
        self, x: str, axes: Sequence[int], starts: Sequence[int], ends: Sequence[int], step: int = 1
    ) -> str:
        """Append a slice."""
        ranges = self.integers(*starts), self.integers(*ends), self.integers(*axes)
        return str(self.op("Slice", x, *ranges, self.integers(*[step] * len(axes))))

    def reshape(self, x: str, *parts: str) -> str:
        """Append a change of shape to vectors of whole numbers behind each other; 0 keeps a dimension."""
        return str(self.op("Reshape", x, parts[0] if len(parts) == 1 else self.op("Concat", *parts, axis=0)))

    def shape_of(self, x: str, start: int = 0, end: int | None = None) -> str:
        """Append the shape of a value, from one axis to another."""
        ends = {} if end is None else {"end": end}
        return str(self.op("Shape", x, start=start, **ends))

    def chosen(self, mask: Value, x: str, rank: int, other: str | None = None) -> str:
        """Return x, of `rank` dimensions, where a mask is True, and another value or 0 elsewhere."""
        axes = range(len(mask.shape), rank)
        condition = self.op("Unsqueeze", mask.name, self.integers(*axes)) if axes else mask.name
        return str(self.op("Where", condition, x, other or self.constant(0, "zero")))

    def used_nodes(self, outputs: Sequence[str]) -> list[NodeProto]:
        """Return the nodes that these values depend on, in their order."""
        needed, kept = set(outputs), []
        for node in reversed(self.nodes):
            if needed.intersection(node.output):
                needed.update(node.input)
                kept.append(node)
        return kept[::-1]
