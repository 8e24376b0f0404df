"""Calls of functions and methods in a trace: shapes, axes, parts, arithmetic and means of tensors."""

from __future__ import annotations

import operator
from collections.abc import Callable
from itertools import accumulate
from typing import Any

from ... import layers as L
from .counterparts import counterpart
from .functions import function_module
from .planning import Plan
from .recurrent import States
from .tracing import Trace
from .values import Unsupported, Value, need

__all__ = ["ZEROS", "called"]

ZEROS = object()  # a tensor of zeros that a module makes itself

_SAME = ("contiguous", "clone", "detach", "float", "to", "requires_grad_", "cpu")
_RESHAPING = ("view", "reshape", "flatten", "unsqueeze", "squeeze", "unflatten")
_OPERATORS: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add, "add_": operator.add, "iadd": operator.add,
    "sub": operator.sub, "subtract": operator.sub, "isub": operator.sub,
    "mul": operator.mul, "multiply": operator.mul, "imul": operator.mul, "mul_": operator.mul,
    "div": operator.truediv, "divide": operator.truediv, "truediv": operator.truediv, "pow": operator.pow,
}  # fmt: skip
_LAYERS = {operator.add: L.Add, operator.sub: L.Subtract, operator.mul: L.Multiply}


def called(plan: Plan, trace: Trace, node: Any, name: str, args: list[Any], kwargs: dict[str, Any]) -> Any:
    """Plan what a function or method makes.

    Parameters
    ----------
    plan : Plan
    trace : Trace
    node : Node
    name : str
        Of the function.
    args, kwargs
        Its arguments, with values in place of nodes.

    Returns
    -------
    Value or list of it

    Raises
    ------
    Unsupported
        If there is no counterpart.
    """
    shape = trace.found[node]
    if name in ("zeros", "zeros_like", "new_zeros"):
        return ZEROS
    if name in _OPERATORS:
        return _arithmetic(plan, _OPERATORS[name], shape, args, kwargs)
    if name in ("cat", "concat", "concatenate"):
        return _joined(plan, shape, args, kwargs)
    x, *rest = args if args else [kwargs.pop("input", None)]
    if name == "getitem":
        return x[rest[0]] if isinstance(x, (list, States)) else _item(plan, x, rest[0], shape)
    if isinstance(x, States) and name == "squeeze" and rest == [0] and len(x.parts) == 1:
        return x[0]
    if name in _SAME and (x is ZEROS or isinstance(x, Value)):
        _check_dtype(trace, rest, kwargs)
        return x
    if isinstance(x, str):
        raise Unsupported(x)
    if not isinstance(x, Value):
        raise Unsupported("it takes something that has no counterpart")
    if name == "getattr" and rest == ["T"]:
        raise Unsupported("the batch must stay first")
    if name in _RESHAPING:
        return _reshaped(plan, trace, node, x, shape)
    if name in ("permute", "transpose", "swapaxes"):
        return _permuted(plan, x, name, rest, kwargs)
    if name in ("chunk", "split", "tensor_split"):
        return _parts(plan, x, shape, _axis(rest[1:], kwargs))
    if name == "mean" or name == "amax" or (name == "max" and (rest or "dim" in kwargs)):
        made = _pooled(plan, x, shape[0] if name == "max" else shape, name == "mean", rest, kwargs)
        return [made, "positions of a maximum have no counterpart"] if name == "max" else made
    if name == "pad":
        module = _padding(trace.torch, *rest, **kwargs)
    else:
        module = function_module(trace.torch, name, rest, kwargs)
    return plan.apply(x, counterpart(module, "", x), shape)


def _axis(rest: list[Any], kwargs: dict[str, Any], default: Any = 0) -> Any:
    return rest[0] if rest else kwargs.get("dim", kwargs.get("axis", default))


def _check_dtype(trace: Trace, rest: list[Any], kwargs: dict[str, Any]) -> None:
    for value in (*rest, *kwargs.values()):
        if isinstance(value, trace.torch.dtype):
            need(value.is_floating_point, f"a tensor of {value}")


def _reshaped(plan: Plan, trace: Trace, node: Any, x: Value, shape: tuple[int | None, ...]) -> Value:
    """Plan a value whose samples have another shape."""
    if shape == x.shape:
        return x
    first = [trace.sizes[n][0] if trace.sizes[n] else 0 for n in (node, node.args[0])]
    need(
        bool(shape) and shape[0] is None and x.order[0] == 0 and first[0] == first[1],
        "the batch must stay the first axis as it is: x.view(x.size(0), -1) is possible, and x.flatten(1)",
    )
    need(shape[1:].count(None) < 2, "several axes of unknown sizes")
    sizes = x.shape[2:]
    if len(shape) == 2 and x.rank > 2 and x.order == (0, *range(2, x.rank), 1):
        layer = L.Flatten()
        flattened = () if set(sizes) == {1} else (*sizes, x.shape[1])
        return plan.add(lambda: layer(x.tensor), shape, None, x.positive, flattened)
    target = L.Reshape(tuple(-1 if size is None else size for size in shape[1:]))
    source = plan.ordered(x)
    return plan.add(lambda: target(source.tensor), shape, None, x.positive)


def _permuted(plan: Plan, x: Value, name: str, rest: list[Any], kwargs: dict[str, Any]) -> Value:
    """Return the value with its axes named in another order; layers that need one exchange them."""
    axes: list[Any] = list(range(x.rank))
    if name == "permute":
        given = rest[0] if rest and isinstance(rest[0], (list, tuple)) else rest or kwargs["dims"]
        axes = [axis % x.rank for axis in given]
    else:
        one, other = rest or list(kwargs.values())
        axes[one], axes[other] = axes[other], axes[one]
    shape = tuple(x.shape[axis] for axis in axes)
    order = tuple(axes.index(axis) for axis in x.order)
    return plan.add(lambda: x.tensor, shape, order, x.positive, x.flattened)


