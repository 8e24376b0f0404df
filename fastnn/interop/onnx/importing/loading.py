"""`load`: a model of an ONNX file."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from onnx import GraphProto, ModelProto, NodeProto, helper

from ....layers import Identity, Input
from ....models import Model
from ....saving.errors import ModelFileError, named_errors
from ....saving.errors import Path as FilePath
from .constants import CONSTANTS, SOURCES
from .dtypes import kind_of
from .elementwise import ELEMENTWISE
from .learners import LEARNERS
from .node import Context, Node
from .normalizations import NORMALIZATIONS
from .pools import POOLS
from .products import PRODUCTS
from .reading import opset_of, read_model
from .recurrent import RECURRENT
from .schemas import check_node, versions_of
from .shaping import SHAPING
from .tensors import array_of
from .values import Symbol, Unsupported, natural
from .windows import WINDOWS

__all__ = ["OPERATORS", "load", "values_of"]

OPERATORS: dict[str, Callable[[Node], Any]] = {
    **ELEMENTWISE, **NORMALIZATIONS, **POOLS, **PRODUCTS, **RECURRENT, **SHAPING, **WINDOWS,
    **SOURCES, **LEARNERS,
}  # fmt: skip

_FREE = 1 << 22  # bytes that constants may take whatever the size of the file

# What attributes and inputs of nodes that are not valid lead to.
_BAD = (ArithmeticError, AttributeError, LookupError, TypeError, ValueError)


def load(
    filepath: FilePath,
    *,
    outputs: Sequence[str] | None = None,
    batch_axis: int | None = 0,
    external_data: bool = False,
) -> Model:
    """Make a model of an ONNX file, which predicts the same and can be trained.

    Parameters
    ----------
    filepath : str, path or binary file object
    outputs : sequence of str, optional
        Names of the graph's outputs that the model has, by default all.
    batch_axis : int or None, default 0
        The axis of the inputs that counts samples; None for a graph of one sample, of which the model takes
        a batch. The model has the batch first, and other axes in the order of the graph.
    external_data : bool, default False
        Whether weights may be in other files: plain ones inside the folder of the model.

    Returns
    -------
    Model
        Not compiled. What the graph multiplies with, convolves with, normalizes by or looks up are weights of
        layers.

    Raises
    ------
    ModelFileError
        If the file is no ONNX file or contradicts itself, or if nodes have no counterpart: all of them are
        listed.

    Notes
    -----
    Convolutions have their channels last, which is arranged once in front of them and once behind.

    Examples
    --------
    >>> import fastnn, fastnn.interop.onnx, pathlib, tempfile
    >>> model = fastnn.Sequential([fastnn.Input((4,)), fastnn.layers.Dense(2, "tanh")])
    >>> file = pathlib.Path(tempfile.mkdtemp(), "small.onnx")
    >>> model.export(file)
    >>> loaded = fastnn.interop.onnx.load(file)
    >>> x = [[1.0, 2.0, 3.0, 4.0]]
    >>> bool(abs(loaded.predict(x, verbose=0) - model.predict(x, verbose=0)).max() < 1e-6)
    True
    """
    with named_errors(filepath):
        model, folder, size = read_model(filepath, external_data)
        names = [value.name for value in model.graph.output] if outputs is None else list(outputs)
        unknown = set(names) - {value.name for value in model.graph.output}
        if unknown or not names:
            raise ValueError(f"outputs: expected some of the graph's outputs, got {outputs!r:.200}")
        inputs, values = values_of(model, folder, size, batch_axis, names)
        constant = [name for name, value in zip(names, values, strict=True) if not isinstance(value, Symbol)]
        if constant:
            raise ModelFileError(f"its outputs {', '.join(constant)} are constant")
        made = [Identity(name=name)(natural(v).tensor) for name, v in zip(names, values, strict=True)]
        return Model(inputs if len(inputs) > 1 else inputs[0], made if len(made) > 1 else made[0])


def values_of(
    model: ModelProto, folder: Path | None, size: int, batch_axis: int | None, outputs: Sequence[str]
) -> tuple[list[Any], list[Any]]:
    """Return the inputs of a graph as tensors, and what its outputs are: `Symbol` or array.

    Raises
    ------
    ModelFileError
        If nodes have no counterpart.
    """
    graph = model.graph
    nodes = _needed(graph, outputs)
    problems = _contradictions(nodes, versions_of(model))
    if graph.sparse_initializer:
        problems.append("its sparse tensors are not supported")
    if problems:
        raise ModelFileError("nodes without counterpart:\n  " + "\n  ".join(problems))
    readers = defaultdict(list)
    for node in nodes:
        for name in node.input:
            readers[name].append(node)
    context = Context(opset_of(model), folder, _FREE + 4 * size, readers, set(outputs))
    context.names.update(outputs)
    for tensor in graph.initializer:
        context.values[tensor.name] = array_of(tensor, folder)
    inputs = _inputs(graph, batch_axis, context)
    for node in nodes:
        problems += _visit(node, context)
    if problems:
        raise ModelFileError("nodes without counterpart:\n  " + "\n  ".join(problems))
    return inputs, [context.values[name] for name in outputs]


def _contradictions(nodes: Sequence[NodeProto], versions: dict[str, int]) -> list[str]:
    """Return what is wrong with nodes whatever their inputs are."""
    problems = []
    for node in nodes:
        if _key(node) not in OPERATORS:
            problems.append(_problem(node, "there is no such operator"))
            continue
        try:
            check_node(node, versions)
        except Unsupported as error:
            problems.append(_problem(node, error))
    return problems


def _needed(graph: GraphProto, outputs: Sequence[str]) -> list[NodeProto]:
    """Return the nodes that outputs depend on, in their order."""
    needed, kept = set(outputs), []
    for node in reversed(graph.node):
        if needed.intersection(node.output):
            needed.update(node.input)
            kept.append(node)
    return kept[::-1]


def _key(node: NodeProto) -> str:
    return node.op_type if node.domain in ("", "ai.onnx") else f"{node.domain}.{node.op_type}"


def _problem(node: NodeProto, why: object) -> str:
    return f"{node.name or node.output[0]} ({_key(node):.80}): {why}"


def _inputs(graph: GraphProto, batch_axis: int | None, context: Context) -> list[Any]:
    """Return an input of the model for each that the graph has no constant for."""
    made: list[Any] = []
    sizes: set[int | None] = set()
    for value in graph.input:
        if value.name in context.values:
            continue
        title = f"input {value.name!r:.80}"
        kind = value.type.tensor_type
        if not value.type.HasField("tensor_type") or not kind.HasField("shape"):
            raise ModelFileError(f"{title}: expected a tensor of known number of axes")
        try:
            dtype = helper.tensor_dtype_to_np_dtype(kind.elem_type)
        except KeyError:
            raise ModelFileError(f"{title}: unknown type {kind.elem_type}") from None
        if kind_of(dtype) not in "fiub":
            raise ModelFileError(f"{title}: expected numbers, got {dtype.name}")
        shape = [dim.dim_value if dim.HasField("dim_value") else None for dim in kind.shape.dim]
        if any(n is not None and not 0 <= n < 2**31 for n in shape):
            raise ModelFileError(f"{title}: its shape {shape} is not valid")
        if 0 in shape:
            context.values[value.name] = np.zeros([n or 0 for n in shape], dtype)
            continue
        if batch_axis is not None:
            if not 0 <= batch_axis < len(shape):
                raise ModelFileError(
                    f"{title}: batch_axis: {batch_axis} is none of its {len(shape)} axes; "
                    "None is for graphs of one sample"
                )
            sizes.add(shape.pop(batch_axis))
        others = [axis for axis in range(len(kind.shape.dim)) if axis != batch_axis]
        name = context.unique(value.name)
        computed = "float64" if dtype.name == "float64" else "int32" if kind_of(dtype) in "iu" else None
        try:
            tensor = Input(tuple(shape), dtype=computed, name=name)
        except ValueError as error:
            raise ModelFileError(f"{title}: {error}") from None
        made.append(tensor)
        context.values[value.name] = Symbol(tensor, (batch_axis, *others), dtype)
    fixed = {n for n in sizes if n is not None}
    if len(fixed) > 1:
        raise ModelFileError(f"expected inputs with as many samples each, got {sorted(fixed)}")
    context.batch_size = fixed.pop() if fixed else None
    return made


def _visit(proto: NodeProto, context: Context) -> list[str]:
    """Compute what a node makes; return what is wrong with it."""
    if id(proto) in context.done:
        return []
    if any(name and name not in context.values for name in proto.input):
        return []  # of what could not be made
    try:
        node = Node(proto, context)
        made = _computed(node)
    except _BAD as error:
        text = str(error) if isinstance(error, ValueError) else f"{type(error).__name__}: {error}"
        return [_problem(proto, text)]
    values = [
        x if isinstance(x, Symbol) else np.asarray(x) for x in (made if isinstance(made, list) else [made])
    ]
    for name, value in zip(proto.output, values, strict=False):
        if name:
            context.values[name] = value
    missing = [name for name in proto.output[len(values) :] if name]
    return [_problem(proto, f"its output {missing[0]!r:.80} is not there")] if missing else []


def _computed(node: Node) -> Any:
    key = _key(node.proto)
    if key in SOURCES:
        return SOURCES[key](node)
    given = [value for value in node.inputs if value is not None]
    if any(isinstance(value, Symbol) for value in given):
        return OPERATORS[key](node)
    if key not in CONSTANTS or not given:
        raise Unsupported("its inputs are constant")
    return CONSTANTS[key](node)
