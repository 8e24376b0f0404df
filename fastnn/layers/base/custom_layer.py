"""Layers that a user writes in Python, as `call` on tensors.

A layer whose `call` only calls other layers is traced: called once on symbolic tensors, its graph becomes
steps of the plan as if the layers had been in the model themselves. Any other `call` is one step of the plan
that runs Python, forward on tensors and backward along their tape.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ...autograd import Tensor, no_grad
from ...graph.graph import Graph, SymbolicTensor, leaves, tensors_in
from ...kernels.ops import python_op as _call
from ...variables import Variable

if TYPE_CHECKING:
    from ...kernels.core.plan import Plan
    from .layer import Layer

# Whether layers that are called inside a `call`, without being told, are training.
_ambient: ContextVar[bool] = ContextVar("training", default=False)

# Rows of the zeros that a `call` is tried on.
TRIAL = 2


def is_written(layer: Layer) -> bool:
    """Whether a layer is written as `call`."""
    return hasattr(type(layer), "call")


def is_training() -> bool:
    """Whether the `call` around this is training."""
    return _ambient.get()


def held_layers(layer: Layer) -> list[Layer]:
    """Return the layers in attributes, and in lists, tuples and dicts of them, in the order of attributes."""
    from .layer import Layer

    values = [value for name, value in vars(layer).items() if name != "_alone"]
    return list(dict.fromkeys(leaf for leaf in leaves(values) if isinstance(leaf, Layer)))


def batched(rows: Any) -> Any:
    """Return Keras' shapes, None for the batch, for shapes of rows."""
    return [(None, *row) for row in rows] if isinstance(rows, list) else (None, *rows)


def _unbatched(shapes: Any) -> Any:
    several = isinstance(shapes, list) and all(isinstance(shape, (tuple, list)) for shape in shapes)
    return [tuple(shape[1:]) for shape in shapes] if several else tuple(shapes[1:])


@cache
def _accepted(function: Callable[..., Any]) -> frozenset[str]:
    """Return which of the arguments that a caller may leave out a function takes."""
    parameters = inspect.signature(function).parameters
    return frozenset(parameters) & {"training", "mask"}


@contextmanager
def _acting(training: bool) -> Iterator[None]:
    token = _ambient.set(training)
    try:
        yield
    finally:
        _ambient.reset(token)


def run(layer: Layer, x: Any, training: bool, mask: Any = None, **options: Any) -> Any:
    """Return what a layer's `call` makes of tensors."""
    accepted = _accepted(type(layer).call)  # type: ignore[attr-defined]
    if "training" in accepted:
        options["training"] = training
    if "mask" in accepted:
        options.setdefault("mask", mask)
    with _acting(training):
        return layer.call(x, **options)  # type: ignore[attr-defined]


def build(layer: Layer, rows: Any) -> None:
    """Make the weights of a layer, and of those that it calls, for rows of these shapes."""
    from ...models import Model
    from .layer import varies

    if layer._built_for == rows:
        return
    if not layer.built:
        try:
            if not isinstance(layer, Model):
                layer.build(batched(rows))
        except BaseException:
            layer._variables.clear()
            raise
        adopt_variables(layer)
    layer._built_for, layer.built = rows, True
    try:
        if not varies(rows):
            result_rows(layer, rows)
    except BaseException:
        layer._built_for, layer.built = None, False
        raise


def adopt_variables(layer: Layer) -> None:
    """Count variables in attributes among the weights of a layer."""
    known = set(layer._variables)
    for leaf in leaves(list(vars(layer).values())):
        if isinstance(leaf, Variable) and leaf not in known:
            known.add(leaf)
            layer._variables.append(leaf)


def _key(rows: Any) -> Any:
    return tuple(rows) if isinstance(rows, list) else rows


