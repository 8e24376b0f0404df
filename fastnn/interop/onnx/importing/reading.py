"""Parses ONNX files, and checks what graphs must be."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

from google.protobuf.message import DecodeError  # type: ignore[import-untyped]
from onnx import GraphProto, ModelProto, defs

from ....saving.errors import ModelFileError
from ....saving.files import opened
from .tensors import check_tensors

__all__ = ["OLDEST_OPSET", "opset_of", "read_model"]

OLDEST_OPSET = 7


def read_model(filepath: Any, external_data: bool) -> tuple[ModelProto, Path | None, int]:
    """Return the model in a file, the folder for its external data, and the file's size.

    Raises
    ------
    ModelFileError
        If it is no ONNX file, or it contradicts itself.
    """
    folder = None
    if external_data:
        if not isinstance(filepath, (str, os.PathLike)):
            raise ValueError(f"external_data: expected False for a file object, got {external_data!r}")
        folder = Path(filepath).parent
    with opened(filepath) as file:
        data = file.read_rest()
    model = ModelProto()
    try:
        model.ParseFromString(data)
    except DecodeError as error:
        raise ModelFileError(f"it is no ONNX file, or cut off: {error}") from None
    if not model.HasField("graph") or model.ir_version < 3:
        raise ModelFileError("it is no ONNX file: it has no graph")
    check_texts(model.graph)
    check_tensors(model, folder)
    opset_of(model)
    check_names(model.graph)
    return model, folder, len(data)


def opset_of(model: ModelProto) -> int:
    """Return the version of ONNX's operators."""
    versions = [entry.version for entry in model.opset_import if entry.domain in ("", "ai.onnx")]
    newest = defs.onnx_opset_version()
    if len(versions) != 1 or not OLDEST_OPSET <= versions[0] <= newest:
        raise ModelFileError(f"expected one opset from {OLDEST_OPSET} to {newest}, got {versions[:9]}")
    return int(versions[0])


def check_texts(graph: GraphProto) -> None:
    """Check that names are text: the parser returns the bytes of what is not UTF-8.

    Raises
    ------
    ModelFileError
        If one is not.
    """
    named = [*graph.input, *graph.output, *graph.initializer, *graph.value_info, *graph.node]
    texts = [value.name for value in named] + [sparse.values.name for sparse in graph.sparse_initializer]
    for node in graph.node:
        texts += [node.op_type, node.domain, *node.input, *node.output]
        texts += [attribute.name for attribute in node.attribute]
    wrong = next((text for text in texts if not isinstance(text, str)), None)
    if wrong is not None:
        raise ModelFileError(f"the name {wrong!r:.80} is not text")


def check_names(graph: GraphProto) -> None:
    """Check that each value is made once, and before it is used.

    Raises
    ------
    ModelFileError
        If not, as in a cycle.
    """
    inputs = [value.name for value in graph.input]
    known: set[str] = set()
    tensors = [tensor.name for tensor in graph.initializer]
    tensors += [sparse.values.name for sparse in graph.sparse_initializer]
    for names in (inputs, tensors):
        if len(set(names)) < len(names) or "" in names:
            raise ModelFileError("its inputs or constants have a name twice, or none")
        known.update(names)
    made = {name for node in graph.node for name in node.output}
    for node in graph.node:
        title = f"node {node.name or (node.output[0] if node.output else '')!r:.80} ({node.op_type:.80})"
        attributes = [attribute.name for attribute in node.attribute]
        if len(set(attributes)) < len(attributes):
            raise ModelFileError(f"{title}: an attribute stands there twice")
        for name in node.input:
            if name and name not in known:
                why = (
                    "is made after it: nodes are in a cycle, or not in order"
                    if name in made
                    else "is not there"
                )
                raise ModelFileError(f"{title}: its input {name!r:.80} {why}")
        outputs = [name for name in node.output if name]
        if len(set(outputs)) < len(outputs) or known.intersection(outputs):
            raise ModelFileError(f"{title}: its outputs {outputs!r:.80} are there already")
        known.update(outputs)
    for value in graph.output:
        if value.name not in known:
            raise ModelFileError(f"output {value.name!r:.80} is not made by any node")
