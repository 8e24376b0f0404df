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
from ...graph.graph import Graph, SymbolicTensor, leaves
from ...kernels.ops import python_op as _call
from ...variables import Variable
from .shapes import of_any_length, with_batch, without_batch

if TYPE_CHECKING:
    from ...kernels.core.plan import Plan
    from .layer import Layer

# Whether layers that are called inside a `call` without the argument `training` are training.
_ambient: ContextVar[bool] = ContextVar("training", default=False)

# Samples of the zeros that a `call` is tried on.
TRIAL_SAMPLES = 2

# Attributes of layers that hold other layers, which are not parts of them.
NOT_PARTS = frozenset({"_standalone", "_own_steps"})


def is_written(layer: Layer) -> bool:
    """Return whether the class of a layer, or one of its bases, overrides `call`."""
    from .layer import Layer

    return type(layer).call is not Layer.call


def is_training() -> bool:
    """Return whether the enclosing `call` is training."""
    return _ambient.get()


def held_layers(layer: Layer) -> list[Layer]:
    """Return the layers in attributes, and in lists, tuples and dicts of them, in the order of attributes."""
    from .layer import Layer

    values = [value for name, value in vars(layer).items() if name not in NOT_PARTS]
    return list(dict.fromkeys(leaf for leaf in leaves(values) if isinstance(leaf, Layer)))


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
    accepted = _accepted(type(layer).call)
    if "training" in accepted:
        options["training"] = training
    if "mask" in accepted:
        options.setdefault("mask", mask)
    with _acting(training):
        return layer.call(x, **options)


# ---- building ---------------------------------------------------------------------------------------------


def adopt_variables(layer: Layer) -> None:
    """Count variables in attributes among the weights of a layer."""
    known = set(layer._variables)
    for leaf in leaves(list(vars(layer).values())):
        if isinstance(leaf, Variable) and leaf not in known:
            known.add(leaf)
            layer._variables.append(leaf)


def try_call(layer: Layer, input_shape: Any) -> None:
    """Run `call` on an input of this shape, which builds the layers inside, and check the shape declared.

    Raises
    ------
    ValueError
        If `compute_output_shape` says something else than `call` does.
    """
    from .layer import Layer

    computed = computed_output_shape(layer, input_shape)
    if type(layer).compute_output_shape is Layer.compute_output_shape:
        return
    declared = layer._declared_output_shape(input_shape)
    if without_batch(declared) != without_batch(computed):
        raise ValueError(
            f"compute_output_shape: expected {computed} for inputs of shape {input_shape}, as "
            f"{type(layer).__name__}.call returns, got {declared}"
        )


# ---- shapes -----------------------------------------------------------------------------------------------


@of_any_length
def computed_output_shape(layer: Layer, input_shape: Any) -> Any:
    """Return the shapes of what a `call` makes of an input of this shape.

    Raises
    ------
    ValueError
        If what it makes does not have as many samples as it gets.
    """
    key = _key(input_shape)
    if key not in layer._computed_shapes:
        graph = trace(layer, input_shape, False)
        if graph is not None:
            made = graph.compute_output_shapes(
                input_shape if isinstance(input_shape, list) else [input_shape]
            )
            layer._computed_shapes[key] = made if len(made) > 1 else made[0]
        else:
            layer._computed_shapes[key] = _tried(layer, input_shape)
    return layer._computed_shapes[key]


def _key(input_shape: Any) -> Any:
    return tuple(input_shape) if isinstance(input_shape, list) else input_shape


def trace(layer: Layer, input_shape: Any, training: bool) -> Graph | None:
    """Return the graph that a `call` makes of symbolic tensors; None if it computes anything by itself."""
    from ..input_layer import Input

    if layer._variables:
        return None
    key = _key(input_shape), training
    if key not in layer._traces:
        shapes = input_shape if isinstance(input_shape, list) else [input_shape]
        inputs = [Input(shape[1:], dtype=layer.compute_dtype) for shape in shapes]
        try:
            made = run(layer, inputs if isinstance(input_shape, list) else inputs[0], training)
            made = list(made) if isinstance(made, (list, tuple)) else [made]
            if not all(isinstance(y, SymbolicTensor) for y in made):
                raise TypeError("call: no symbolic tensors")
            graph = Graph(inputs, made)
        except Exception:  # what cannot be traced is run, and then raises what it has to
            layer._traces[key] = None
        else:
            for node in graph.nodes:
                node.layer._forget_call(node)
            layer._traces[key] = graph
    found: Graph | None = layer._traces[key]
    return found


def _tried(layer: Layer, input_shape: Any) -> Any:
    """Run `call` on zeros."""
    several = isinstance(input_shape, list)
    zeros = [
        Tensor(np.zeros((TRIAL_SAMPLES, *shape[1:]), layer.compute_dtype), requires_grad=False)
        for shape in (input_shape if several else [input_shape])
    ]
    with no_grad(), np.errstate(all="ignore"):
        made = run(layer, zeros if several else zeros[0], False)
    if made is None:
        raise ValueError(f"call: {type(layer).__name__}.call returned None; does it end with `return`?")
    if isinstance(made, dict):
        raise TypeError(f"call: expected a result or a list of them, got a dict with the keys {list(made)}")
    shapes = [np.shape(y) for y in (made if isinstance(made, (list, tuple)) else [made])]
    for shape in shapes:
        if not shape or shape[0] != TRIAL_SAMPLES:
            raise ValueError(
                f"call: expected results with the {TRIAL_SAMPLES} rows that it got of {input_shape}, "
                f"got {shape}"
            )
    made_shapes = [(None, *shape[1:]) for shape in shapes]
    return made_shapes if isinstance(made, (list, tuple)) else made_shapes[0]


# ---- as steps of a plan -----------------------------------------------------------------------------------


def emit(layer: Layer, plan: Plan, x: Any, options: dict[str, Any]) -> Any:
    """Append what a layer's `call` does to a plan."""
    from ...kernels.core.steps import Value

    several = isinstance(x, list)
    values: list[Any] = list(x) if several else [x]
    input_shape = with_batch([value.shape for value in values] if several else x.shape)
    training = plan.stochastic
    mask = None if several else x.mask
    accepted = _accepted(type(layer).call)
    graph = (
        None if options or (mask is not None and "mask" in accepted) else trace(layer, input_shape, training)
    )
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

    results = without_batch(computed_output_shape(layer, input_shape))
    single = not isinstance(results, list)
    made = _call.emit(plan, layer.name, values, [results] if single else results, layer.weights, function)
    return made[0] if single else made


def run_built(layer: Layer, x: Any, training: bool, options: dict[str, Any]) -> Any:
    """Return what a layer's `call` makes of tensors; the layer is built if need be."""
    shapes = [np.shape(part)[1:] for part in x] if isinstance(x, list) else np.shape(x)[1:]
    layer._build_once(with_batch(shapes))
    return run(layer, x, training, **options)
