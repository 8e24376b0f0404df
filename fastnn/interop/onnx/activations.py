"""Activations as ONNX nodes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .writer import Writer

__all__ = ["PLAIN", "write_activation"]

# Keras' names of functions that are one node without attributes.
PLAIN = {
    "elu": "Elu",
    "exponential": "Exp",
    "hard_silu": "HardSwish",
    "hard_swish": "HardSwish",
    "relu": "Relu",
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
        raise ValueError(f"relu: ONNX has no threshold, got {threshold}")
    if negative_slope:
        y: str = writer.op("LeakyRelu", x, alpha=negative_slope)
    else:
        y = writer.op("Relu", x)
    return y if max_value is None else str(writer.op("Min", y, writer.constant(max_value, "max_value")))


def _silu(writer: Writer, x: str) -> str:
    return str(writer.op("Mul", x, writer.op("Sigmoid", x)))


def _gelu(writer: Writer, x: str, approximate: bool = False) -> str:
    """Append x times the normal distribution, which opset 17 has no node for."""
    if approximate:
        raise ValueError("gelu: expected approximate=False, got True")
    scaled = writer.op("Mul", x, writer.constant(0.5**0.5, "scale"))
    distribution = writer.op("Add", writer.op("Erf", scaled), writer.constant(1, "one"))
    return str(writer.op("Mul", writer.op("Mul", x, distribution), writer.constant(0.5, "half")))


_WRITERS: dict[str, Callable[..., str]] = {
    "elu": lambda writer, x, alpha=1.0: writer.op("Elu", x, alpha=alpha),
    "gelu": _gelu,
    "hard_sigmoid": lambda writer, x: writer.op("HardSigmoid", x, alpha=1 / 6, beta=0.5),
    "leaky_relu": lambda writer, x, negative_slope=0.2: writer.op("LeakyRelu", x, alpha=negative_slope),
    "linear": lambda _, x: x,
    "relu": _relu,
    "relu6": lambda writer, x: _relu(writer, x, max_value=6.0),
    "selu": lambda writer, x: writer.op("Selu", x),
    "silu": _silu,
    "swish": _silu,
    "softmax": lambda writer, x, axis=-1: writer.op("Softmax", x, axis=axis),
    "log_softmax": lambda writer, x, axis=-1: writer.op("LogSoftmax", x, axis=axis),
}


def write_activation(writer: Writer, x: str, activation: Any) -> str:
    """Append an activation and return the name of the result.

    Raises
    ------
    ValueError
        If it has no counterpart.
    """
    name = getattr(activation, "name", None)
    parameters = dict(getattr(activation, "parameters", {}))
    if name in _WRITERS:
        return _WRITERS[name](writer, x, **parameters)
    if name in PLAIN and not parameters:
        return str(writer.op(PLAIN[name], x))
    raise ValueError(f"activation: {activation!r} cannot be exported")
