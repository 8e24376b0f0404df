"""Writes models as ONNX files."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from onnx import ModelProto, checker, defs, helper

from ... import __version__
from ...checks import whole_number
from ...graph.graph import leaves
from ...saving.files import write_bytes
from .layers import LAYERS, REFUSED
from .writer import Call, Shape, Value, Writer

if TYPE_CHECKING:
    from ...graph.graph import Node, SymbolicTensor

__all__ = ["OLDEST_OPSET", "export", "onnx_model"]

OLDEST_OPSET = 17


def export(model: Any, filepath: Any, opset_version: int | None = None) -> None:
    """Write a model as an ONNX file; see `Model.export`."""
    if model._ranks.writes(filepath):
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
        If layers have no counterpart: all of them are listed, with the reasons.
    OverflowError
        If the weights are too large for a file.
    """
    version = OLDEST_OPSET if opset_version is None else opset_version
    whole_number(version, "opset_version", OLDEST_OPSET, defs.onnx_opset_version())
    graph = model._require_graph()
    dtypes = sorted({tensor.dtype for tensor in [*graph.inputs, *graph.outputs]})
    if len(dtypes) > 1:
        raise ValueError(f"model: expected inputs and outputs of one dtype, got {', '.join(dtypes)}")
    inputs, outputs = list(model.input_names), list(model.output_names)
    if len({*inputs, *outputs}) < len(inputs) + len(outputs):
        raise ValueError(f"model: expected different names of inputs {inputs} and outputs {outputs}")
    writer = ModelWriter(dtypes[0], version, [*inputs, *outputs])
    starts = [Value(name, tensor.shape) for name, tensor in zip(inputs, graph.inputs, strict=True)]
    made = writer.write_graph(model, starts, "")
    if writer.refused:
        raise ValueError(f"model: ONNX files cannot hold {'; '.join(writer.refused)}")
    kinds = [tensor.layer._result_dtype or tensor.dtype for tensor in graph.outputs]
    for value, name, kind in zip(made, outputs, kinds, strict=True):
        writer.rename(value.name if kind == writer.dtype else writer.cast(value.name, kind), name)
    nodes = writer.used_nodes(outputs)
    used = {name for node in nodes for name in node.input}
    described = helper.make_graph(
        nodes,
        model.name,
        [_described(name, tensor, tensor.dtype) for name, tensor in zip(inputs, graph.inputs, strict=True)],
        [
            _described(name, tensor, kind)
            for name, tensor, kind in zip(outputs, graph.outputs, kinds, strict=True)
        ],
        [constant for constant in writer.constants if constant.name in used],
    )
    opsets = [helper.make_opsetid("", version)]
    written = helper.make_model(
        described,
        opset_imports=opsets,
        ir_version=helper.find_min_ir_version_for(opsets),
        producer_name="fastnn",
        producer_version=__version__,
    )
    helper.set_model_props(written, _properties(model.metadata) | {"fastnn_version": __version__})
    checker.check_model(written, full_check=True)
    return written


def _properties(metadata: Any) -> dict[str, str]:
    """Return metadata as ONNX files hold them: strings by name."""
    if metadata is None:
        return {}
    entries = metadata if isinstance(metadata, dict) else {"metadata": metadata}
    return {name: value if isinstance(value, str) else json.dumps(value) for name, value in entries.items()}


class ModelWriter(Writer):
    """A writer that knows the layers.

    Attributes
    ----------
    refused : list of str
        The layers that cannot be written, each with the reason.
    """

    def __init__(self, dtype: str, opset: int, taken: list[str]) -> None:
        super().__init__(dtype, opset, taken)
        self.refused: list[str] = []

    def write_graph(self, model: Any, inputs: list[Value], scope: str) -> list[Value]:
        """Append the layers of a model and return its outputs."""

        def call(node: Node, x: Any, options: dict[str, Any]) -> list[Value]:
            self.scope = scope
            return self.write_layer(node.layer, x, options, [tensor.shape for tensor in node.outputs])

        made: list[Value] = model._require_graph().walk(inputs, call)
        return made

    def write_layer(self, layer: Any, x: Any, options: dict[str, Any], shapes: list[Shape]) -> list[Value]:
        """Append a layer, or all layers of a model, and return its outputs, which have these shapes."""
        self.scope = inner = f"{self.scope}{layer.name}"
        try:
            x, initial_state = self._arguments(x, dict(options))
            if type(layer) not in LAYERS and getattr(layer, "_graph", None) is not None:
                values = self.write_graph(layer, layer._order_inputs(x), f"{inner}/")
            else:
                if type(layer) not in LAYERS:
                    raise ValueError(REFUSED.get(type(layer), "its class is none of fastnn's"))
                made = LAYERS[type(layer)](self, Call(layer, list(leaves(x)), initial_state))
                parts = made if isinstance(made, list) else [made]
                values = [part if isinstance(part, Value) else _passed_on(layer, x, part) for part in parts]
        except ValueError as error:
            problem = f"{inner!r} ({type(layer).__name__}): {error}"
            self.refused += [problem] if problem not in self.refused else []
            values = [Value("") for _ in shapes]
        return [replace(value, shape=shape) for value, shape in zip(values, shapes, strict=True)]

    def _arguments(self, x: Any, options: dict[str, Any]) -> tuple[Any, list[Value]]:
        """Return what a call is on, with its masks, and the initial state."""
        if options.pop("training", None):
            raise ValueError("training: expected False, since files are for predictions, got True")
        masks, states = options.pop("mask", None), list(leaves(options.pop("initial_state", None) or []))
        for name, value in {**options, "initial_state": states, "mask": masks}.items():
            if (name in options and value is not None) or not all(
                isinstance(leaf, Value) or leaf is None for leaf in leaves(value)
            ):
                raise ValueError(f"{name}: calls with it cannot be exported, unless it is a mask or state "
                                 "that comes from an input or a layer")  # fmt: skip
        return (x if masks is None else self._masked(x, masks)), states

    def _masked(self, x: Any, masks: Any) -> Any:
        """Return values with other masks; None leaves that of a value as it is."""
        if isinstance(x, list):
            return [self._masked(value, mask) for value, mask in zip(x, masks, strict=True)]
        if masks is None:
            return x
        return replace(x, mask=replace(masks, name=self.cast(masks.name, "bool")))


def _passed_on(layer: Any, x: Any, name: str) -> Value:
    """Return a result with the mask of the only input, if the layer passes masks on."""
    return Value(name, mask=x.mask if layer.supports_masking and isinstance(x, Value) else None)


def _described(name: str, tensor: SymbolicTensor, dtype: str) -> Any:
    """Return the name, dtype and shape of an input or output; what may vary has a name."""
    shape = ["batch", *(f"{name}_{i}" if n is None else n for i, n in enumerate(tensor.shape[1:], 1))]
    return helper.make_tensor_value_info(name, helper.np_dtype_to_tensor_dtype(np.dtype(dtype)), shape)
