"""ONNX Runtime: a session with all optimizations, for a graph made by the package onnx; predictions only."""

from __future__ import annotations

from typing import Any

import numpy as np
import onnx
import onnxruntime
from onnx import helper, numpy_helper

ACTIVATIONS = {"relu": "Relu", "tanh": "Tanh", "sigmoid": "Sigmoid", "softmax": "Softmax"}
CELLS = {"SimpleRNN": "RNN", "LSTM": "LSTM", "GRU": "GRU"}
OPSET, IR = 17, 9
THREADS = 1


def start(threads: int) -> dict[str, str]:
    """Remember the number of threads and return versions."""
    global THREADS
    THREADS = threads
    return {"version": onnxruntime.__version__, "onnx": onnx.__version__}


class Network:
    """See `serve`."""

    def __init__(self, model: dict[str, Any], weights: list[Any]) -> None:
        self._model = model
        self.learning_rate = 0.0
        self.reset(weights, 0.0)

    def reset(self, weights: list[Any], learning_rate: float) -> None:
        """Make the session anew."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads, options.inter_op_num_threads = THREADS, 1
        options.graph_optimization_level = onnxruntime.GraphOptimizationLevel.ORT_ENABLE_ALL
        graph = Graph(self._model, weights).serialized
        try:
            self._session = onnxruntime.InferenceSession(graph, options, ["CPUExecutionProvider"])
        except Exception as error:
            if "NOT_IMPLEMENTED" in str(error):  # some operations in float64
                raise NotImplementedError(str(error)) from error
            raise

    def ways(self, operation: str) -> dict[str, Any]:
        """Return the session's call."""
        if operation == "train":
            return {}
        return {"session": lambda x: self._session.run(None, {"x": x})[0]}


class Graph:
    """The graph of a model."""

    def __init__(self, model: dict[str, Any], weights: list[Any]) -> None:
        self._nodes: list[Any] = []
        self._constants: list[Any] = []
        self._dtype = np.dtype(model["dtype"])
        given = iter(weights)
        height, width, channels = model["input"] if model["blocks"] else (1, 1, 1)
        y = "x"
        if model["blocks"]:
            y = self._add("Transpose", [y], perm=[0, 3, 1, 2])
        for block in model["blocks"]:
            for filters in block:
                kernel, bias = next(given).transpose(3, 2, 0, 1), next(given)
                y = self._add("Relu", [self._add("Conv", [y, self._constant(kernel), self._constant(bias)])])
                height, width, channels = height - 2, width - 2, filters
            y = self._add("MaxPool", [y], kernel_shape=[2, 2], strides=[2, 2])
            height, width = height // 2, width // 2
        if model["blocks"]:
            y = self._add("Flatten", [y])
        if model["recurrent"]:
            cell, size = model["recurrent"]
            y = self._recurrent(y, cell, size, [next(given) for _ in range(3)])
        for i, (units, activation) in enumerate(model["layers"]):
            kernel, bias = next(given), next(given)
            if model["blocks"] and i == 0:  # rows are in the order of (channels, height, width) here
                by_pixel = kernel.reshape(height, width, channels, units)
                kernel = by_pixel.transpose(2, 0, 1, 3).reshape(-1, units)
            y = self._add("Gemm", [y, self._constant(kernel), self._constant(bias)])
            if activation in ACTIVATIONS:
                y = self._add(ACTIVATIONS[activation], [y])
        element = helper.np_dtype_to_tensor_dtype(self._dtype)
        x = helper.make_tensor_value_info("x", element, ["n", *model["input"]])
        result = helper.make_tensor_value_info(y, element, ["n", model["layers"][-1][0]])
        graph = helper.make_graph(self._nodes, "model", [x], [result], self._constants)
        made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], ir_version=IR)
        self.serialized = made.SerializeToString()

    def _add(self, kind: str, inputs: list[str], outputs: int = 1, **attributes: Any) -> str:
        """Append a node and return the name of its last output."""
        names = [f"{kind}_{len(self._nodes)}_{i}" for i in range(outputs)]
        self._nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return names[-1]

    def _constant(self, array: Any) -> str:
        name = f"constant_{len(self._constants)}"
        array = np.ascontiguousarray(array)
        self._constants.append(numpy_helper.from_array(array, name))
        return name

    def _recurrent(self, y: str, cell: str, units: int, weights: list[Any]) -> str:
        """Append a recurrent layer and return the name of its last output, (n, units)."""
        kernel, recurrent, bias = weights
        gates = kernel.shape[1] // units
        order = {"LSTM": [0, 3, 1, 2], "GRU": [0, 1, 2], "SimpleRNN": [0]}[cell]  # Keras' as ONNX orders them

        def turned(w: Any) -> Any:
            parts = w.reshape(*w.shape[:-1], gates, units)[..., order, :]
            return parts.reshape(*w.shape[:-1], gates * units)

        both = bias if bias.ndim == 2 else np.stack([bias, np.zeros_like(bias)])
        inputs = [
            self._add("Transpose", [y], perm=[1, 0, 2]),
            self._constant(turned(kernel).T[None]),
            self._constant(turned(recurrent).T[None]),
            self._constant(turned(both).reshape(1, -1)),
        ]
        options = {"linear_before_reset": 1} if cell == "GRU" else {}
        last = self._add(CELLS[cell], inputs, outputs=2, hidden_size=units, **options)
        return self._add("Squeeze", [last, self._constant(np.array([0], np.int64))])
