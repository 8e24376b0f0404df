"""The operations of Keras on symbolic tensors that are read, and the layers of fastnn that do the same."""

from __future__ import annotations

from collections.abc import Callable
from types import NoneType
from typing import Any, NamedTuple

import numpy as np

__all__ = ["ARITHMETIC", "COMPARISONS", "FUNCTIONS", "OPERANDS", "OPERATIONS", "REDUCTIONS", "Call", "Made"]

ARITHMETIC = {
    "Add": "add",
    "Subtract": "subtract",
    "Multiply": "multiply",
    "TrueDivide": "divide",
    "Power": "power",
    "Maximum": "maximum",
    "Minimum": "minimum",
}
COMPARISONS = {
    "Greater": "greater",
    "GreaterEqual": "greater_equal",
    "Less": "less",
    "LessEqual": "less_equal",
    "LogicalAnd": "logical_and",
    "LogicalOr": "logical_or",
    "LogicalXor": "logical_xor",
    "FloorDivide": "floor_divide",
    "Mod": "remainder",
}
# Of one or two tensors, element by element, without arguments.
FUNCTIONS = {
    **{
        name.capitalize(): name
        for name in (
            "arccos", "arcsin", "arctan", "ceil", "cos", "cosh", "equal", "erf", "expm1", "floor", "isinf",
            "isnan", "log", "log1p", "sign", "sin", "sinh", "sqrt", "tan", "trunc",
        )
    },
    "NotEqual": "not_equal",
    "StopGradient": "stop_gradient",
    "Where": "where",
}  # fmt: skip
REDUCTIONS = {
    name.capitalize(): name for name in ("logsumexp", "max", "mean", "min", "prod", "std", "sum", "var")
}

_ACTIVATIONS = {
    **{name: name.lower() for name in ("Relu", "Relu6", "Selu", "Sigmoid", "Silu", "Softplus", "Softsign")},
    **{"Tanh": "tanh", "Exp": "exponential", "HardSigmoid": "hard_sigmoid", "HardSilu": "hard_silu"},
}

_ALL = [None, None, None]  # a slice of everything, as `GetItem` describes it

Made = tuple[str, dict[str, Any]]  # a class of fastnn and its arguments


class Call(NamedTuple):
    """A call of an operation.

    Attributes
    ----------
    config : dict
        The arguments of the operation, and those of the call that have names.
    operands : list
        None for a tensor, else an array or, of a key, what it consists of.
    shapes : list of list
        Of the tensors, with the batch.
    """

    config: dict[str, Any]
    operands: list[Any]
    shapes: list[list[int | None]]

    def axis(self, value: Any, more: int = 0) -> int:
        """Return an axis behind that of the batch, counted from the start, of `more` axes than there are."""
        rank = len(self.shapes[0]) + more
        if not isinstance(value, int) or not -rank <= value < rank:
            what = "the whole batch" if value is None else f"axis {value!r:.80}"
            raise ValueError(f"expected axes of each sample, got {what}, of {rank} axes")
        if value % rank == 0:
            raise ValueError("expected axes of each sample, got that of the batch")
        return value % rank

    def axes(self, value: Any) -> list[int]:
        """Return one axis or several, counted from the start."""
        return [self.axis(entry) for entry in (value if isinstance(value, list) else [value])]

    def function(self, name: str, **arguments: Any) -> Made:
        """Return the function of that name of the operands."""
        constant = any(operand is not None for operand in self.operands)
        operands = [x if x is None else x.tolist() for x in self.operands] if constant else None
        return "TensorFunction", {"function": name, "operands": operands, "arguments": arguments}

    def binary(self, kind: str, operation: str) -> Made:
        """Return an operation of two tensors, or of one and a constant."""
        left, right = self.operands
        constant = left if right is None else right
        if constant is not None:
            constant = constant.tolist()
        elif len(self.shapes[0]) != len(self.shapes[1]):
            raise ValueError(f"expected tensors of as many axes, got shapes {self.shapes}")
        arguments = {} if operation == "matmul" else {"operation": operation}
        return kind, arguments | {"constant": constant, "reverse": left is not None}


def _squeeze(call: Call) -> Made:
    shape, given = call.shapes[0], call.config.get("axis")
    axes = [i for i, n in enumerate(shape) if i and n == 1] if given is None else call.axes(given)
    return "GetItem", {"key": [0 if i in axes else _ALL for i in range(len(shape))]}


