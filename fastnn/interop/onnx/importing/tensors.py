"""Arrays of the tensors in ONNX files, wherever in a file they stand."""

from __future__ import annotations

import math
import os
import stat
from collections.abc import Iterator
from pathlib import Path, PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray
from onnx import AttributeProto, GraphProto, ModelProto, TensorProto, helper, numpy_helper

from ....saving.errors import ModelFileError

__all__ = ["DEPTH", "array_of", "check_tensors"]

DEPTH = 16  # of graphs in nodes of graphs

_PACKED = {"FLOAT4E2M1": 2, "INT4": 2, "UINT4": 2, "INT2": 4, "UINT2": 4}  # how many are in a byte

_FIELDS = {
    "FLOAT": "float_data", "DOUBLE": "double_data", "INT64": "int64_data",
    "UINT32": "uint64_data", "UINT64": "uint64_data",
    **dict.fromkeys(
        (
            *("INT8", "INT16", "INT32", "UINT8", "UINT16", "BOOL", "FLOAT16", "BFLOAT16"),
            *("FLOAT8E4M3FN", "FLOAT8E4M3FNUZ", "FLOAT8E5M2", "FLOAT8E5M2FNUZ", "FLOAT8E8M0"), *_PACKED,
        ),
        "int32_data",
    ),
}  # fmt: skip
_DATA = (*dict.fromkeys(_FIELDS.values()), "string_data")
_EXTERNAL = ("location", "offset", "length", "checksum")


def array_of(tensor: TensorProto, folder: Path | None) -> NDArray[Any]:
    """Return the numbers of a tensor.

    Parameters
    ----------
    tensor : TensorProto
    folder : Path or None
        Where files that the tensor names may be; None if it may name none.

    Raises
    ------
    ModelFileError
        If its shape does not fit its data, which is checked before there is memory for it.
    """
    nbytes = _checked_size(tensor, folder)
    if tensor.data_location != TensorProto.EXTERNAL:
        return np.asarray(numpy_helper.to_array(tensor))
    assert folder is not None
    inside = TensorProto(data_type=tensor.data_type, dims=tensor.dims)
    inside.raw_data = _external_bytes(tensor, folder, nbytes)
    return np.asarray(numpy_helper.to_array(inside))


def _checked_size(tensor: TensorProto, folder: Path | None) -> int:
    """Return how many bytes the numbers take, which the data has been compared with."""
    name = f"tensor {tensor.name!r:.80}"
    kinds = TensorProto.DataType
    kind = kinds.Name(tensor.data_type) if tensor.data_type in kinds.values() else str(tensor.data_type)
    if kind not in _FIELDS:
        raise ModelFileError(f"{name}: its data type {kind} is not supported")
    if tensor.HasField("segment") or any(n < 0 for n in tensor.dims) or len(tensor.dims) > 32:
        raise ModelFileError(f"{name}: its shape {list(tensor.dims)[:40]} is not valid")
    count = math.prod(map(int, tensor.dims))
    if kind in _PACKED:
        count = -(-count // _PACKED[kind])
    nbytes = count * int(helper.tensor_dtype_to_np_dtype(tensor.data_type).itemsize)
    lengths = {field: len(getattr(tensor, field)) for field in _DATA if len(getattr(tensor, field))}
    if tensor.data_location == TensorProto.EXTERNAL or tensor.external_data:
        if folder is None:
            raise ModelFileError(
                f"{name}: its data is in another file; external_data=True reads it from the model's folder"
            )
        if lengths or tensor.raw_data or tensor.data_location != TensorProto.EXTERNAL:
            raise ModelFileError(f"{name}: its data is both in the file and in another one")
        return nbytes
    fits = len(tensor.raw_data) == nbytes if not lengths else lengths == {_FIELDS[kind]: count}
    if not fits or (lengths and tensor.raw_data):
        found = max([len(tensor.raw_data), *lengths.values()])
        raise ModelFileError(
            f"{name}: its shape {list(tensor.dims)} of {kind} does not fit its data, of length {found}"
        )
    return nbytes


def _external_bytes(tensor: TensorProto, folder: Path, nbytes: int) -> bytes:
    """Read data from a plain file inside the folder, which no part of the path leads out of."""
    name = f"tensor {tensor.name!r:.80}"
    entries = [(entry.key, entry.value) for entry in tensor.external_data]
    found = dict(entries)
    if len(found) < len(entries) or not set(found) <= set(_EXTERNAL) or "location" not in found:
        raise ModelFileError(f"{name}: expected one location, offset and length of external data")
    location = found["location"]
    parts = PurePosixPath(location).parts
    if not parts or ".." in parts or location.startswith("/") or set(location) & set("\\:\0"):
        raise ModelFileError(f"{name}: {location!r:.80} is no path inside the model's folder")
    numbers = found.get("offset", "0"), found.get("length", str(nbytes))
    if not all(text.isascii() and text.isdigit() and len(text) < 20 for text in numbers):
        raise ModelFileError(f"{name}: expected an offset and a length, got {numbers!r:.80}")
    offset, length = map(int, numbers)
    try:
        handle = _open_beneath(folder, parts)
    except OSError as error:
        raise ModelFileError(f"{name}: {location!r:.80} cannot be opened: {error.strerror}") from error
    with open(handle, "rb") as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode) or status.st_nlink != 1:
            raise ModelFileError(f"{name}: {location!r:.80} is no plain file with one name")
        if length != nbytes or offset + nbytes > status.st_size:
            raise ModelFileError(f"{name}: its {nbytes} bytes are not in {location!r:.80} at {offset}")
        file.seek(offset)
        return file.read(nbytes)


