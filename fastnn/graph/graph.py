"""Symbolic tensors: what layers make of each other before there are any numbers.

Calling a layer on a `SymbolicTensor` records a `Node` and returns the tensors that it makes. A `Graph` is
what lies between some tensors and some others: a list of nodes, each after those that it reads. Whatever is
done with a model of layers (compute shapes, append steps, copy) traverses that list.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from itertools import count
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn
from weakref import ReferenceType, ref

from ..kernels.ops import fan_out
from ..layers.base.shapes import map_shapes, shape_leaves
from ..pickling import Picklable
from .symbolic_ops import Operators

if TYPE_CHECKING:
    from ..kernels.core.plan import Plan
    from ..kernels.core.steps import Value
    from ..layers.base.layer import Layer
    from ..layers.base.shapes import Shape

_serial = count()


class SymbolicTensor(Operators, Picklable):
    """Placeholder for the output of a layer: a shape and a dtype, without values.

    Parameters
    ----------
    shape : tuple of int or None
        Batch dimension first; None for a dimension that may vary, as that of the batch does.
    node : Node
        The call that makes it.
    index : int
        Which of the results of that call it is.

    Examples
    --------
    >>> import fastnn
    >>> x = fastnn.Input((4,))
    >>> fastnn.layers.Dense(2)(x).shape
    (None, 2)
    """

    _pickle_names_itself = True

    def __init__(self, shape: Shape, node: Node, index: int) -> None:
        self.shape = shape
        self.node, self.layer = node, node.layer
        self.index = index
        node.keep(self)

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__(state)
        self.node.keep(self)

    @property
    def sample_shape(self) -> Shape:
        """The shape without the batch dimension."""
        return self.shape[1:]

    @property
    def dtype(self) -> str:
        """The dtype that the layer of the tensor computes in."""
        return self.node.layer.compute_dtype

    @property
    def ndim(self) -> int:
        """The number of dimensions, the batch included."""
        return len(self.shape)

    @property
    def name(self) -> str:
        """Name of the layer that makes it."""
        return self.node.layer.name

    def _no_numbers(self, *_: Any, **__: Any) -> NoReturn:
        raise TypeError(
            f"{self!r} stands for numbers that are not there yet: layers take it, NumPy does not. Make a "
            "model, Model(inputs, outputs), and call that on arrays"
        )

    __array__ = __bool__ = __float__ = __iter__ = __len__ = _no_numbers

    def __repr__(self) -> str:
        return f"<SymbolicTensor shape={self.shape} dtype={self.dtype} of {self.name!r}>"


def leaves(structure: Any, _around: tuple[int, ...] = ()) -> Iterator[Any]:
    """Yield what lists, tuples and dicts hold, in their order.

    Raises
    ------
    ValueError
        If one of them contains itself.
    """
    if not isinstance(structure, (list, tuple, dict)):
        yield structure
        return
    if id(structure) in _around:
        raise ValueError(f"expected nested lists, tuples or dicts of finite depth, got {structure!r:.80}")
    # a copy of the values: a layer that another thread builds may fill a dict
    parts = list(structure.values()) if isinstance(structure, dict) else structure
    for part in parts:
        yield from leaves(part, (*_around, id(structure)))


def tensors_in(structure: Any) -> list[SymbolicTensor]:
    """Return the symbolic tensors in lists, tuples and dicts."""
    return [leaf for leaf in leaves(structure) if isinstance(leaf, SymbolicTensor)]


def flat_keys(structure: Any) -> tuple[Any, ...] | None:
    """Return the keys of a dict of names, or names alone or in a sequence; None where some are nested."""
    if isinstance(structure, str):
        return (structure,)
    parts = structure.values() if isinstance(structure, dict) else structure
    return tuple(structure) if all(isinstance(part, str) for part in parts) else None


def rebuilt(container: list[Any] | tuple[Any, ...], parts: list[Any]) -> Any:
    """Return a list or tuple, named tuples included, like the given one with other parts."""
    if isinstance(container, list):
        return parts
    return type(container)(*parts) if hasattr(container, "_fields") else tuple(parts)


def mapped(
    function: Callable[[Any], Any], structure: Any, kind: type | tuple[type, ...] = SymbolicTensor
) -> Any:
    """Return lists, tuples and dicts with each symbolic tensor in them, or else of a kind, replaced."""
    if isinstance(structure, kind):
        return function(structure)
    if isinstance(structure, (list, tuple)):
        return rebuilt(structure, [mapped(function, part, kind) for part in structure])
    if isinstance(structure, dict):
        return {key: mapped(function, part, kind) for key, part in structure.items()}
    return structure


class Node(Picklable):
    """One call of a layer.

    Parameters
    ----------
    layer : Layer
        Built, if need be, for what it is called on.
    x : SymbolicTensor, list, tuple or dict of them, or None
        What it is called on; None for an `InputLayer`.
    options : dict
        What the call got by name; may hold tensors too.

    Attributes
    ----------
    parents : list of SymbolicTensor
        All tensors that the call reads.
    shapes : tuple, or list, tuple or dict of them
        The shapes of what it makes.
    """

    def __init__(self, layer: Layer, x: Any, options: dict[str, Any]) -> None:
        self._layer, self.x, self.options = ref(layer), x, options
        self._outputs: dict[int, ReferenceType[SymbolicTensor]] = {}
        self.serial = next(_serial)
        self.parents = tensors_in([x, options])
        if x is None:
            assert layer._input_sample_shape is not None
            made: Any = (None, *layer._input_sample_shape)
        else:
            layer._adopt_dtype([tensor.dtype for tensor in self.parents])
            made = layer._built_output_shape(mapped(lambda tensor: tensor.shape, x), options)
        self.shapes = made

    @property
    def layer(self) -> Layer:
        """The layer, which its calls do not keep: the tensors that it makes do."""
        layer = self._layer()
        assert layer is not None
        return layer

    @property
    def result(self) -> Any:
        """The outputs as the layer returns them."""
        places = count()
        return map_shapes(lambda shape: self._output(shape, next(places)), self.shapes)

    @property
    def outputs(self) -> list[SymbolicTensor]:
        """The outputs in their order."""
        return tensors_in([self.result])

    def _output(self, shape: Shape, index: int) -> SymbolicTensor:
        """Return an output: the one that there is, or a new one where nobody has it."""
        known = self._outputs.get(index)
        tensor = None if known is None else known()
        return SymbolicTensor(shape, self, index) if tensor is None else tensor

    def keep(self, tensor: SymbolicTensor) -> None:
        """Let the outputs have this tensor as long as anybody has it."""
        self._outputs[tensor.index] = ref(tensor)

    _pickle_defaults: ClassVar[dict[str, Callable[[], Any]]] = {"serial": int, "_outputs": dict}
    _pickle_names_itself = True

    def _pickle_attributes(self) -> dict[str, Any]:
        attributes = super()._pickle_attributes() | {"layer": self.layer}
        del attributes["_layer"]
        return attributes

    def __setstate__(self, state: dict[str, Any]) -> None:
        attributes = dict(state)
        self._layer = ref(attributes.pop("layer"))
        super().__setstate__(attributes)
        self.serial = next(_serial)  # behind those of its parents, which are in the state
        if all(node is not self for node in self.layer._nodes):
            self.layer._nodes.append(self)

    def __repr__(self) -> str:
        return f"<Node of {self.layer.name!r}>"


class Graph(Picklable):
    """Graph of layers between input and output tensors.

    Parameters
    ----------
    inputs, outputs : sequence of SymbolicTensor

    Attributes
    ----------
    nodes : list of Node
        All that the outputs need but those of the inputs, each after those that it reads.
    layers : list of Layer
        Each once, in Keras' order: by the longest way to an output, the longest first.

    Raises
    ------
    ValueError
        If an output depends on anything but the inputs, or two layers have one name.
    """

    def __init__(self, inputs: Sequence[SymbolicTensor], outputs: Sequence[SymbolicTensor]) -> None:
        self.inputs, self.outputs = list(inputs), list(outputs)
        given = set(self.inputs)
        found: dict[Node, int] = {}  # in the order in which a search from the outputs meets them
        waiting = [tensor for tensor in reversed(self.outputs) if tensor not in given]
        while waiting:
            node = waiting.pop().node
            if node in found:
                continue
            if node.x is None:
                raise ValueError(
                    f"inputs: the outputs depend on {node.layer.name!r} too, which is none of "
                    f"{[tensor.name for tensor in self.inputs]}"
                )
            found[node] = 0
            waiting.extend(tensor for tensor in reversed(node.parents) if tensor not in given)
        self.nodes = sorted(found, key=lambda node: node.serial)
        self.readers = self._count_readers()
        self.layers = self._layers(found)
        for name, times in Counter(layer.name for layer in self.layers).items():
            if times > 1:
                raise ValueError(
                    f"layers: every layer needs a name of its own, {name!r} is there {times} times"
                )

    def _layers(self, found: dict[Node, int]) -> list[Layer]:
        depth: dict[Layer, int] = {}
        for node in reversed(self.nodes):
            found[node] = depth[node.layer] = max(found[node], depth.get(node.layer, 0))
            for tensor in node.parents:
                if tensor.node in found:
                    found[tensor.node] = max(found[tensor.node], found[node] + 1)
                else:
                    above = tensor.node.layer
                    depth[above] = max(depth.get(above, 0), found[node] + 1)
        met = {layer: i for i, layer in enumerate(dict.fromkeys(node.layer for node in found))}
        starts = [tensor.node.layer for tensor in self.inputs if tensor.node.x is None]
        for i, layer in enumerate(dict.fromkeys(starts)):
            met.setdefault(layer, len(found) + i)
            depth.setdefault(layer, 0)
        return sorted(met, key=lambda layer: (-depth[layer], met[layer]))

    def _count_readers(self) -> Counter[SymbolicTensor]:
        """Return how many nodes and outputs read each tensor."""
        readers = Counter(tensor for node in self.nodes for tensor in node.parents)
        readers.update(self.outputs)
        return readers

    _pickle_defaults: ClassVar[dict[str, Callable[[], Any]]] = {"readers": Counter}

    def _pickle_attributes(self) -> dict[str, Any]:
        """Return the attributes behind all nodes that the graph depends on, each after those that it reads.

        In this order no node is pickled within another one, however long the graph is.
        """
        found: set[Node] = set()
        waiting = [tensor.node for tensor in self.outputs]
        while waiting:
            node = waiting.pop()
            if node not in found:
                found.add(node)
                waiting.extend(tensor.node for tensor in node.parents)
        return {"all_nodes": sorted(found, key=lambda node: node.serial)} | super()._pickle_attributes()

    def __setstate__(self, state: dict[str, Any]) -> None:
        super().__setstate__({name: value for name, value in state.items() if name != "all_nodes"})
        self.readers = self._count_readers()

    def walk(
        self,
        inputs: Sequence[Any],
        call: Callable[[Node, Any, dict[str, Any]], Any],
        read: Callable[[dict[SymbolicTensor, Any], SymbolicTensor], Any] = dict.__getitem__,
    ) -> list[Any]:
        """Go along the nodes with something in the place of each tensor.

        Parameters
        ----------
        inputs : sequence
            What stands for the inputs.
        call : callable
            From a node and its arguments to a list of what stands for its outputs.
        read : callable, optional
            From the dict of what stands for the tensors so far and a tensor to what one reader of it gets.

        Returns
        -------
        list
            What stands for the outputs.
        """
        known: dict[SymbolicTensor, Any] = dict(zip(self.inputs, inputs, strict=True))

        def reader(tensor: SymbolicTensor) -> Any:
            return read(known, tensor)

        for node in self.nodes:
            made = call(node, mapped(reader, node.x), mapped(reader, node.options))
            known.update(zip(node.outputs, made, strict=True))
        return [reader(tensor) for tensor in self.outputs]

    def compute_output_shapes(self, input_shapes: Sequence[Shape]) -> list[Shape]:
        """Return the shapes of the outputs for those of the inputs, batch dimension first.

        Raises
        ------
        ValueError
            If a layer does not take such inputs; the message says which.
        """

        def call(node: Node, shapes: Any, _: dict[str, Any]) -> Any:
            try:
                return shape_leaves(node.layer._built_output_shape(shapes, node.options))
            except ValueError as error:
                raise ValueError(
                    f"layer {node.layer.name!r} on an input of shape {shapes}: {error}"
                ) from None

        return self.walk(input_shapes, call)

    def emit(self, plan: Plan, inputs: Sequence[Value]) -> list[Value]:
        """Append the steps of all layers to `plan` and return the outputs."""

        def read(known: dict[SymbolicTensor, Any], tensor: SymbolicTensor) -> Value:
            value: Value = next(known[tensor])
            return value

        def call(node: Node, x: Any, options: dict[str, Any]) -> Any:
            made = list(leaves(node.layer._append_steps(plan, x, **options)))
            return [
                iter(fan_out.emit(plan, y, self.readers[tensor]))
                for y, tensor in zip(made, node.outputs, strict=True)
            ]

        starts = [
            iter(fan_out.emit(plan, x, self.readers[tensor]))
            for x, tensor in zip(inputs, self.inputs, strict=True)
        ]
        return self.walk(starts, call, read)

    # ---- as plain values ----------------------------------------------------------------------------

    def describe(self, structure: Any) -> Any:
        """Return a structure as JSON holds it; inputs come first.

        Each tensor is {"node": place, "output": index}, each tuple {"tuple": parts}.
        """
        places = {tensor: (i, 0) for i, tensor in enumerate(self.inputs)}
        for i, node in enumerate(self.nodes, len(places)):
            places |= {tensor: (i, tensor.index) for tensor in node.outputs}

        def described(part: Any) -> Any:
            if isinstance(part, SymbolicTensor):
                return dict(zip(("node", "output"), places[part], strict=True))
            if isinstance(part, dict):
                return {key: described(value) for key, value in part.items()}
            if not isinstance(part, (list, tuple)):
                return part
            parts = [described(value) for value in part]
            return parts if isinstance(part, list) else {"tuple": parts}

        return described(structure)


def undescribed(structure: Any, results: list[list[SymbolicTensor]]) -> Any:
    """Return a structure that `Graph.describe` made with its tensors again.

    Raises
    ------
    ValueError
        If it names a node that has not been made.
    """
    if isinstance(structure, dict) and set(structure) == {"node", "output"}:
        node, output = structure["node"], structure["output"]
        if not (isinstance(node, int) and 0 <= node < len(results)):
            raise ValueError(f"nodes: expected one of the {len(results)} before, got {node!r}")
        if not (isinstance(output, int) and 0 <= output < len(results[node])):
            raise ValueError(f"nodes: node {node} has {len(results[node])} outputs, got {output!r}")
        return results[node][output]
    if isinstance(structure, dict) and set(structure) == {"tuple"}:
        return tuple(undescribed(structure["tuple"], results))
    if isinstance(structure, (list, tuple)):
        return rebuilt(structure, [undescribed(part, results) for part in structure])
    if isinstance(structure, dict):
        return {key: undescribed(part, results) for key, part in structure.items()}
    return structure
