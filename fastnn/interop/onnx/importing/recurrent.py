"""LSTM, GRU and RNN: a layer for each direction."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .... import activations
from .... import layers as L
from ....layers.arithmetic import Arithmetic
from ....layers.get_item import GetItem
from .node import Node
from .shaping import taken
from .values import Dim, Symbol, Unsupported, ordered, reshape

__all__ = ["RECURRENT"]

# The layer, how many gates it has, and the places of Keras' gates among ONNX's.
_KINDS: dict[str, tuple[Any, tuple[int, ...]]] = {
    "GRU": (L.GRU, (0, 1, 2)),
    "LSTM": (L.LSTM, (0, 2, 3, 1)),
    "RNN": (L.SimpleRNN, (0,)),
}
# Functions without parameters; and fastnn's word for those with alpha and beta, what both are by default, and
# which parameter alpha is, or what both must be.
_PLAIN = {name.lower(): name.lower() for name in ("Relu", "Tanh", "Sigmoid", "Softsign", "Softplus")}
_SCALED: dict[str, tuple[str, tuple[float, ...], Any]] = {
    "affine": ("linear", (1.0, 0.0), (1.0, 0.0)),
    "elu": ("elu", (1.0,), "alpha"),
    "hardsigmoid": ("hard_sigmoid", (0.2, 0.5), (1 / 6, 0.5)),
    "leakyrelu": ("leaky_relu", (0.01,), "negative_slope"),
    "scaledtanh": ("tanh", (1.0, 1.0), (1.0, 1.0)),
    "thresholdedrelu": ("relu", (1.0,), "threshold"),
}
_DEFAULTS = {"GRU": ["Sigmoid", "Tanh"], "LSTM": ["Sigmoid", "Tanh", "Tanh"], "RNN": ["Tanh"]}


def _functions(node: Node, directions: int) -> list[list[Any]]:
    """Return the activations of each direction."""
    count = len(_DEFAULTS[node.kind])
    names = node.get("activations", _DEFAULTS[node.kind] * directions)
    if len(names) != count * directions:
        raise Unsupported(f"activations: {names}, expected {count * directions}")
    alphas, betas = (iter(node.get(f"activation_{name}", [])) for name in ("alpha", "beta"))
    made = [_function(name, alphas, betas) for name in names]
    return [made[i * count : (i + 1) * count] for i in range(directions)]


def _function(name: str, alphas: Iterator[float], betas: Iterator[float]) -> Any:
    """Return an activation, whose parameters come from what is left of lists."""
    key = name.lower()
    if key in _PLAIN:
        return activations.get(_PLAIN[key])
    if key not in _SCALED:
        raise Unsupported(f"activations: {name:.80}")
    function, defaults, meaning = _SCALED[key]
    given = [next(values, default) for values, default in zip((alphas, betas), defaults, strict=False)]
    found: Any = activations.get(function)
    if isinstance(meaning, str) and given[0] >= 0:
        return found.bind(**{meaning: given[0]})
    if isinstance(meaning, tuple) and np.allclose(given, meaning, rtol=1e-6):
        return found
    raise Unsupported(f"activations: {name} of alpha and beta {given}")


def _weights(node: Node, x: Symbol, units: int, directions: int) -> list[list[NDArray[Any]]]:
    """Return the kernels and biases of each direction, in Keras' order."""
    _, order = _KINDS[node.kind]
    gates = len(order)
    w, r, b = node.weight(1), node.weight(2), node.weight(3)
    if b is None:
        b = np.zeros((directions, 2 * gates * units))
    shapes = (directions, gates * units, x.size(2)), (directions, gates * units, units)
    if (w.shape, r.shape) != shapes or b.shape != (directions, 2 * gates * units):
        raise Unsupported(
            f"weights of shapes {w.shape}, {r.shape}, {b.shape} for an input of shape {x.shape}"
        )
    made = []
    for d in range(directions):
        kernel, recurrent, bias = (_turned(part, order) for part in (w[d], r[d], b[d].reshape(2, -1).T))
        after = node.kind == "GRU" and node.get("linear_before_reset", 0)
        made.append([kernel, recurrent, bias if after else bias.sum(0)])
    return made


def _turned(array: NDArray[Any], order: tuple[int, ...]) -> NDArray[Any]:
    """Return (gates units, n) as (n, gates units) in another order of gates."""
    parts = np.split(array, len(order))
    return np.concatenate([parts[i] for i in order]).T


def _lengths(node: Node, x: Symbol) -> Any:
    """Return a mask of the steps that there are, or None for all."""
    lengths = node.input(4)
    if lengths is None:
        return None
    if isinstance(lengths, Symbol):
        return node.function("lengths", [x.tensor, lengths.tensor])
    steps = x.tensor.shape[1]
    if not isinstance(steps, int) or (lengths != steps).any():
        raise Unsupported("sequence_lens: constant lengths that are not all of the sequence")
    return None