def _open_beneath(folder: Path, parts: tuple[str, ...]) -> int:
    """Open a file inside a folder without following links."""
    if os.open not in os.supports_dir_fd:
        raise OSError(0, "this system cannot open files inside a folder only")
    at = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    for i, part in enumerate(parts):
        kind = os.O_DIRECTORY if i + 1 < len(parts) else os.O_NONBLOCK
        try:
            inner = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | kind, dir_fd=at)
        finally:
            os.close(at)
        at = inner
    return at


def check_tensors(model: ModelProto, folder: Path | None) -> None:
    """Check every tensor of a file, those that nothing uses too.

    Raises
    ------
    ModelFileError
        If one is not valid or its data is elsewhere, or graphs are nested too deep.
    """
    for tensor in _tensors(model):
        _checked_size(tensor, folder)


def _tensors(model: ModelProto) -> Iterator[TensorProto]:
    graphs = [(model.graph, 0)]
    for info in model.training_info:
        graphs += [(info.initialization, 0), (info.algorithm, 0)]
    nodes = [(node, 0) for function in model.functions for node in function.node]
    defaults = [(attribute, 0) for function in model.functions for attribute in function.attribute_proto]
    while graphs or nodes or defaults:
        while graphs:
            graph, depth = graphs.pop()
            if depth > DEPTH:
                raise ModelFileError(f"its graphs are nested deeper than {DEPTH} levels")
            yield from _of_graph(graph)
            nodes += [(node, depth) for node in graph.node]
        while nodes:
            node, depth = nodes.pop()
            defaults += [(attribute, depth) for attribute in node.attribute]
        while defaults:
            attribute, depth = defaults.pop()
            yield from _of_attribute(attribute)
            inner = [*attribute.graphs, *([attribute.g] if attribute.HasField("g") else [])]
            graphs += [(graph, depth + 1) for graph in inner]


def _of_graph(graph: GraphProto) -> Iterator[TensorProto]:
    yield from graph.initializer
    for sparse in graph.sparse_initializer:
        yield from (sparse.values, sparse.indices)


def _of_attribute(attribute: AttributeProto) -> Iterator[TensorProto]:
    yield from attribute.tensors
    if attribute.HasField("t") and attribute.t.data_type != TensorProto.STRING:
        yield attribute.t
    sparse = [
        *attribute.sparse_tensors,
        *([attribute.sparse_tensor] if attribute.HasField("sparse_tensor") else []),
    ]
    for tensor in sparse:
        yield from (tensor.values, tensor.indices)