def trace(layer: Layer, rows: Any, training: bool) -> Graph | None:
    """Return the graph that a `call` makes of symbolic tensors; None if it computes anything by itself."""
    from ..input_layer import Input

    if layer._variables:
        return None
    key = _key(rows), training
    if key not in layer._traces:
        dtype = layer.compute_dtype
        x = [Input(row, dtype=dtype) for row in rows] if isinstance(rows, list) else Input(rows, dtype=dtype)
        try:
            made = run(layer, x, training)
            made = list(made) if isinstance(made, (list, tuple)) else [made]
            if not all(isinstance(y, SymbolicTensor) for y in made):
                raise TypeError("call: no symbolic tensors")
            graph = Graph(tensors_in(x), made)
        except Exception:  # what cannot be traced is run, and then raises what it has to
            layer._traces[key] = None
        else:
            for node in graph.nodes:
                node.layer._forget_call(node)
            layer._traces[key] = graph
    found: Graph | None = layer._traces[key]
    return found


def result_rows(layer: Layer, rows: Any) -> Any:
    """Return the shapes of rows that a `call` makes of rows of these shapes.

    Raises
    ------
    ValueError
        If what it makes does not have as many rows as it gets.
    """
    key = _key(rows)
    if key not in layer._results:
        graph = trace(layer, rows, False)
        if graph is not None:
            made = graph.output_sample_shapes(rows if isinstance(rows, list) else [rows])
            layer._results[key] = made if len(made) > 1 else made[0]
        else:
            layer._results[key] = _tried(layer, rows)
    return layer._results[key]


def _tried(layer: Layer, rows: Any) -> Any:
    """Run `call` on zeros."""
    several = isinstance(rows, list)
    zeros = [
        Tensor(np.zeros((TRIAL, *row), layer.compute_dtype), requires_grad=False)
        for row in (rows if several else [rows])
    ]
    with no_grad(), np.errstate(all="ignore"):
        made = run(layer, zeros if several else zeros[0], False)
    if made is None:
        raise ValueError(f"call: {type(layer).__name__}.call returned None; does it end with `return`?")
    if isinstance(made, dict):
        raise TypeError(f"call: expected a result or a list of them, got a dict with the keys {list(made)}")
    shapes = [np.shape(y) for y in (made if isinstance(made, (list, tuple)) else [made])]
    for shape in shapes:
        if not shape or shape[0] != TRIAL:
            raise ValueError(
                f"call: expected results with the {TRIAL} rows that it got of {batched(rows)}, got {shape}"
            )
    return [shape[1:] for shape in shapes] if isinstance(made, (list, tuple)) else shapes[0][1:]


def emit(layer: Layer, plan: Plan, x: Any, options: dict[str, Any]) -> Any:
    """Append what a layer's `call` does to a plan."""
    from ...kernels.core.steps import Value

    several = isinstance(x, list)
    values: list[Any] = list(x) if several else [x]
    rows = [value.shape for value in values] if several else x.shape
    training = plan.stochastic
    mask = None if several else x.mask
    accepted = _accepted(type(layer).call)  # type: ignore[attr-defined]
    graph = None if options or (mask is not None and "mask" in accepted) else trace(layer, rows, training)
    if graph is not None:
        made = graph.emit(plan, values)
        return made if len(made) > 1 else made[0]
    named = [key for key, value in options.items() if isinstance(value, Value)]
    fixed = {key: value for key, value in options.items() if key not in named}
    count = len(values)
    values += [options[key] for key in named]
    if mask is not None and "mask" in accepted:
        values.append(mask)

    def function(*tensors: Tensor) -> Any:
        arguments = dict(zip(named, tensors[count:], strict=False))
        own = tensors[-1].data != 0 if len(tensors) > count + len(named) else None
        inputs = list(tensors[:count]) if several else tensors[0]
        return run(layer, inputs, training, own, **arguments, **fixed)

    results = result_rows(layer, rows)
    single = not isinstance(results, list)
    made = _call.emit(plan, layer.name, values, [results] if single else results, layer.weights, function)
    return made[0] if single else made


def on_tape(layer: Layer, x: Any, training: bool | None, options: dict[str, Any]) -> Any:
    """Call a layer on tensors: a written one runs as it is, any other is one node."""
    training = is_training() if training is None else bool(training)
    if not is_written(layer):
        if options:
            kind = type(layer).__name__
            raise TypeError(f"{', '.join(options)}: {kind} takes no such argument with tensors")
        return layer._standalone_model(x)._call_on_tape(x, training)
    layer._build_once([np.shape(part)[1:] for part in x] if isinstance(x, list) else np.shape(x)[1:])
    return run(layer, x, training, **options)
