"""Merging layers, and the layers that operators of symbolic tensors make, as ONNX nodes."""

from __future__ import annotations

from collections.abc import Sequence
from string import ascii_lowercase

from ...layers.dot_layer import EPSILON
from .normalizations import write_unit_length
from .writer import Call, Value, Writer

__all__ = [
    "write_arithmetic",
    "write_comparison",
    "write_concatenation",
    "write_dot",
    "write_extreme",
    "write_item",
    "write_matmul",
    "write_merge",
    "write_product",
]

_FARTHEST = 2**31 - 1

_NODES = {
    "add": "Add",
    "subtract": "Sub",
    "multiply": "Mul",
    "divide": "Div",
    "power": "Pow",
    "maximum": "Max",
    "minimum": "Min",
    "greater": "Greater",
    "greater_equal": "GreaterOrEqual",
    "less": "Less",
    "less_equal": "LessOrEqual",
    "logical_and": "And",
    "logical_or": "Or",
    "logical_xor": "Xor",
}


# ---- layers of several inputs -----------------------------------------------------------------------------


def _broadcastable(writer: Writer, call: Call) -> list[str]:
    """Return the inputs with as many dimensions as each other, those of 1 behind the batch."""
    rank = max(len(value.shape) for value in call.inputs)
    return [
        value.name
        if len(value.shape) == rank
        else writer.op("Unsqueeze", value.name, writer.integers(*range(1, 1 + rank - len(value.shape))))
        for value in call.inputs
    ]


def _union(writer: Writer, one: Value | None, other: Value | None) -> Value | None:
    """Return the steps that count in any of two masks, None if one of them counts all."""
    if one is None or other is None or len(one.shape) != len(other.shape):
        return None
    return Value(writer.op("Or", one.name, other.name), one.shape)


def _all_masks(writer: Writer, call: Call) -> Value | None:
    return _union_of_all(writer, [value.mask for value in call.inputs])


def _union_of_all(writer: Writer, masks: Sequence[Value | None]) -> Value | None:
    mask, *others = masks
    for other in others:
        mask = _union(writer, mask, other)
    return mask


def write_merge(writer: Writer, call: Call, kind: str) -> Value:
    """Append an `Add`, `Average` or `Subtract`."""
    return Value(writer.op(kind, *_broadcastable(writer, call)), mask=_all_masks(writer, call))


def write_product(writer: Writer, call: Call) -> Value:
    """Append products of two and two, for ONNX has none of several; steps that are left out count as ones."""
    rank, one = max(len(value.shape) for value in call.inputs), writer.constant(1, "one")
    made, *others = (
        name if value.mask is None else writer.chosen(value.mask, name, rank, one)
        for name, value in zip(_broadcastable(writer, call), call.inputs, strict=True)
    )
    for other in others:
        made = writer.op("Mul", made, other)
    mask = _all_masks(writer, call)
    return Value(made if mask is None else writer.chosen(mask, made, rank), mask=mask)


def write_extreme(writer: Writer, call: Call, kind: str) -> Value:
    """Append a `Maximum` or `Minimum` of two and two; what a mask leaves out gives way to the other."""
    rank = max(len(value.shape) for value in call.inputs)
    names, masks = _broadcastable(writer, call), [value.mask for value in call.inputs]
    y, mask = names[0], masks[0]
    for x, own in zip(names[1:], masks[1:], strict=True):
        if own is not None:
            x = writer.chosen(own, x, rank, y)
        if mask is not None:
            y = writer.chosen(mask, y, rank, x)
        y, mask = writer.op(kind, y, x), _union(writer, mask, own)
    return Value(y, mask=_all_masks(writer, call))


def write_concatenation(writer: Writer, call: Call) -> Value:
    """Append a `Concatenate`, of the masks too."""
    layer, rank = call.layer, len(call.shape)
    y = writer.op("Concat", *(value.name for value in call.inputs), axis=layer.axis)
    if rank != 3 or all(value.mask is None for value in call.inputs):
        return Value(y)
    masks = [value.mask or _counting_all(writer, value) for value in call.inputs]
    if layer._axis_of(rank - 1) == 0:
        return Value(y, mask=Value(writer.op("Concat", *(m.name for m in masks), axis=1), masks[0].shape))
    return Value(y, mask=_union_of_all(writer, masks))


def _counting_all(writer: Writer, value: Value) -> Value:
    """Return the mask of all steps of a sequence."""
    truth = writer.constant(True, "true", "bool")
    return Value(writer.op("Expand", truth, writer.shape_of(value.name, 0, 2)), value.shape[:2])


