"""Writes models as ONNX files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import ModelProto, checker, defs, helper

from ... import __version__
from ...checks import whole_number
from ...saving.files import write_bytes
from .layers import LAYERS
from .writer import Writer

if TYPE_CHECKING:
    from ...graph.graph import Node, SymbolicTensor

__all__ = ["OLDEST_OPSET", "export", "onnx_model"]

OLDEST_OPSET = 17


def export(model: Any, filepath: Any, opset_version: int | None = None) -> None:
    """Write a model as an ONNX file; see `Model.export`."""
    write_bytes(filepath, bytearray(onnx_model(model, opset_version).SerializeToString()))


def onnx_model(model: Any, opset_version: int | None = None) -> ModelProto:
    """Return a model as ONNX describes it, checked by `onnx.checker`.

    Parameters
    ----------
    model : Model
        Built of layers.
    opset_version : int, optional
        Of ONNX's operators, by default 17, which is the oldest.

    Raises
    ------
    ValueError
        If layers have no counterpart: all of them are listed.
    """
    version = OLDEST_OPSET if opset_version is None else opset_version
    whole_number(version, "opset_version", OLDEST_OPSET, defs.onnx_opset_version())
    graph = model._require_graph()
    missing = [f"{layer.name!r} ({type(layer).__name__})" for layer in _missing(model)]
    if missing:
        raise ValueError(f"model: ONNX files cannot hold the layers {', '.join(dict.fromkeys(missing))}")
    dtypes = sorted({tensor.dtype for tensor in [*graph.inputs, *graph.outputs]})
    if len(dtypes) > 1:
        raise ValueError(f"model: expected inputs and outputs of one dtype, got {', '.join(dtypes)}")
    inputs, outputs = list(model.input_names), list(model.output_names)
    if len({*inputs, *outputs}) < len(inputs) + len(outputs):
        raise ValueError(f"model: expected different names of inputs {inputs} and outputs {outputs}")
    writer = Writer(dtypes[0], [*inputs, *outputs])
    for value, name in zip(_write_graph(writer, model, inputs, ""), outputs, strict=True):
        writer.rename(value, name)
    nodes = writer.used_nodes(outputs)
    used = {name for node in nodes for name in node.input}
    described = helper.make_graph(
        nodes,
        model.name,
        [_described(name, tensor) for name, tensor in zip(inputs, graph.inputs, strict=True)],
        [_described(name, tensor) for name, tensor in zip(outputs, graph.outputs, strict=True)],
        [constant for constant in writer.constants if constant.name in used],
    )
    opsets = [helper.make_opsetid("", version)]
    made = helper.make_model(
        described,
        opset_imports=opsets,
        ir_version=helper.find_min_ir_version_for(opsets),
        producer_name="fastnn",
        producer_version=__version__,
    )
    helper.set_model_props(made, {"fastnn_version": __version__})
    checker.check_model(made, full_check=True)
    return made


def _missing(model: Any) -> Iterator[Any]:
    """Yield the layers without counterpart, those of models inside too."""
    for node in model._require_graph().nodes:
        if type(node.layer) in LAYERS:
            continue
        if getattr(node.layer, "_graph", None) is not None:
            yield from _missing(node.layer)
        else:
            yield node.layer


def _write_graph(writer: Writer, model: Any, inputs: list[str], scope: str) -> list[str]:
    """Append the layers of a model and return the names of its outputs."""

    def call(node: Node, x: Any, options: dict[str, Any]) -> list[str]:
        writer.scope = inner = f"{scope}{node.layer.name}"
        given = {name: value for name, value in options.items() if value is not None and value is not False}
        if given:
            raise ValueError(f"layer {inner!r}: calls with {', '.join(given)} cannot be exported")
        if type(node.layer) not in LAYERS:
            return _write_graph(writer, node.layer, node.layer._order_inputs(x), f"{inner}/")  # type: ignore[attr-defined]
        try:
            return LAYERS[type(node.layer)](writer, node, x)
        except ValueError as error:
            raise ValueError(f"layer {inner!r} ({type(node.layer).__name__}): {error}") from None

    made: list[str] = model._require_graph().walk(inputs, call)
    return made


def _described(name: str, tensor: SymbolicTensor) -> Any:
    """Return the name, dtype and shape of an input or output; what may vary has a name."""
    shape = ["batch", *(f"{name}_{i}" if n is None else n for i, n in enumerate(tensor.shape[1:], 1))]
    kind = helper.np_dtype_to_tensor_dtype(np.dtype(tensor.dtype))
    return helper.make_tensor_value_info(name, kind, shape)