def _flip(call: Call) -> Made:
    axes = call.axes(call.config.get("axis"))
    return "GetItem", {"key": [[None, None, -1] if i in axes else _ALL for i in range(len(call.shapes[0]))]}


def _key(call: Call) -> Made:
    _, key = call.operands
    key = key.tolist() if isinstance(key, np.ndarray) else key
    entries = key if isinstance(key, list) else [key]
    if not all(isinstance(n, int) for entry in entries for n in _bounds(entry)):
        raise ValueError(f"expected integers, slices, ... and None as a key, got {key!r:.80}")
    return "GetItem", {"key": entries}


def _bounds(entry: Any) -> list[Any]:
    """Return the numbers of an entry of a key."""
    parts = entry if isinstance(entry, list) and len(entry) == 3 else [entry]
    return [part for part in parts if part is not None and part != "..."]


def _permuted(call: Call, order: Any) -> Made:
    if not isinstance(order, list) or order[:1] != [0]:
        raise ValueError(f"expected all axes with that of the batch first, got {order!r:.80}")
    return "Permute", {"dims": order[1:]}


def _moved(call: Call) -> Made:
    source, target = call.axis(call.config.get("source")), call.axis(call.config.get("destination"))
    order = [i for i in range(len(call.shapes[0])) if i != source]
    return _permuted(call, [*order[:target], source, *order[target:]])


def _swapped(call: Call) -> Made:
    one, other = call.axis(call.config.get("axis1")), call.axis(call.config.get("axis2"))
    swapped = {one: other, other: one}
    return _permuted(call, [swapped.get(i, i) for i in range(len(call.shapes[0]))])


def _reshape(call: Call) -> Made:
    shape = call.config.get("newshape")
    if not isinstance(shape, list) or shape[:1] not in ([-1], [None]):
        raise ValueError(f"expected a shape with -1 for the batch first, got {shape!r:.80}")
    return "Reshape", {"target_shape": shape[1:]}


def _concatenate(call: Call) -> Made:
    if any(operand is not None for operand in call.operands):
        raise ValueError("expected tensors, got a constant among them")
    return "Concatenate", {"axis": call.axis(call.config.get("axis", -1))}


def _take(call: Call) -> Made:
    axis, (x, indices) = call.config.get("axis"), call.operands
    if x is None and indices is None:
        raise ValueError("expected indices or a table that are constants")
    if x is None:
        return call.function("take", axis=call.axis(axis))
    if axis != 0:
        raise ValueError(f"expected axis=0 of a table, got {axis!r:.80}")
    return call.function("take", axis=0)


def _is_width(value: Any) -> bool:
    return isinstance(value, list) and len(value) == 2 and all(isinstance(n, int) and n >= 0 for n in value)


def _pad(call: Call) -> Made:
    widths, mode = call.config.get("pad_width"), call.config.get("mode", "constant")
    rank, value = len(call.shapes[0]), call.config.get("constant_values")
    pairs = widths if isinstance(widths, list) and all(map(_is_width, widths)) else []
    if len(pairs) != rank or pairs[0] != [0, 0]:
        raise ValueError(f"expected widths of {rank} axes, of the batch [0, 0], got {widths!r:.80}")
    if mode not in ("constant", "reflect", "symmetric", "edge"):
        raise ValueError(f"mode={mode!r:.80} has no counterpart")
    if not isinstance(value, (int, float, NoneType)):
        raise ValueError(f"expected a number as constant_values, got {value!r:.80}")
    return call.function("pad", widths=widths, mode=mode, value=value or 0.0)


def _clip(call: Call) -> Made:
    bounds = [call.config.get("x_min"), call.config.get("x_max")]
    if not all(isinstance(bound, (int, float)) for bound in bounds):
        raise ValueError(f"expected two numbers, got {bounds!r:.80}")
    return call.function("clip", minimum=bounds[0], maximum=bounds[1])


def _round(call: Call) -> Made:
    if decimals := call.config.get("decimals"):
        raise ValueError(f"decimals={decimals!r:.80} has no counterpart")
    return call.function("rint")


def _cast(call: Call) -> Made:
    dtype = call.config.get("dtype")
    if dtype not in ("float32", "float64"):
        raise ValueError(f"dtype={dtype!r:.80} has no counterpart: models compute in float32 or float64")
    return "Identity", {}


