"""Collects the nodes and constants of an ONNX graph."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike
from onnx import NodeProto, TensorProto, helper, numpy_helper

__all__ = ["Writer"]


class Writer:
    """Nodes and constants of a graph that is being written.

    Parameters
    ----------
    dtype : str
        Of all numbers that are not indices.
    taken : sequence of str
        Names that only inputs and outputs of the graph may have.

    Attributes
    ----------
    nodes : list of NodeProto
    constants : list of TensorProto
    scope : str
        What the names of the next nodes begin with.
    """

    def __init__(self, dtype: str, taken: Sequence[str]) -> None:
        self.dtype = dtype
        self.nodes: list[NodeProto] = []
        self.constants: list[TensorProto] = []
        self.scope = ""
        self._taken = set(taken)
        self._moved: dict[str, tuple[str, tuple[int, ...]]] = {}
        self._weights: dict[int, tuple[Any, str]] = {}

    def _name(self, what: str) -> str:
        stem = f"{self.scope}/{what}"
        name, n = stem, 0
        while name in self._taken:
            n += 1
            name = f"{stem}_{n}"
        self._taken.add(name)
        return name

    def op(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:
        """Append a node and return the name of its output, or a list of several."""
        names = [self._name(kind) for _ in range(outputs)]
        self.nodes.append(helper.make_node(kind, list(inputs), names, name=names[0], **attributes))
        return names if outputs > 1 else names[0]

    def rename(self, value: str, name: str) -> None:
        """Give a value the name of an output of the graph."""
        self.nodes.append(helper.make_node("Identity", [value], [name], name=self._name("output")))

    def constant(self, value: ArrayLike, name: str, dtype: str | None = None) -> str:
        """Return the name of an array that is part of the graph."""
        array = np.ascontiguousarray(np.asarray(value, dtype or self.dtype))
        array = array.reshape(np.shape(value))
        name = self._name(name)
        self.constants.append(numpy_helper.from_array(array, name))
        return name

    def weight(self, variable: Any, name: str) -> str:
        """Return the name of the value of a variable, which calls of a shared layer have in common."""
        if id(variable) not in self._weights:
            self._weights[id(variable)] = (variable, self.constant(np.array(variable), name))
        return self._weights[id(variable)][1]

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

    def used_nodes(self, outputs: Sequence[str]) -> list[NodeProto]:
        """Return the nodes that these values depend on, in their order."""
        needed, kept = set(outputs), []
        for node in reversed(self.nodes):
            if needed.intersection(node.output):
                needed.update(node.input)
                kept.append(node)
        return kept[::-1]
