"""Recurrent layers as ONNX's LSTM, GRU and RNN nodes.

These nodes leave out what is behind the first `sequence_lens` steps of a sample. With a mask, the steps that
count are moved to the front, and afterwards each step gets the result of the last one that counted.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...layers import GRUCell, LSTMCell, SimpleRNNCell
from .activations import PLAIN
from .writer import Call, Value, Writer

__all__ = ["write_bidirectional", "write_recurrent"]

# The node of a cell, and the places of ONNX's gates among Keras'.
_NODES: dict[type, tuple[str, tuple[int, ...]]] = {
    LSTMCell: ("LSTM", (0, 3, 1, 2)),
    GRUCell: ("GRU", (0, 1, 2)),
    SimpleRNNCell: ("RNN", (0,)),
}
# The functions of these nodes, and which of their parameters they take from lists of all of them.
_FUNCTIONS: dict[str, tuple[str, dict[str, float]]] = {
    **{name: (PLAIN[name], {}) for name in ("relu", "sigmoid", "softplus", "softsign", "tanh")},
    "elu": ("Elu", {"alpha": 1.0}),
    "hard_sigmoid": ("HardSigmoid", {"alpha": 1 / 6, "beta": 0.5}),
    "leaky_relu": ("LeakyRelu", {"alpha": 0.2}),
    "linear": ("Affine", {"alpha": 1.0, "beta": 0.0}),
}


def _functions(cell: Any) -> dict[str, list[Any]]:
    """Return the attributes that say which functions a cell applies."""
    gates = [] if isinstance(cell, SimpleRNNCell) else [cell.recurrent_activation]
    found: dict[str, list[Any]] = {"activations": [], "activation_alpha": [], "activation_beta": []}
    for activation in [*gates, *[cell.activation] * (2 if isinstance(cell, LSTMCell) else 1)]:
        if activation.name not in _FUNCTIONS or not set(activation.parameters) <= {"alpha", "negative_slope"}:
            raise ValueError(f"activation: recurrent nodes have {', '.join(_FUNCTIONS)}, got {activation!r}")
        name, parameters = _FUNCTIONS[activation.name]
        for alpha in activation.parameters.values():  # of a relu it makes a leaky one
            name, parameters = ("LeakyRelu" if name == "Relu" else name), {"alpha": alpha}
        found["activations"].append(name)
        for parameter, value in parameters.items():
            found[f"activation_{parameter}"].append(value)
    return found


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


def _cells(layer: Any) -> list[Any]:
    """Return the cells of a layer, if nodes can compute them."""
    if type(layer).__name__ == "OwnCellRNN":
        raise ValueError("cell: it runs in Python")
    if layer.stateful:
        raise ValueError("stateful: expected False, got True; ONNX keeps no state between runs")
    return list(layer._cells)


# ---- masks ------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Kept:
    """The steps that a mask keeps.

    Attributes
    ----------
    mask : Value
        (batch, steps).
    up_to, before : str
        How many steps count up to each one, and before it.
    order : str
        The steps in the order in which they are moved.
    lengths : str
        How many count.
    """

    mask: Value
    up_to: str
    before: str
    order: str
    lengths: str


def _kept(writer: Writer, mask: Value) -> _Kept:
    number = writer.cast(mask.name, "int64")
    up_to = writer.op("CumSum", number, writer.constant(1, "axis", "int64"))
    # Of equal numbers TopK takes those in front first.
    order = writer.op("TopK", number, writer.shape_of(number, 1, 2), axis=1, outputs=2)[1]
    lengths = writer.cast(writer.reduce("ReduceSum", number, [1], keepdims=False), "int32")
    return _Kept(mask, up_to, writer.op("Sub", up_to, number), order, lengths)


def _picked(writer: Writer, x: str, index: str) -> str:
    """Return the steps of x that an index (batch, steps) says."""
    return str(writer.op("GatherND", x, writer.op("Unsqueeze", index, writer.integers(-1)), batch_dims=1))


def _spread(
    writer: Writer, y: str, kept: _Kept, backwards: bool, zero_masked: bool, first: str | None
) -> str:
    """Return the results of all steps, in time's order; before all that count there is the first state."""
    if backwards:
        index, end = kept.before, writer.op("Unsqueeze", kept.lengths, writer.integers(1))
        some = writer.op("Less", index, writer.cast(end, "int64"))
    else:
        some = writer.op("Greater", kept.up_to, writer.integers(0))
        index = writer.op("Max", writer.op("Sub", kept.up_to, writer.integers(1)), writer.integers(0))
    y = _picked(writer, y, index)
    if zero_masked:
        return writer.chosen(kept.mask, y, 3)
    other = None if first is None else writer.op("Unsqueeze", first, writer.integers(1))
    return writer.chosen(Value(some, kept.mask.shape), y, 3, other)


# ---- nodes ------------------------------------------------------------------------------------------------


def _write_node(
    writer: Writer, x: str, cells: list[Any], direction: str, kept: _Kept | None, first: list[list[str]]
) -> list[list[str]]:
    """Append one node of a cell or two and return for each all outputs in time's order, and last states."""
    kind, _ = _NODES[type(cells[0])]
    names = (
        writer.constant(np.stack(w), n)
        for w, n in zip(zip(*map(_weights, cells), strict=True), "WRB", strict=True)
    )
    more: dict[str, Any] = {"linear_before_reset": int(cells[0].reset_after)} if kind == "GRU" else {}
    functions = [_functions(cell) for cell in cells]
    joined = {name: [value for one in functions for value in one[name]] for name in functions[0]}
    starts = [
        writer.op("Concat", *(writer.op("Unsqueeze", part, writer.integers(0)) for part in parts), axis=0)
        for parts in zip(*first, strict=True)
    ]
    made = writer.op(
        kind,
        writer.transpose(x, (1, 0, 2)),
        *names,
        "" if kept is None else kept.lengths,
        *starts,
        outputs=3 if kind == "LSTM" else 2,
        hidden_size=cells[0].units,
        direction=direction,
        **{name: values for name, values in joined.items() if values},
        **more,
    )
    return [_of_direction(writer, made, i, kept, own) for i, own in enumerate(first)]


