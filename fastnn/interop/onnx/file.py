"""``.onnx`` files, as `fastnn.saving` and the command `fastnn` ask for them."""

from __future__ import annotations

from collections import Counter
from io import BytesIO
from typing import Any, NamedTuple, NoReturn

import numpy as np
from onnx import TensorProto, helper

from .exporting import onnx_model
from .importing import load
from .importing.reading import read_model

__all__ = ["description", "fit_weights", "model", "packed_model", "packed_weights"]


class _Tensor(NamedTuple):
    """What there is of a tensor beside its values."""

    shape: tuple[int, ...]
    dtype: np.dtype[Any]


def model(data: bytes, compile: bool) -> Any:
    """Return the model that a file describes, not compiled; see `fastnn.interop.formats.Format`."""
    return load(BytesIO(data))


def description(data: bytes) -> dict[str, Any]:
    """Return what there is in a file; see `fastnn.interop.formats.Format`."""
    found, _, _ = read_model(BytesIO(data), external_data=False)
    kinds = Counter(node.op_type for node in found.graph.node)
    weights = {
        tensor.name: _Tensor(tuple(tensor.dims), helper.tensor_dtype_to_np_dtype(tensor.data_type))
        for tensor in found.graph.initializer
    }
    properties = {entry.key: entry.value for entry in found.metadata_props}
    return {
        "model": None,
        "weights": weights,
        "optimizer": None,
        "metadata": {"": properties} if properties else {},
        "graph": {
            "producer": f"{found.producer_name} {found.producer_version}".strip(),
            "opsets": [f"{opset.domain or 'ai.onnx'} {opset.version}" for opset in found.opset_import],
            "inputs": [_text(value) for value in found.graph.input],
            "outputs": [_text(value) for value in found.graph.output],
            "nodes": [f"{count} {kind}" for kind, count in kinds.most_common()],
        },
    }


def _text(value: Any) -> str:
    """Return name, dtype and shape of an input or output."""
    tensor = value.type.tensor_type
    kind = TensorProto.DataType.Name(tensor.elem_type).lower()
    sizes = (dim.dim_param or str(dim.dim_value or "?") for dim in tensor.shape.dim)
    return f"{value.name} {kind} ({', '.join(sizes)})"


def packed_model(model: Any, include_optimizer: bool) -> bytearray:
    """Return the bytes of a file with a model; there is no room for an optimizer."""
    return bytearray(onnx_model(model).SerializeToString())


def fit_weights(model: Any, data: bytes, by_name: bool, set_some: bool) -> NoReturn:
    """Raise a `ValueError`: files have no weights by the names of layers."""
    raise ValueError(
        "filepath: an ONNX file has a graph in it and no weights of layers, which load_model reads"
    )


def packed_weights(model: Any) -> NoReturn:
    """Raise a `ValueError`: files have graphs in them."""
    raise ValueError(
        'filepath: an ".onnx" file has a graph in it, which save writes; expected another ending'
    )
