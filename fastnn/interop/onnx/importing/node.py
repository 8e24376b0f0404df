"""A node of a graph, as the functions that build layers of it see it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import NodeProto, helper

from ....graph.graph import SymbolicTensor
from ....layers.tensor_function import TensorFunction
from ....naming import free_name
from .dtypes import plain
from .tensors import array_of
from .values import BATCH, OPEN, Dim, Symbol, Unsupported

__all__ = ["Context", "Node", "is_number"]


@dataclass
class Context:
    """What all nodes of a graph have in common.

    Attributes
    ----------
    opset : int
    folder : Path or None
        Of external data.
    budget : int
        Bytes that constants may still take.
    readers : dict
        From the name of a value to the nodes that read it.
    outputs : set
        Names of the graph's outputs.
    values : dict
        What is known so far.
    batch_size : int or None
        What the inputs say.
    """

    opset: int
    folder: Any
    budget: int
    readers: dict[str, list[NodeProto]]
    outputs: set[str]
    values: dict[str, Any] = field(default_factory=dict)
    batch_size: int | None = None
    names: set[str] = field(default_factory=set)
    done: set[int] = field(default_factory=set)
    layers: dict[Any, Any] = field(default_factory=dict)

    def spend(self, elements: int) -> None:
        """Count the elements of a constant before it is made."""
        self.budget -= 8 * elements
        if self.budget < 0:
            raise Unsupported("its constants would take many times the size of the file")

    def unique(self, name: str) -> str:
        """Return a name for a layer."""
        stem = re.sub(r"[^0-9A-Za-z_.:-]+", "_", name)[:100].strip("_.") or "layer"
        return free_name(stem, self.names)


class Node:
    """A node and its inputs.

    Parameters
    ----------
    proto : NodeProto
    context : Context
    """

    def __init__(self, proto: NodeProto, context: Context) -> None:
        self.proto, self.context = proto, context
        self.kind, self.opset = proto.op_type, context.opset
        self.inputs: list[Any] = [plain(context.values.get(name)) for name in proto.input]
        self._attributes = {attribute.name: attribute for attribute in proto.attribute}

    def get(self, name: str, default: Any = None) -> Any:
        """Return an attribute: a number, a text, a list of them, or an array."""
        if name not in self._attributes:
            return default
        attribute = self._attributes[name]
        if attribute.ref_attr_name:
            raise Unsupported(f"attribute {name} is that of a function")
        if attribute.HasField("t"):
            return array_of(attribute.t, self.context.folder)
        value = helper.get_attribute_value(attribute)
        if isinstance(value, Sequence) and not isinstance(value, (bytes, str)):
            return [_text(part) for part in value]
        return _text(value)

    def input(self, i: int) -> Any:
        """Return an input, or None if it is left out."""
        return self.inputs[i] if i < len(self.inputs) else None

    def array(self, i: int) -> Any:
        """Return an input that must be a constant, or None."""
        value = self.input(i)
        if isinstance(value, Symbol):
            raise Unsupported(f"input {self.proto.input[i]!r:.80} depends on data, expected a constant")
        return value

    def weight(self, i: int) -> Any:
        """Return an input as an array of floats, or None."""
        array = self.array(i)
        return None if array is None else numbers(array).astype(np.float64, copy=False)

    def symbol(self, i: int = 0) -> Symbol:
        """Return an input that depends on data."""
        value = self.input(i)
        if not isinstance(value, Symbol):
            raise Unsupported(f"input {i} is constant or left out, expected one that depends on data")
        return value

    def target(self) -> Any:
        """Return the dtype that a cast is to."""
        if self.kind == "Cast":
            return helper.tensor_dtype_to_np_dtype(self.get("to"))
        return self.context.values[self.proto.input[1]].dtype

    def integers(self, i: int, name: str, default: Any = None) -> Any:
        """Return whole numbers: a constant input, as in later opsets, or an attribute."""
        array = self.array(i)
        if array is not None:
            return [n if isinstance(n, Dim) else int(n) for n in array.ravel().tolist()]
        value = self.get(name, default)
        return [value] if isinstance(value, int) else value

    def scalar(self, i: int, name: str, default: Any = None) -> Any:
        """Return a number: a constant input, or an attribute."""
        array = self.array(i)
        if array is None:
            return self.get(name, default)
        if array.size != 1:
            raise Unsupported(f"{name}: expected one number, got an array of shape {array.shape}")
        return array.ravel().tolist()[0]

    def layer(
        self,
        kind: Any,
        *args: Any,
        inputs: Any,
        weights: Any = None,
        named: int | None = None,
        **keywords: Any,
    ) -> Any:
        """Call a new layer with these weights, or that of a node with the same ones."""
        tensors = inputs.tensor if isinstance(inputs, Symbol) else inputs
        if weights is None:
            return kind(*args, **keywords)(tensors)
        tokens = tuple(
            name for name in self.proto.input[1:] if not isinstance(self.context.values.get(name), Symbol)
        )
        shape = tensors[0].shape if isinstance(tensors, list) else tensors.shape
        digests = tuple(hash(np.ascontiguousarray(array).tobytes()) for array in weights)
        key = (kind, tokens, digests, repr(args), repr(keywords), len(shape), shape[-1])
        if key in self.context.layers:
            return self.context.layers[key](tensors)
        layer = kind(*args, **keywords, name=self.context.unique(self.title(named)))
        made = layer(tensors)
        layer.set_weights(list(weights))
        self.context.layers[key] = layer
        return made

    def title(self, named: int | None = None) -> str:
        """Return what a layer is called: after its weights, if they are named like PyTorch's."""
        if named is not None:
            stem = self.proto.input[named].rpartition(".")[0]
            if stem:
                return str(stem)
        return str(self.proto.name or self.proto.output[0])

    def function(self, name: str, inputs: Any, operands: Any = None, **arguments: Any) -> SymbolicTensor:
        """Call a `TensorFunction`."""
        made: SymbolicTensor = TensorFunction(name, operands, arguments)(inputs)
        return made

    def only_reader(self, kind: str) -> Node | None:
        """Return the node that alone reads the output, if it is of a kind."""
        name = self.proto.output[0]
        readers = self.context.readers.get(name, [])
        if (
            len(readers) != 1
            or readers[0].op_type != kind
            or readers[0].domain
            or name in self.context.outputs
        ):
            return None
        if any(x and x != name and x not in self.context.values for x in readers[0].input):
            return None
        return Node(readers[0], self.context)

    def absorb(self, other: Node, value: Any) -> None:
        """Let another node, which is computed too, have this value."""
        self.context.done.add(id(other.proto))
        self.context.values[other.proto.output[0]] = value


def _text(value: Any) -> Any:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else value


def is_number(value: Any, number: float) -> bool:
    """Return whether a value is a constant of one number."""
    return (
        isinstance(value, np.ndarray)
        and value.size == 1
        and value.dtype.kind in "fiu"
        and abs(float(value.ravel()[0]) - number) <= 1e-3 * abs(number)
    )


def numbers(array: NDArray[Any]) -> NDArray[Any]:
    """Return an array of numbers, or raise an `Unsupported` if sizes in it are not known."""
    if array.dtype == object:
        if any(n is BATCH or n is OPEN for n in array.ravel().tolist()):
            raise Unsupported("sizes that only data has are used as numbers")
        return array.astype(np.int64)
    return array
