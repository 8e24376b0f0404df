"""Activations as ONNX nodes."""

from __future__ import annotations

from collections.abc import Callable
from math import pi, sqrt
from typing import Any

from .writer import Writer

__all__ = ["PLAIN", "write_activation", "write_softmax"]

# Keras' names of functions that are one node without attributes.
PLAIN = {
    "exponential": "Exp",
    "hard_silu": "HardSwish",
    "relu": "Relu",
    "selu": "Selu",
    "sigmoid": "Sigmoid",
    "softplus": "Softplus",
    "softsign": "Softsign",
    "tanh": "Tanh",
}


def _relu(
    writer: Writer,
    x: str,
    negative_slope: float = 0.0,
    max_value: float | None = None,
    threshold: float = 0.0,
) -> str:
    if threshold:
        limit = writer.constant(threshold, "threshold")
        below = writer.op("Mul", writer.op("Sub", x, limit), writer.constant(negative_slope, "slope"))
        y: str = writer.op("Where", writer.op("Greater", x, limit), x, below)
    elif negative_slope:
        y = writer.op("LeakyRelu", x, alpha=negative_slope)
    else:
        y = writer.op("Relu", x)
    return y if max_value is None else str(writer.op("Min", y, writer.constant(max_value, "max_value")))


def _silu(writer: Writer, x: str) -> str:
    return str(writer.op("Mul", x, writer.op("Sigmoid", x)))


def _silu_derivative(writer: Writer, x: str) -> str:
    gate, one = writer.op("Sigmoid", x), writer.constant(1, "one")
    rest = writer.op("Mul", x, writer.op("Sub", one, gate))
    return str(writer.op("Mul", gate, writer.op("Add", one, rest)))


def _gelu(writer: Writer, x: str, approximate: bool = False) -> str:
    """Append x times the normal distribution, which opset 17 has no node for."""
    if approximate:
        square = writer.op("Mul", writer.op("Mul", x, x), writer.constant(0.044715, "cubic"))
        factor = writer.op("Add", square, writer.constant(1, "one"))
        scaled = writer.op("Mul", writer.op("Mul", x, factor), writer.constant(sqrt(2 / pi), "scale"))
        between = writer.op("Tanh", scaled)
    else:
        between = writer.op("Erf", writer.op("Mul", x, writer.constant(0.5**0.5, "scale")))
    distribution = writer.op("Add", between, writer.constant(1, "one"))
    return str(writer.op("Mul", writer.op("Mul", x, distribution), writer.constant(0.5, "half")))


_WRITERS: dict[str, Callable[..., str]] = {
    "elu": lambda writer, x, alpha=1.0: writer.op("Elu", x, alpha=alpha),
    "gelu": _gelu,
    "hard_sigmoid": lambda writer, x: writer.op("HardSigmoid", x, alpha=1 / 6, beta=0.5),
    "leaky_relu": lambda writer, x, negative_slope=0.2: writer.op("LeakyRelu", x, alpha=negative_slope),
    "linear": lambda _, x: x,
    "mish": lambda writer, x: writer.op("Mul", x, writer.op("Tanh", writer.op("Softplus", x))),
    "relu": _relu,
    "relu6": lambda writer, x: _relu(writer, x, max_value=6.0),
    "silu": _silu,
    "silu_derivative": _silu_derivative,
    "softmax": lambda writer, x, axis=-1: writer.op("Softmax", x, axis=axis),
    "log_softmax": lambda writer, x, axis=-1: writer.op("LogSoftmax", x, axis=axis),
}


def write_activation(writer: Writer, x: str, activation: Any) -> str:
    """Append an activation and return the name of the result.

    Raises
    ------
    ValueError
        If it has no counterpart: it is a function of the program.
    """
    name = getattr(activation, "name", None)
    if hasattr(activation, "function") or (name not in _WRITERS and name not in PLAIN):
        raise ValueError(f"activation: {activation!r} is a function of Python")
    if name in _WRITERS:
        return _WRITERS[name](writer, x, **activation.parameters)
    return str(writer.op(PLAIN[name], x))


def write_softmax(writer: Writer, x: str, axis: int | list[int]) -> str:
    """Append a softmax over an axis or several."""
    if isinstance(axis, int):
        return str(writer.op("Softmax", x, axis=axis))
    powers = writer.op("Exp", writer.op("Sub", x, writer.reduce("ReduceMax", x, axis)))
    return str(writer.op("Div", powers, writer.reduce("ReduceSum", powers, axis)))
