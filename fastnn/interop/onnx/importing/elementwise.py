"""Arithmetic, comparisons and activations."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from .... import activations
from .... import layers as L
from ....layers.arithmetic import Absolute, Arithmetic, Comparison
from .dtypes import casting
from .node import Node, is_number, numbers
from .values import Symbol, Unsupported, aligned, reshaped, with_last

__all__ = ["ELEMENTWISE"]


def binary(node: Node, name: str, a: Any, b: Any, dtype: Any = None) -> Symbol:
    """Return an operation of two values."""
    kind = Arithmetic if name in Arithmetic._operations else Comparison
    a, b = (numbers(x) if isinstance(x, np.ndarray) else x for x in (a, b))
    like, (left, right) = aligned([a, b])
    if isinstance(left, np.ndarray):
        made = kind(name, left, True)(right)
    elif isinstance(right, np.ndarray):
        made = kind(name, right)(left)
    else:
        made = kind(name)([left, right])
    return like.made(made, dtype=dtype)


def function(node: Node, name: str, values: list[Any], dtype: Any = None, **arguments: Any) -> Symbol:
    """Return a function of values, each of which broadcasts."""
    like, parts = aligned([numbers(x) if isinstance(x, np.ndarray) else x for x in values])
    operands = None
    if any(isinstance(x, np.ndarray) for x in parts):
        operands = [x if isinstance(x, np.ndarray) else None for x in parts]
    tensors = [x for x in parts if not isinstance(x, np.ndarray)]
    made = node.function(name, tensors if len(tensors) > 1 else tensors[0], operands, **arguments)
    return like.made(made, dtype=dtype)


def _binary(name: str) -> Callable[[Node], Symbol]:
    return lambda node: binary(node, name, node.input(0), node.input(1))


def _truth(name: str) -> Callable[[Node], Symbol]:
    return lambda node: binary(node, name, node.input(0), node.input(1), np.dtype(bool))


def _several(
    name: str, last: Callable[[Node, Symbol], Symbol] = lambda node, x: x
) -> Callable[[Node], Symbol]:
    def make(node: Node) -> Symbol:
        made = node.input(0)
        for i in range(1, len(node.inputs)):
            made = binary(node, name, made, node.input(i))
        return last(node, made)

    return make


def activation(x: Symbol, name: Any, **parameters: Any) -> Symbol:
    """Return an activation of a value."""
    found: Any = activations.get(name)
    return x.made(L.Activation(found.bind(**parameters) if parameters else found)(x.tensor))


def _activation(name: str) -> Callable[[Node], Symbol]:
    def make(node: Node) -> Symbol:
        x = node.symbol()
        return replace(activation(x, name), origin=(name, x))

    return make


def _unary(name: str, dtype: Any = None) -> Callable[[Node], Symbol]:
    return lambda node: function(node, name, [node.symbol()], dtype)


def scaled(x: Symbol, factor: float, offset: float = 0.0) -> Symbol:
    """Return factor * x + offset."""
    if factor != 1:
        x = x.made(Arithmetic("multiply", factor)(x.tensor))
    return x.made(Arithmetic("add", offset)(x.tensor)) if offset else x


def clipped(x: Symbol, low: float | None, high: float | None) -> Symbol:
    """Return max(low, min(x, high))."""
    if low == 0 and high is not None and 0 < high < math.inf:
        return activation(x, "relu", max_value=float(high))
    if low is not None and low > -3e38:
        x = x.made(Arithmetic("maximum", float(low))(x.tensor))
    if high is not None and high < 3e38:
        x = x.made(Arithmetic("minimum", float(high))(x.tensor))
    return x


def _clip(node: Node) -> Symbol:
    return clipped(node.symbol(), node.scalar(1, "min"), node.scalar(2, "max"))


def _hard_sigmoid(node: Node) -> Symbol:
    x, alpha, beta = node.symbol(), node.get("alpha", 0.2), node.get("beta", 0.5)
    if abs(alpha - 1 / 6) < 1e-6 and beta == 0.5:
        return activation(x, "hard_sigmoid")
    return clipped(scaled(x, alpha, beta), 0, 1)


def _celu(node: Node) -> Symbol:
    alpha = node.get("alpha", 1.0)
    return scaled(activation(scaled(node.symbol(), 1 / alpha), "elu"), alpha)


def _elu(node: Node) -> Symbol:
    return activation(node.symbol(), "elu", alpha=node.get("alpha", 1.0))


def _leaky(node: Node) -> Symbol:
    slope = node.get("alpha", 0.01)
    x = node.symbol()
    if slope < 0:
        raise Unsupported(f"alpha: {slope} is negative")
    return activation(x, "leaky_relu", negative_slope=slope)


def _thresholded(node: Node) -> Symbol:
    alpha = node.get("alpha", 1.0)
    if alpha < 0:
        raise Unsupported(f"alpha: {alpha} is negative")
    return activation(node.symbol(), "relu", threshold=alpha)


def _selu(node: Node) -> Symbol:
    alpha, gamma = node.get("alpha", 1.67326319), node.get("gamma", 1.05070102)
    if abs(alpha - 1.67326319) < 1e-3 and abs(gamma - 1.05070102) < 1e-3:
        return activation(node.symbol(), "selu")
    return scaled(activation(node.symbol(), "elu", alpha=alpha), gamma)


def _gelu(node: Node) -> Symbol:
    kind = node.get("approximate", "none")
    if kind not in ("none", "tanh"):
        raise Unsupported(f"approximate: {kind!r:.80}")
    return activation(node.symbol(), "gelu", approximate=kind == "tanh")


def _swish(node: Node) -> Symbol:
    x, alpha = node.symbol(), node.get("alpha", 1.0)
    if alpha == 1:
        return activation(x, "silu")
    return scaled(activation(scaled(x, alpha), "silu"), 1 / alpha)


def _prelu(node: Node) -> Symbol:
    x, slope = node.symbol(), node.weight(1)
    if slope is None or slope.ndim > x.rank:
        raise Unsupported("a slope of more axes than its input")
    slope = slope.reshape((1,) * (x.rank - slope.ndim) + slope.shape)
    if x.batch is not None and slope.shape[x.batch] != 1:
        raise Unsupported("a slope for each sample")
    shape = [slope.shape[axis] for axis in x.axes[1:] if axis is not None]
    if any(n not in (1, m) for n, m in zip(shape, x.tensor.shape[1:], strict=True)):
        raise Unsupported(f"a slope of shape {slope.shape} for an input of shape {x.shape}")
    shared = [i for i, n in enumerate(shape, 1) if n == 1]
    order = [axis for axis in x.axes if axis is not None]
    weights = [slope.transpose(order).reshape(shape)]
    if not shape:
        raise Unsupported("a single number")
    return x.made(node.layer(L.PReLU, inputs=x, weights=weights, named=1, shared_axes=shared or None))


def _marked(x: Symbol, *origin: Any) -> Symbol:
    return replace(x, origin=origin)


def _same(x: Symbol, y: Symbol) -> bool:
    return x.tensor is y.tensor and x.axes == y.axes


def _mul(node: Node) -> Symbol:
    """Return a product, or an activation that is written as several nodes."""
    made: Any = None
    for x, y in (node.inputs, node.inputs[::-1]):
        made = made or (_product(x, y) if isinstance(x, Symbol) else None)
    if isinstance(made, Symbol):
        return made
    product = binary(node, "multiply", *node.inputs)
    x = next(x for x in node.inputs if isinstance(x, Symbol))
    return _marked(product, made, x) if made else product


def _product(x: Symbol, y: Any) -> Any:
    """Return what a product is, or what it may become part of, or None."""
    part, *rest = x.origin or (None,)
    source: Any = rest[0] if rest else None
    if isinstance(y, Symbol):
        if part == "sigmoid" and _same(source, y):
            return activation(y, "silu")
        if part == "twice the distribution" and _same(source, y):
            return _marked(scaled(activation(y, "gelu"), 2), "twice gelu", y)
        if part == "twice the distribution" and y.origin[:1] == ("half",) and _same(source, y.origin[1]):
            return activation(source, "gelu")
        return None
    if part == "twice gelu" and is_number(y, 0.5):
        return activation(source, "gelu")
    return "over root two" if is_number(y, math.sqrt(0.5)) else "half" if is_number(y, 0.5) else None


def _erf(node: Node) -> Symbol:
    x = node.symbol()
    made = function(node, "erf", [x])
    return _marked(made, "erf", x.origin[1]) if x.origin[:1] == ("over root two",) else made


def _add(node: Node) -> Symbol:
    made = binary(node, "add", *node.inputs)
    for x, y in (node.inputs, node.inputs[::-1]):
        if isinstance(x, Symbol) and x.origin[:1] == ("erf",) and is_number(y, 1):
            return _marked(made, "twice the distribution", x.origin[1])
    return made


def _div(node: Node) -> Symbol:
    x, y = node.input(0), node.input(1)
    if x.dtype.kind in "iu":
        return function(node, "trunc", [binary(node, "divide", x, y)], x.dtype)
    made = binary(node, "divide", x, y)
    return _marked(made, "over root two", x) if is_number(y, math.sqrt(2)) else made


def _pow(node: Node) -> Symbol:
    return binary(node, "power", node.input(0), node.input(1), node.input(0).dtype)


def _cast(node: Node) -> Symbol:
    made, dtype = node.symbol(), node.target()
    for name, arguments in casting(made.dtype, dtype, bool(node.get("saturate", 1))):
        made = made.made(node.function(name, made.tensor, **arguments))
    return made.made(made.tensor, dtype=dtype)


def _mod(node: Node) -> Symbol:
    if node.get("fmod", 0):
        return function(node, "fmod", node.inputs)
    return binary(node, "remainder", *node.inputs)


def _softmax(node: Node) -> Symbol:
    x = node.symbol()
    log = node.kind == "LogSoftmax"
    axis = x.axis(node.get("axis", -1 if node.opset >= 13 else 1))
    if node.opset < 13 and any(n != 1 for n in x.shape[axis + 1 :]):
        flat = reshaped(x, [*x.shape[:axis], -1], node.context.batch_size)
        made = _along(flat, axis, log)
        return reshaped(made, x.shape, node.context.batch_size)
    return _along(x, axis, log)


def _along(x: Symbol, axis: int, log: bool) -> Symbol:
    if log:
        x = with_last(x, axis)
        return x.made(L.Activation("log_softmax")(x.tensor))
    return x.made(L.Softmax(x.inner(axis, "normalizes"))(x.tensor))


def _mean(node: Node, x: Symbol) -> Symbol:
    return scaled(x, 1 / len(node.inputs))


def _first(node: Node) -> Symbol:
    x = node.symbol()
    return x.made(x.tensor)


def _dropout(node: Node) -> Any:
    """Return a layer that drops in training, as the node does."""
    x, rate = node.symbol(), node.scalar(1, "ratio", 0.5)
    if node.scalar(2, "training_mode", False) and rate:
        raise Unsupported("training_mode: expected False, as in files for prediction")
    made = x.made(L.Dropout(float(rate))(x.tensor)) if 0 < rate < 1 else x.made(x.tensor)
    if len(node.proto.output) == 1:
        return made
    return [made, function(node, "equal", [x, x], np.dtype(bool))]


def _unit(name: str, *arguments: Any) -> Callable[[Node], Symbol]:
    def make(node: Node) -> Symbol:
        x = node.symbol()
        return x.made(Arithmetic(name, *arguments)(x.tensor))

    return make


def _absolute(node: Node) -> Symbol:
    x = node.symbol()
    return x.made(Absolute()(x.tensor))


def _not(node: Node) -> Symbol:
    return binary(node, "logical_xor", node.symbol(), np.ones(()), np.dtype(bool))


def _infinite(node: Node) -> Symbol:
    x, largest = node.symbol(), np.asarray(np.finfo(np.float32).max, np.float64)
    negative, positive = node.get("detect_negative", 1), node.get("detect_positive", 1)
    if negative and positive:
        return function(node, "isinf", [x], np.dtype(bool))
    if not negative and not positive:
        raise Unsupported("it looks for no sign")
    name = "greater" if positive else "less"
    return binary(node, name, x, largest if positive else -largest, np.dtype(bool))


def _where(node: Node) -> Symbol:
    return function(node, "where", node.inputs, node.input(1).dtype)


ELEMENTWISE: dict[str, Callable[[Node], Any]] = {
    "Abs": _absolute,
    "Acos": _unary("arccos"),
    "Add": _add,
    "And": _truth("logical_and"),
    "Asin": _unary("arcsin"),
    "Atan": _unary("arctan"),
    "Cast": _cast,
    "CastLike": _cast,
    "Ceil": _unary("ceil"),
    "Celu": _celu,
    "Clip": _clip,
    "Cos": _unary("cos"),
    "Cosh": _unary("cosh"),
    "Div": _div,
    "Dropout": _dropout,
    "Elu": _elu,
    "Equal": lambda node: function(node, "equal", node.inputs, np.dtype(bool)),
    "Erf": _erf,
    "Exp": _activation("exponential"),
    "Floor": _unary("floor"),
    "Gelu": _gelu,
    "Greater": _truth("greater"),
    "GreaterOrEqual": _truth("greater_equal"),
    "HardSigmoid": _hard_sigmoid,
    "HardSwish": _activation("hard_silu"),
    "Identity": _first,
    "IsInf": _infinite,
    "IsNaN": _unary("isnan", np.dtype(bool)),
    "LeakyRelu": _leaky,
    "Less": _truth("less"),
    "LessOrEqual": _truth("less_equal"),
    "Log": _unary("log"),
    "LogSoftmax": _softmax,
    "Max": _several("maximum"),
    "Mean": _several("add", _mean),
    "Min": _several("minimum"),
    "Mish": _activation("mish"),
    "Mod": _mod,
    "Mul": _mul,
    "Neg": _unit("multiply", -1.0),
    "Not": _not,
    "Or": _truth("logical_or"),
    "PRelu": _prelu,
    "Pow": _pow,
    "Reciprocal": _unit("divide", 1.0, True),
    "Relu": _activation("relu"),
    "Round": _unary("rint"),
    "Selu": _selu,
    "Sigmoid": _activation("sigmoid"),
    "Sign": _unary("sign"),
    "Sin": _unary("sin"),
    "Sinh": _unary("sinh"),
    "Softmax": _softmax,
    "Softplus": _activation("softplus"),
    "Softsign": _activation("softsign"),
    "Sqrt": _unit("power", 0.5),
    "Sub": _binary("subtract"),
    "Sum": _several("add"),
    "Swish": _swish,
    "Tan": _unary("tan"),
    "Tanh": _activation("tanh"),
    "ThresholdedRelu": _thresholded,
    "Where": _where,
    "Xor": _truth("logical_xor"),
}