def _initial(node: Node, i: int, direction: int, layout: int, x: Symbol) -> Any:
    """Return the initial state of a direction, or None for zeros."""
    state = node.input(i)
    if state is None:
        return None
    if isinstance(state, Symbol):
        batch, axis = (0, 1) if layout else (1, 0)
        if state.batch != batch or state.rank != 3:
            raise Unsupported(f"an initial state of shape {state.shape}")
        part = taken(state, {state.position(axis): direction})
        return part.tensor
    if state.ndim != 3 or state.shape[1 if layout else 0] <= direction:
        raise Unsupported(f"an initial state of shape {state.shape}")
    rows = state[:, direction] if layout else state[direction]
    if (rows != rows[:1]).any():
        raise Unsupported("a constant initial state that differs between samples")
    if not rows.any():
        return None
    zeros = Arithmetic("multiply", 0.0)(GetItem((slice(None), 0, slice(0, 1)))(x.tensor))
    return Arithmetic("add", rows[0])(zeros)


def _recurrent(node: Node) -> list[Symbol]:
    x, layout = node.symbol(), node.get("layout", 0)
    kind, _ = _KINDS[node.kind]
    time, batch = (1, 0) if layout else (0, 1)
    if x.rank != 3 or x.batch != batch:
        raise Unsupported(f"an input of shape {x.shape}, expected the batch at axis {batch} of 3")
    if isinstance(x.size(2), Dim):
        raise Unsupported("features of open number")
    if (
        node.get("clip")
        or node.get("input_forget", 0)
        or (node.array(7) is not None and np.any(node.array(7)))
    ):
        raise Unsupported("clip, input_forget and peepholes")
    x = ordered(x, (batch, time, 2))
    direction = node.get("direction", "forward")
    if direction not in ("forward", "reverse", "bidirectional"):
        raise Unsupported(f"direction: {direction!r:.80}")
    backwards = {"forward": [False], "reverse": [True]}.get(direction, [False, True])
    recurrent = node.weight(2)
    if recurrent is None or recurrent.ndim != 3:
        raise Unsupported("expected recurrent weights of three axes")
    units = recurrent.shape[2]
    if node.get("hidden_size", units) != units:
        raise Unsupported(f"hidden_size: {node.get('hidden_size')} is not that of its weights")
    weights = _weights(node, x, units, len(backwards))
    functions = _functions(node, len(backwards))
    mask, made = _lengths(node, x), []
    for i, back in enumerate(backwards):
        options: dict[str, Any] = {"return_sequences": True, "return_state": True, "go_backwards": back}
        options |= _activations(node, functions[i])
        name = node.context.unique(node.title(1) + (".reverse" if back and i else ""))
        layer = kind(units, name=name, **options)
        states = [_initial(node, j, i, layout, x) for j in ((5, 6) if node.kind == "LSTM" else (5,))]
        made.append(_run(layer, x, states, mask, back))
        layer.set_weights(weights[i])
    y_axes = (0, 1, 2, 3) if layout else (2, 0, 1, 3)
    state_axes = (0, 1, 2) if layout else (1, 0, 2)
    y, *states = zip(*made, strict=True)
    joined = [Symbol(_joined(y, 2), y_axes, x.dtype)]
    return [*joined, *(Symbol(_joined(state, 1), state_axes, x.dtype) for state in states)]


def _activations(node: Node, functions: list[Any]) -> dict[str, Any]:
    if node.kind == "RNN":
        return {"activation": functions[0]}
    if node.kind == "LSTM" and repr(functions[1]) != repr(functions[2]):
        raise Unsupported(f"activations: {functions[1]!r} and {functions[2]!r} of one direction")
    made = {"recurrent_activation": functions[0], "activation": functions[1]}
    return made if node.kind == "LSTM" else made | {"reset_after": bool(node.get("linear_before_reset", 0))}


def _run(layer: Any, x: Symbol, states: list[Any], mask: Any, back: bool) -> list[Any]:
    """Return all outputs in time's order, and the last states."""
    options: dict[str, Any] = {} if mask is None else {"mask": mask}
    if any(state is not None for state in states):
        known = next(state for state in states if state is not None)
        options["initial_state"] = [
            Arithmetic("multiply", 0.0)(known) if state is None else state for state in states
        ]
    y, *last = layer(x.tensor, **options)
    if back:
        y = GetItem((slice(None), slice(None, None, -1)))(y)
    if mask is not None:
        y = Arithmetic("multiply")([y, GetItem((slice(None), slice(None), None))(mask)])
    return [y, *last]


def _joined(parts: tuple[Any, ...], axis: int) -> Any:
    """Return results of directions along a new axis."""
    wide = [reshape(x, (*x.shape[1:axis], 1, *x.shape[axis:])) for x in parts]
    return wide[0] if len(wide) == 1 else L.Concatenate(axis)(wide)


RECURRENT: dict[str, Callable[[Node], Any]] = dict.fromkeys(_KINDS, _recurrent)