def write_dot(writer: Writer, call: Call) -> str:
    """Append a `Dot` as a sum of products."""
    layer = call.layer
    shapes = [value.shape for value in call.inputs]
    axes = [1 + axis for axis in layer._axes_of([shape[1:] for shape in shapes])]
    names = [value.name for value in call.inputs]
    if layer.normalize:
        names = [
            write_unit_length(writer, name, [axis], EPSILON) for name, axis in zip(names, axes, strict=True)
        ]
    letters = iter(ascii_lowercase[2:])  # a is the batch, b what is summed over
    terms = ["".join("b" if i == axis else "a" if i == 0 else next(letters) for i in range(len(shape)))
             for axis, shape in zip(axes, shapes, strict=True)]  # fmt: skip
    kept = "a" + "".join(letter for term in terms for letter in term[1:] if letter != "b")
    y: str = writer.op("Einsum", *names, equation=f"{terms[0]},{terms[1]}->{kept}")
    return y if len(kept) > 1 else str(writer.op("Unsqueeze", y, writer.integers(1)))


# ---- operators --------------------------------------------------------------------------------------------


def _operands(writer: Writer, call: Call) -> list[str]:
    """Return the two sides."""
    layer = call.layer
    if layer.constant is None:
        return [value.name for value in call.inputs]
    constant = writer.constant(layer._of_samples(call.shape[1:]), "constant")
    return [constant, call.x] if layer.reverse else [call.x, constant]


def write_arithmetic(writer: Writer, call: Call) -> str:
    """Append an `Arithmetic`."""
    return str(writer.op(_NODES[call.layer.operation], *_operands(writer, call)))


def write_comparison(writer: Writer, call: Call) -> str:
    """Append a `Comparison`, as numbers."""
    operation, sides = call.layer.operation, _operands(writer, call)
    if operation in ("floor_divide", "remainder"):
        return _division(writer, sides[0], sides[1], operation == "remainder")
    if operation.startswith("logical"):
        sides = [writer.cast(side, "bool") for side in sides]
    return writer.cast(writer.op(_NODES[operation], *sides))


def _division(writer: Writer, x: str, y: str, wants_rest: bool) -> str:
    """Append NumPy's remainder, of the sign of y, or the whole quotient that belongs to it."""
    zero = writer.constant(0, "zero")
    rest = writer.op("Mod", x, y, fmod=1)  # of the sign of x
    differs = writer.op("Less", writer.op("Mul", writer.op("Sign", rest), writer.op("Sign", y)), zero)
    rest = writer.op("Where", differs, writer.op("Add", rest, y), rest)
    if wants_rest:
        return str(rest)
    whole = writer.op("Round", writer.op("Div", writer.op("Sub", x, rest), y))
    return str(writer.op("Where", writer.op("Equal", y, zero), writer.op("Div", x, y), whole))


def write_matmul(writer: Writer, call: Call) -> str:
    """Append a `MatMul`."""
    layer = call.layer
    if layer.constant is None:
        return str(writer.op("MatMul", *(value.name for value in call.inputs)))
    matrix = writer.constant(layer.constant, "constant")
    return str(writer.op("MatMul", *([matrix, call.x] if layer.reverse else [call.x, matrix])))


def write_item(writer: Writer, call: Call) -> str:
    """Append a `GetItem`: a slice for each direction of steps, then the dimensions that go or are new."""
    key = list(call.layer.key)
    at = key.index(Ellipsis) if Ellipsis in key else len(key)
    given = len([entry for entry in key if entry is not None and entry is not Ellipsis])
    key[at : at + 1] = [slice(None)] * (len(call.shape) - given)
    old = [entry for entry in key if entry is not None]
    x = call.x
    for axis, entry in enumerate(old):
        part = entry if isinstance(entry, slice) else slice(entry, None if entry == -1 else entry + 1)
        if part in (slice(None), slice(None, None, 1)):
            continue
        step = part.step or 1
        far = _FARTHEST if step > 0 else -_FARTHEST
        start, end = (-far if part.start is None else part.start), (far if part.stop is None else part.stop)
        x = writer.slice(x, [axis], [start], [end], step)
    gone = [axis for axis, entry in enumerate(old) if not isinstance(entry, slice)]
    if gone:
        x = writer.op("Squeeze", x, writer.integers(*gone))
    left = [entry for entry in key if entry is None or isinstance(entry, slice)]
    new = [place for place, entry in enumerate(left) if entry is None]
    if new or x == call.x:
        x = writer.op("Unsqueeze", x, writer.integers(*new)) if new else writer.op("Identity", x)
    return str(x)