def _item(plan: Plan, x: Value, key: Any, shape: tuple[int | None, ...]) -> Value:
    """Plan a part of a value: indexes and slices of its axes."""
    entries = list(key) if isinstance(key, tuple) else [key]
    need(None not in entries, "None in an index: use unsqueeze")
    need(all(isinstance(entry, (int, slice, type(...))) for entry in entries), f"the index {key!r:.80}")
    if Ellipsis in entries:
        at = entries.index(Ellipsis)
        entries[at : at + 1] = [slice(None)] * (x.rank - len(entries) + 1)
    entries += [slice(None)] * (x.rank - len(entries))
    need(entries[x.order[0]] == slice(None), "only whole batches can be indexed: x[:, 0]")
    source = plan.ordered(x, x.order)
    here = tuple(entries[axis] for axis in source.order)
    kept = [axis for axis, entry in enumerate(entries) if isinstance(entry, slice)]
    order = tuple(kept.index(axis) for axis in source.order if axis in kept)
    return plan.add(lambda: source.tensor[here], shape, order, x.positive)


def _parts(plan: Plan, x: Value, shapes: list[Any], axis: int) -> list[Value]:
    """Plan parts of equal or given sizes along an axis."""
    axis %= x.rank
    sizes = [shape[axis] for shape in shapes]
    need(None not in sizes, "parts of unknown sizes")
    ends = list(accumulate(sizes))
    return [
        _item(plan, x, (*[slice(None)] * axis, slice(end - size, end)), shape)
        for end, size, shape in zip(ends, sizes, shapes, strict=True)
    ]


def _pooled(plan: Plan, x: Value, shape: Any, mean: bool, rest: list[Any], kwargs: dict[str, Any]) -> Value:
    """Plan a mean or maximum over one axis of three, or two of four."""
    axes = _axis(rest, kwargs, None)
    given = [axes] if isinstance(axes, int) else list(axes or ())
    reduced = [axis % x.rank for axis in given]
    keepdims = len(shape) == x.rank
    need(
        (x.rank, len(reduced)) in ((3, 1), (4, 2)) and x.order[0] not in reduced,
        "only over the steps of sequences or the positions of images, as in x.mean((2, 3))",
    )
    left = next(axis for axis in range(x.rank) if axis not in reduced and axis != x.order[0])
    names = ("GlobalAveragePooling" if mean else "GlobalMaxPooling") + ("1D" if x.rank == 3 else "2D")
    layer = getattr(L, names)(keepdims=keepdims)
    source = plan.ordered(x, (x.order[0], *sorted(reduced), left))
    order = source.order if keepdims else (0, 1) if x.order[0] < left else (1, 0)
    return plan.add(lambda: layer(source.tensor), shape, order, x.positive)


def _arithmetic(
    plan: Plan, function: Callable[[Any, Any], Any], shape: Any, args: list[Any], kwargs: dict[str, Any]
) -> Value:
    """Plan an operation of two tensors, or of one and a number."""
    need(not kwargs and len(args) == 2, f"arguments of arithmetic: {', '.join(kwargs)}")
    values = [arg for arg in args if isinstance(arg, Value)]
    need(
        all(isinstance(arg, (Value, int, float)) for arg in args) and bool(values),
        "an operand has no counterpart",
    )
    if len(values) == 1:
        x = values[0]
        left, right = (None if isinstance(arg, Value) else arg for arg in args)
        source = plan.ordered(x) if x.flattened else x

        def make() -> Any:
            y = source.tensor
            return function(y, right) if left is None else function(left, y)

        return plan.add(make, shape, source.order)
    one, other = values
    need(one.rank == other.rank, "tensors of different numbers of axes")
    same = one.flattened == other.flattened and one.order == other.order
    if not same:
        one = plan.ordered(one, one.order)
        other = plan.ordered(other, one.order)
    positive = function in (operator.add, operator.mul) and one.positive and other.positive
    if one.shape == other.shape and function in _LAYERS:
        layer = _LAYERS[function]()
        return plan.add(
            lambda: layer([one.tensor, other.tensor]),
            shape,
            one.order,
            positive,
            one.flattened if same else (),
        )
    one, other = (plan.ordered(value, value.order) for value in (one, other))
    return plan.add(lambda: function(one.tensor, other.tensor), shape, one.order, positive)


def _joined(plan: Plan, shape: Any, args: list[Any], kwargs: dict[str, Any]) -> Value:
    """Plan the concatenation of tensors."""
    parts = args[0] if args else kwargs["tensors"]
    need(all(isinstance(part, Value) for part in parts), "one of the tensors has no counterpart")
    axis = _axis(args[1:], kwargs) % len(shape)
    first = plan.ordered(parts[0], parts[0].order)
    need(axis != first.order[0], "batches cannot be joined")
    values = [first, *(plan.ordered(part, first.order) for part in parts[1:])]
    layer = L.Concatenate(axis=first.order.index(axis))
    positive = all(value.positive for value in values)
    return plan.add(lambda: layer([value.tensor for value in values]), shape, first.order, positive)


def _padding(torch: Any, pad: Any, mode: str = "constant", value: float | None = None) -> Any:
    """Return a module that adds zeros around the last axes."""
    need(mode == "constant" and not value, f"mode={mode!r}, value={value}")
    need(len(pad) in (2, 4), f"pad={pad}")
    return torch.nn.ZeroPad1d(pad) if len(pad) == 2 else torch.nn.ZeroPad2d(pad)
