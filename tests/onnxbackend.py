"""fastnn as a backend of ONNX's own tests."""

from __future__ import annotations

from typing import Any

import numpy as np
from onnx import ModelProto, helper, numpy_helper
from onnx.backend.base import Backend, BackendRep

import fastnn
from fastnn.interop.onnx.importing.dtypes import plain
from fastnn.interop.onnx.importing.loading import values_of
from fastnn.interop.onnx.importing.node import numbers
from fastnn.interop.onnx.importing.values import Symbol, natural
from fastnn.saving import ModelFileError

# Inputs of nodes that are weights, shapes or axes: constants in the files of models.
CONSTANT: dict[str, tuple[int, ...]] = {
    "BatchNormalization": (1, 2, 3, 4), "Clip": (1, 2), "ConstantOfShape": (0,), "Conv": (1, 2),
    "ConvTranspose": (1, 2), "CumSum": (1,), "Dropout": (1, 2), "Expand": (1,), "GRU": (1, 2, 3, 4),
    "Gather": (1,), "Gemm": (1, 2), "GroupNormalization": (1, 2), "InstanceNormalization": (1, 2),
    "LSTM": (1, 2, 3, 4, 7), "LayerNormalization": (1, 2), "PRelu": (1,), "Pad": (1, 2, 3),
    "RNN": (1, 2, 3, 4),
       "RMSNormalization": (1,), "Range": (0, 1, 2), "Reshape": (1,), "Slice": (1, 2, 3, 4), "Split": (1,),
    "Squeeze": (1,), "Unsqueeze": (1,),
    **{
        f"Reduce{name}": (1,)
        for name in ("L1", "L2", "LogSum", "LogSumExp", "Max", "Mean", "Min", "Prod", "Sum", "SumSquare")
    },
}  # fmt: skip


class Prepared(BackendRep):  # type: ignore[misc]
    """A graph, of which a model is made once its weights are known."""

    def __init__(self, model: ModelProto) -> None:
        self.model = model

    def run(self, inputs: Any, **_: Any) -> tuple[Any, ...]:
        graph = self.model.graph
        arrays = dict(zip([value.name for value in graph.input], map(_of_numpy, inputs), strict=True))
        bound = ModelProto()
        bound.CopyFrom(self.model)
        wanted = {
            node.input[i]
            for node in graph.node
            for i in CONSTANT.get(node.op_type, ())
            if i < len(node.input)
        } & set(arrays)
        for name in sorted(wanted):
            bound.graph.initializer.append(numpy_helper.from_array(np.asarray(arrays.pop(name)), name))
        problems = []
        for batch_axis in (0, 1, None):
            try:
                return self._run(bound, batch_axis, [x for x in arrays.values() if np.size(x)])
            except (ModelFileError, ValueError) as error:
                problems.append(f"batch_axis {batch_axis}: {error}")
        raise ValueError("\n".join(problems))

    def _run(self, model: ModelProto, batch_axis: int | None, arrays: list[Any]) -> tuple[Any, ...]:
        outputs = list(model.graph.output)
        inputs, values = values_of(model, None, 1 << 20, batch_axis, [value.name for value in outputs])
        symbols = [natural(value) for value in values if isinstance(value, Symbol)]
        made: list[Any] = []
        if symbols:
            tensors = [fastnn.layers.Identity()(symbol.tensor) for symbol in symbols]
            network = fastnn.Model(inputs, tensors)
            moved = [
                x[None] if batch_axis is None else np.moveaxis(x, batch_axis, 0)
                for x in map(np.asarray, arrays)
            ]
            given = network(moved if len(moved) > 1 else moved[0])
            made = [np.asarray(y) for y in (given if isinstance(given, list) else [given])]
            made = [y.reshape(y.shape[: x.tensor.ndim]) for y, x in zip(made, symbols, strict=True)]
            made = [
                y[0] if symbol.batch is None else np.moveaxis(y, 0, symbol.batch)
                for y, symbol in zip(made, symbols, strict=True)
            ]
        waiting = iter(made)
        results = [next(waiting) if isinstance(value, Symbol) else numbers(value) for value in values]
        dtypes = [helper.tensor_dtype_to_np_dtype(value.type.tensor_type.elem_type) for value in outputs]
        return tuple(np.asarray(y).astype(dtype) for y, dtype in zip(results, dtypes, strict=True))


def _of_numpy(array: Any) -> Any:
    """Return what NumPy has no type for in one that holds it."""
    return plain(np.asarray(array))


class FastnnBackend(Backend):  # type: ignore[misc]
    """Loads models with `fastnn.interop.onnx`."""

    @classmethod
    def prepare(cls, model: ModelProto, device: str = "CPU", **_: Any) -> Prepared:
        return Prepared(model)

    @classmethod
    def supports_device(cls, device: str) -> bool:
        return device == "CPU"
