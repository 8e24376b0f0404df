"""Recurrent layers as ONNX's LSTM, GRU and RNN nodes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...layers import GRUCell, LSTMCell, SimpleRNNCell
from .activations import PLAIN
from .writer import Writer

__all__ = ["write_bidirectional", "write_recurrent"]

# The node of a cell, and the places of ONNX's gates among Keras'.
_NODES: dict[type, tuple[str, tuple[int, ...]]] = {
    LSTMCell: ("LSTM", (0, 3, 1, 2)),
    GRUCell: ("GRU", (0, 1, 2)),
    SimpleRNNCell: ("RNN", (0,)),
}
_FUNCTIONS = ("relu", "sigmoid", "softplus", "softsign", "tanh")


def _function(activation: Any) -> str:
    if activation.name not in _FUNCTIONS or activation.parameters:
        raise ValueError(f"activation: recurrent nodes have {', '.join(_FUNCTIONS)}, got {activation!r}")
    return PLAIN[activation.name]


def _functions(cell: Any) -> list[str]:
    activation = _function(cell.activation)
    if isinstance(cell, SimpleRNNCell):
        return [activation]
    recurrent = _function(cell.recurrent_activation)
    return [recurrent, activation, activation] if isinstance(cell, LSTMCell) else [recurrent, activation]


def _gates(kernel: NDArray[Any], order: tuple[int, ...]) -> NDArray[Any]:
    """Return the gates' columns in another order."""
    parts = np.split(kernel, len(order), axis=-1)
    return np.concatenate([parts[i] for i in order], axis=-1)


def _weights(cell: Any) -> list[NDArray[Any]]:
    """Return W, R and B of one direction."""
    _, order = _NODES[type(cell)]
    kernel, recurrent = np.array(cell.kernel), np.array(cell.recurrent_kernel)
    width = kernel.shape[1]
    biases = np.zeros((2, width), kernel.dtype)
    if cell.bias is not None:
        bias = np.array(cell.bias)
        biases[: len(bias) if bias.ndim == 2 else 1] = bias
    return [_gates(kernel, order).T, _gates(recurrent, order).T, _gates(biases, order).reshape(-1)]


def _check(layer: Any) -> Any:
    """Return the cell of a layer that one direction of a node computes."""
    cell = getattr(layer, "cell", None)
    if type(cell) not in _NODES:
        raise ValueError(f"cell: ONNX has LSTM, GRU and RNN, got {cell!r}")
    if layer.stateful:
        raise ValueError("stateful: expected False, got True; ONNX keeps no state between runs")
    return cell


def _settings(cell: Any) -> tuple[Any, ...]:
    return type(cell), cell.units, getattr(cell, "reset_after", None)


def _write_node(writer: Writer, x: str, layers: list[Any]) -> list[list[str]]:
    """Append one node of a layer or two and return for each all outputs in time's order, and last states."""
    cells = [_check(layer) for layer in layers]
    if len({_settings(cell) for cell in cells}) > 1:
        raise ValueError("backward_layer: expected the same kind of cell and units as the forward layer's")
    kind, _ = _NODES[type(cells[0])]
    names = (
        writer.constant(np.stack(w), n)
        for w, n in zip(zip(*map(_weights, cells), strict=True), "WRB", strict=True)
    )
    direction = "bidirectional" if len(cells) > 1 else "reverse" if layers[0].go_backwards else "forward"
    more = {"linear_before_reset": int(cells[0].reset_after)} if kind == "GRU" else {}
    made = writer.op(
        kind,
        writer.transpose(x, (1, 0, 2)),
        *names,
        outputs=3 if kind == "LSTM" else 2,
        hidden_size=cells[0].units,
        direction=direction,
        activations=[name for cell in cells for name in _functions(cell)],
        **more,
    )
    return [_of_direction(writer, made, i) for i in range(len(cells))]


def _of_direction(writer: Writer, made: list[str], direction: int) -> list[str]:
    """Return all outputs (batch, steps, units) and last states (batch, units) of a direction."""
    index = writer.constant(direction, "direction", "int64")
    y = writer.transpose(writer.op("Gather", made[0], index, axis=1), (1, 0, 2))
    return [y, *(writer.op("Gather", state, index, axis=0) for state in made[1:])]


def _reversed(writer: Writer, y: str) -> str:
    first, end, axis = writer.integers(-1), writer.integers(-(2**31)), writer.integers(1)
    return str(writer.op("Slice", y, first, end, axis, writer.integers(-1)))


def write_recurrent(writer: Writer, layer: Any, x: str) -> list[str]:
    """Append an `LSTM`, `GRU`, `SimpleRNN` or `RNN` of one of their cells."""
    ((y, *states),) = _write_node(writer, x, [layer])
    if not layer.return_sequences:
        y = states[0]
    elif layer.go_backwards:
        y = _reversed(writer, y)
    return [y, *states] if layer.return_state else [y]


def write_bidirectional(writer: Writer, layer: Any, x: str) -> list[str]:
    """Append both layers as one node, and how they are merged."""
    halves = [layer.forward_layer, layer.backward_layer]
    if halves[0].go_backwards:
        raise ValueError("layer: expected go_backwards=False, got True")
    made = _write_node(writer, x, halves)
    one, other = (half[0 if layer.return_sequences else 1] for half in made)
    states = [state for half in made for state in half[1:]] if layer.return_state else []
    return [*_merged(writer, layer.merge_mode, one, other), *states]


def _merged(writer: Writer, mode: str | None, one: str, other: str) -> list[str]:
    if mode is None:
        return [one, other]
    if mode == "concat":
        return [writer.op("Concat", one, other, axis=-1)]
    return [writer.op({"sum": "Sum", "mul": "Mul", "ave": "Mean"}[mode], one, other)]