def _of_direction(
    writer: Writer, made: list[str], direction: int, kept: _Kept | None, first: list[str]
) -> list[str]:
    """Return all outputs (batch, steps, units) and last states (batch, units) of a direction."""
    index = writer.constant(direction, "direction", "int64")
    y = writer.transpose(writer.op("Gather", made[0], index, axis=1), (1, 0, 2))
    states = [writer.op("Gather", state, index, axis=0) for state in made[1:]]
    if kept is not None and first:  # of samples without steps, the first states
        some = Value(writer.cast(kept.lengths, "bool"), kept.mask.shape[:1])
        states = [writer.chosen(some, state, 2, start) for state, start in zip(states, first, strict=True)]
    return [y, *states]


def _reversed(writer: Writer, y: str) -> str:
    return writer.slice(y, [1], [-1], [-(2**31)], -1)


def _finished(
    writer: Writer, layer: Any, made: list[str], kept: _Kept | None, first: list[str], backwards: bool
) -> str:
    """Return the output of a layer whose last cell has these outputs, in time's order, and states."""
    if layer.return_sequences:
        y = made[0]
        if kept is not None:
            start = first[0] if first else None
            y = _spread(writer, y, kept, backwards, layer.zero_output_for_mask, start)
        return _reversed(writer, y) if backwards else y
    if kept is None or not layer.zero_output_for_mask:
        return made[1]
    index = writer.constant(0 if backwards else -1, "last", "int64")
    last = Value(writer.op("Gather", kept.mask.name, index, axis=1), kept.mask.shape[:1])
    return writer.chosen(last, made[1], 2)


def _run(writer: Writer, layer: Any, x: Value, first: Sequence[str]) -> list[str]:
    """Append a layer, a node for each cell, and return its output and all last states."""
    cells, given, states = _cells(layer), iter(first), list[str]()
    name, mask, backwards = x.name, x.mask, layer.go_backwards
    if backwards and len(cells) > 1:  # the first of several cells goes backwards, the others along with it
        name, backwards = _reversed(writer, name), False
        mask = None if mask is None else Value(_reversed(writer, mask.name), mask.shape)
    kept = None if mask is None else _kept(writer, mask)
    name = name if kept is None else _picked(writer, name, kept.order)
    for cell in cells:
        own = list(islice(given, cell._states))
        direction = "reverse" if backwards else "forward"
        (made,) = _write_node(writer, name, [cell], direction, kept, [own])
        name, states = made[0], states + made[1:]
    return [_finished(writer, layer, made, kept, own, backwards), *states]


# ---- layers -----------------------------------------------------------------------------------------------


def write_recurrent(writer: Writer, call: Call) -> list[Value]:
    """Append an `LSTM`, `GRU`, `SimpleRNN` or `RNN` of their cells."""
    layer = call.layer
    y, *states = _run(writer, layer, call.inputs[0], [state.name for state in call.initial_state])
    made = Value(y, mask=call.mask if layer.return_sequences else None)
    return [made, *map(Value, states)] if layer.return_state else [made]


def _settings(layer: Any) -> tuple[Any, ...]:
    """Return what two directions of a node have in common."""
    return tuple((type(cell), cell.units, getattr(cell, "reset_after", None)) for cell in _cells(layer))


def write_bidirectional(writer: Writer, call: Call) -> list[Value]:
    """Append both layers, as one node where they fit one, and how they are merged."""
    layer, x = call.layer, call.inputs[0]
    halves = [layer.forward_layer, layer.backward_layer]
    for half in halves:
        _cells(half)
    given = [state.name for state in call.initial_state]
    count = len(halves[0]._state_widths) if given else 0
    first = [given[:count], given[count:]]
    one_node = _settings(halves[0]) == _settings(halves[1]) and len(_cells(halves[0])) == 1
    if one_node and not halves[0].go_backwards:
        kept = None if x.mask is None else _kept(writer, x.mask)
        name = x.name if kept is None else _picked(writer, x.name, kept.order)
        cells = [half.cell for half in halves]
        both = _write_node(writer, name, cells, "bidirectional", kept, first)
        made = [
            [_finished(writer, half, parts, kept, own, half.go_backwards), *parts[1:]]
            for half, parts, own in zip(halves, both, first, strict=True)
        ]
    else:
        made = [_run(writer, half, x, own) for half, own in zip(halves, first, strict=True)]
    (one, *last), (other, *other_last) = made
    if layer.return_sequences:
        other = _reversed(writer, other)
    outputs = _merged(writer, layer.merge_mode, one, other)
    states = [*last, *other_last] if layer.return_state else []
    mask = x.mask if layer.return_sequences else None
    return [*(Value(y, mask=mask) for y in outputs), *map(Value, states)]


def _merged(writer: Writer, mode: str | None, one: str, other: str) -> list[str]:
    if mode is None:
        return [one, other]
    if mode == "concat":
        return [writer.op("Concat", one, other, axis=-1)]
    return [writer.op({"sum": "Sum", "mul": "Mul", "ave": "Mean"}[mode], one, other)]