def _log_softmax(call: Call) -> Made:
    if (axis := call.axis(call.config.get("axis", -1))) != len(call.shapes[0]) - 1:
        raise ValueError(f"expected the last axis, got {axis}")
    return "Activation", {"activation": "log_softmax"}


def _gelu(call: Call) -> Made:
    parameters = {"approximate": bool(call.config.get("approximate", True))}
    return "Activation", {"activation": {"name": "gelu", "parameters": parameters}}


def _reduction(name: str) -> Callable[[Call], Made]:
    def make(call: Call) -> Made:
        if call.config.get("initial") is not None:
            raise ValueError(f"initial={call.config['initial']!r:.80} has no counterpart")
        axes = call.axes(call.config.get("axis"))
        return call.function(name, axis=axes, keepdims=bool(call.config.get("keepdims", False)))

    return make


def _place(name: str) -> Callable[[Call], Made]:
    return lambda call: call.function(
        name, axis=call.axis(call.config.get("axis")), keepdims=bool(call.config.get("keepdims", False))
    )


def _binary(kind: str, operation: str) -> Callable[[Call], Made]:
    return lambda call: call.binary(kind, operation)


def _function(name: str) -> Callable[[Call], Made]:
    return lambda call: call.function(name)


def _activation(name: str) -> Callable[[Call], Made]:
    return lambda call: ("Activation", {"activation": name})


def _with_constant(operation: str, constant: float, reverse: bool = False) -> Callable[[Call], Made]:
    return lambda call: (
        "Arithmetic", {"operation": operation, "constant": constant, "reverse": reverse}
    )  # fmt: skip


OPERATIONS: dict[str, Callable[[Call], Made]] = {
    **{keras: _binary("Arithmetic", name) for keras, name in (ARITHMETIC | {"Divide": "divide"}).items()},
    **{keras: _binary("Comparison", name) for keras, name in COMPARISONS.items()},
    **{keras: _function(name) for keras, name in FUNCTIONS.items()},
    **{keras: _reduction(name) for keras, name in REDUCTIONS.items()},
    **{keras: _activation(name) for keras, name in _ACTIVATIONS.items()},
    "Negative": _with_constant("multiply", -1.0),
    "Square": _with_constant("power", 2.0),
    "Rsqrt": _with_constant("power", -0.5),
    "Reciprocal": _with_constant("divide", 1.0, True),
    "LogicalNot": lambda call: (
        "Comparison", {"operation": "logical_xor", "constant": 1.0}
    ),
    "Absolute": lambda call: ("Absolute", {}),
    "Matmul": _binary("MatMul", "matmul"),
    "Argmax": _place("argmax"),
    "Argmin": _place("argmin"),
    "Cumsum": lambda call: call.function("cumsum", axis=call.axis(call.config.get("axis"))),
    "Clip": _clip,
    "Round": _round,
    "Stack": lambda call: call.function("stack", axis=call.axis(call.config.get("axis", 0), 1)),
    "ExpandDims": lambda call: (
        "GetItem", {"key": [*[_ALL] * call.axis(call.config.get("axis"), 1), None]}
    ),
    "LeakyRelu": lambda call: ("LeakyReLU", {"negative_slope": call.config.get("negative_slope", 0.2)}),
    "Elu": lambda call: ("ELU", {"alpha": call.config.get("alpha", 1.0)}),
    "Softmax": lambda call: ("Softmax", {"axis": call.axis(call.config.get("axis", -1))}),
    "LogSoftmax": _log_softmax,
    "Gelu": _gelu,
    "GetItem": _key,
    "Squeeze": _squeeze,
    "Flip": _flip,
    "Transpose": lambda call: _permuted(call, call.config.get("axes")),
    "Moveaxis": _moved,
    "Swapaxes": _swapped,
    "Reshape": _reshape,
    "Concatenate": _concatenate,
    "Take": _take,
    "Pad": _pad,
    "Cast": _cast,
}  # fmt: skip

# How many operands calls have, where it is not one; None for any number.
OPERANDS: dict[str, int | None] = {
    **dict.fromkeys(
        [*ARITHMETIC, *COMPARISONS, "Divide", "Equal", "GetItem", "Matmul", "NotEqual", "Take"], 2
    ),
    **{"Where": 3, "Concatenate": None, "Stack": None},
}
