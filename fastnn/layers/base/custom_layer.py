"""Layers that a user writes in Python, as `call` on tensors.

A layer whose `call` only calls other layers is traced: called once on symbolic tensors, its graph becomes
steps of the plan as if the layers had been in the model themselves. Any other `call` is one step of the plan
that runs Python, forward on tensors and backward along their tape.
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np

from ...added_losses import any_added, collecting, outermost
from ...autograd import Tensor, no_grad
from ...checks import is_overridden
from ...graph.graph import Graph, SymbolicTensor, leaves, mapped
from ...kernels.ops import python_op as _call
from ...variables import Variable
from .masks import as_mask, inside_call, mask_of, masks_of, set_mask, warn_of_lost_mask
from .shapes import (
    TRIAL_LENGTHS,
    Shape,
    common_shapes,
    map_shapes,
    shape_leaves,
    varies,
    with_length,
    without_batch,
)
from .trainable import flatten_parts

if TYPE_CHECKING:
    from ...kernels.core.plan import Plan
    from .layer import Layer

# Whether layers that are called inside a `call` without the argument `training` are training.
_ambient: ContextVar[bool | None] = ContextVar("training")

# Whether a `call` is only tried, to find out what shapes it makes.
_trial: ContextVar[bool] = ContextVar("trial", default=False)

# Samples of the zeros that a `call` is tried on, and the most elements of one: a file may name any shape.
TRIAL_SAMPLES = 2
TRIAL_ELEMENTS = 1 << 24

# Attributes of layers that hold other layers, which are not parts of them, and those that never hold any.
NOT_PARTS = frozenset({"_standalone", "_own_steps", "_constructed_with"})
NOT_PARTS |= {"_added_losses", "_built_for", "_computed_shapes", "_nodes", "_own_variables", "_traces"}


def is_written(layer: Layer) -> bool:
    """Return whether the class of a layer, or one of its bases, overrides `call`."""
    from .layer import Layer

    return type(layer).call is not Layer.call


def declares_output_shape(layer: Layer) -> bool:
    """Return whether a written layer has a `compute_output_shape` besides its `call`."""
    from ...models import Model
    from .layer import Layer

    rule = type(layer).compute_output_shape
    return rule is not Layer.compute_output_shape and rule is not Model.compute_output_shape


def acts_by_default(layer: Layer) -> bool:
    """Return whether the argument `training` of a layer's `call` is True by default."""
    parameter = inspect.signature(type(layer).call).parameters.get("training")
    return parameter is not None and parameter.default is True


def is_training() -> bool | None:
    """Return whether the enclosing `call` is training; None outside of any, or if it was not told."""
    return _ambient.get(None)


def is_running() -> bool:
    """Return whether a `call` is running."""
    return _ambient.get(NOT_PARTS) is not NOT_PARTS


def is_trial() -> bool:
    """Return whether the enclosing `call` is only tried on zeros: what it computes is not to be kept."""
    return _trial.get()


def held_layers(layer: Layer) -> list[Layer]:
    """Return the layers in attributes, and in lists, tuples and dicts of them, in the order of attributes."""
    from .layer import Layer

    # Of a copy: another thread may build the layer, which sets attributes.
    holders = (Layer, list, tuple, dict)
    values = [v for name, v in vars(layer).copy().items() if isinstance(v, holders) and name not in NOT_PARTS]
    return list(dict.fromkeys(leaf for leaf in leaves(values) if isinstance(leaf, Layer)))


def plans_depend_on(layer: Layer, name: str) -> bool:
    """Return whether plans may depend on an attribute of a written layer, beside those that its `call` reads.

    They do where the call has been traced, or extends that of a layer of the library.
    """
    from ...models import Model
    from .layer import Layer

    base = Model if isinstance(layer, Model) else Layer
    if name.startswith("_") or name == "built" or hasattr(base, name) or is_running():
        return False
    return layer._own_steps is not None or any(traced is not None for traced in layer._traces.values())


@cache
def parameter_names(function: Callable[..., Any]) -> tuple[str, ...]:
    """Return the names of the parameters of a method, but for the layer itself."""
    parameters = list(inspect.signature(function).parameters.values())[1:]
    return tuple(p.name for p in parameters if p.kind not in (p.VAR_POSITIONAL, p.VAR_KEYWORD))


def call_parameters(layer: Layer) -> tuple[str, ...]:
    """Return the names of the arguments that a layer's `call` takes."""
    return parameter_names(type(layer).call)


@contextmanager
def _acting(training: bool | None) -> Iterator[None]:
    token = _ambient.set(training)
    try:
        yield
    finally:
        _ambient.reset(token)


def run(layer: Layer, x: Any, training: bool | None, options: dict[str, Any]) -> Any:
    """Return what a layer's `call` makes of tensors; it gets their masks if it takes them.

    Its `training` is as its default says where this is None.
    """
    names = call_parameters(layer)
    options = dict(options)
    given = options.pop("mask", None)
    if "training" in names:
        if training is None:
            default = inspect.signature(type(layer).call).parameters["training"].default
            training = False if default is inspect.Parameter.empty else default
        options.setdefault("training", training)
    if "mask" in names:
        options["mask"] = masks_of(x) if given is None else given
    if options:
        for name, value in {names[0]: x, **options}.items():
            if options.get(f"{name}_mask") is None and f"{name}_mask" in names:
                options[f"{name}_mask"] = masks_of(value)
    with _acting(training):
        return layer.call(x, **options)


def run_with_masks(layer: Layer, x: Any, training: bool | None, options: dict[str, Any]) -> Any:
    """Return what `call` makes of tensors, with the masks that `compute_mask` returns.

    Masks that layers inside have given to the results stay.
    """
    made = run(layer, x, training, options)
    mask = masks_of(x) if options.get("mask") is None else options["mask"]
    outputs = list(leaves(made))
    missing = layer.supports_masking and any(mask_of(y) is None for y in outputs)
    if missing and (mask is not None or is_overridden(layer, "compute_mask")):
        for y, found in zip(outputs, leaves(layer.compute_mask(x, mask)), strict=False):
            if found is not None and mask_of(y) is None:
                set_mask(y, found)
    return made


# ---- building ---------------------------------------------------------------------------------------------


def adopt_variables(layer: Layer) -> None:
    """Count variables in attributes among the weights of a layer."""
    own = layer._own_variables
    known = set(own)
    for leaf in leaves(list(vars(layer).values())):
        if isinstance(leaf, Variable) and leaf not in known:
            known.add(leaf)
            taken = {variable.name for variable in own}
            if leaf.name in taken:
                leaf.name = next(n for i in range(1, len(own) + 1) if (n := f"{leaf.name}_{i}") not in taken)
            leaf.trainable = leaf.trainable and layer._trainable
            if layer.built:
                leaf._convert_to(layer.compute_dtype)
            own.append(leaf)


def try_call(layer: Layer, input_shape: Any, options: dict[str, Any]) -> None:
    """Run `call` on an input of this shape, which builds the layers inside, and check the shape declared.

    Raises
    ------
    ValueError
        If `compute_output_shape` says something else than `call` does.
    """
    computed = computed_output_shape(layer, input_shape, options)
    if not declares_output_shape(layer):
        return
    declared = layer._declared_output_shape(input_shape, options)
    if shape_leaves(without_batch(declared)) != shape_leaves(without_batch(computed)):
        raise ValueError(
            f"compute_output_shape: expected {computed} for inputs of shape {input_shape}, as "
            f"{type(layer).__name__}.call returns, got {declared}"
        )


def with_shapes(method: Any, layer: Layer, shape: Any, options: dict[str, Any]) -> Any:
    """Call `build` or `compute_output_shape` of a layer with the shapes that it takes.

    One with several arguments gets the shape of each argument of `call` under its name and "_shape".
    """
    names = parameter_names(method.__func__)
    if len(names) < 2 or not is_written(layer):
        return method(shape)
    shapes = {name: tensor_shapes(value) for name, value in options.items() if tensors_in_call(value)}
    shapes = {f"{name}_shape": part for name, part in {call_parameters(layer)[0]: shape, **shapes}.items()}
    if not set(names) <= set(shapes):
        return method(shape)
    return method(**{name: shapes[name] for name in names})


# ---- shapes -----------------------------------------------------------------------------------------------


class TensorSpec:
    """What stands for a tensor among the arguments of a call.

    Parameters
    ----------
    shape : tuple of int or None
        Batch dimension first.
    mask : tuple of int, optional
        Shape of the mask of a sample, if the tensor has one.
    """

    def __init__(self, shape: Shape, mask: Shape | None = None) -> None:
        self.shape, self.mask = shape, mask

    def with_length(self, length: int) -> TensorSpec:
        """Return the spec with a length in the place of None."""
        mask = None if self.mask is None else with_length((None, *self.mask), length)[1:]
        return TensorSpec(with_length(self.shape, length), mask)


KINDS = (TensorSpec, SymbolicTensor, Tensor, np.ndarray)


def tensors_in_call(structure: Any) -> list[Any]:
    """Return the tensors, of any kind, among the arguments of a call."""
    return [leaf for leaf in leaves(structure) if isinstance(leaf, KINDS)]


def tensor_shapes(structure: Any) -> Any:
    """Return the shapes of tensors, None for the batch."""
    return mapped(lambda tensor: (None, *tensor.shape[1:]), structure, KINDS)


def computed_output_shape(layer: Layer, input_shape: Any, options: dict[str, Any] | None = None) -> Any:
    """Return the shapes of what a `call` makes of an input of this shape and the other arguments.

    Raises
    ------
    ValueError
        If what it makes does not have as many samples as it gets.
    """
    x = map_shapes(TensorSpec, input_shape)
    others = dict(options or {})
    for spec, mask in zip(tensors_in_call(x), leaves(others.pop("mask", None)), strict=False):
        spec.mask = None if mask is None else tuple(mask.shape[1:])
    given = mapped(lambda tensor: TensorSpec((None, *tensor.shape[1:])), others, KINDS)
    specs = tensors_in_call([x, given])
    if not any(varies(spec.shape) for spec in specs):
        return _computed(layer, x, given, run)[0]

    def of_length(length: int) -> Any:
        own_x, own_options = mapped(lambda spec: spec.with_length(length), [x, given], TensorSpec)
        return _computed(layer, own_x, own_options, run)[0]

    return common_shapes(*map(of_length, TRIAL_LENGTHS))


def _computed(
    layer: Layer, x: Any, options: dict[str, Any], run_call: Callable[..., Any]
) -> tuple[Any, list[Shape | None]]:
    """Return the shapes that a `call` makes of specs, and those of the masks of its outputs."""
    key = _key([x, options, run_call.__name__])
    if key is not None and key in layer._computed_shapes:
        return layer._computed_shapes[key]  # type: ignore[no-any-return]
    masked = any(spec.mask is not None for spec in tensors_in_call([x, options]))
    traced = None if masked else trace(layer, x, options, False)
    if traced is not None:
        graph, structure = traced
        shapes = [spec.shape for spec in tensors_in_call([x, options])]
        computed = iter(graph.compute_output_shapes(shapes))
        unmasked: list[Shape | None] = [None] * len(graph.outputs)
        found = mapped(lambda _: next(computed), structure), unmasked
    else:
        found = _tried(layer, x, options, run_call)
    if key is not None:
        layer._computed_shapes[key] = found
    return found


def _key(arguments: Any) -> Any:
    """Return what tells arguments of a call apart; None if that is not known."""
    if isinstance(arguments, TensorSpec):
        return TensorSpec, arguments.shape, arguments.mask
    if isinstance(arguments, (list, tuple)):
        parts = [_key(part) for part in arguments]
        return None if any(part is None for part in parts) else (type(arguments), *parts)
    if isinstance(arguments, dict):
        values = [_key(part) for part in arguments.values()]
        return None if any(part is None for part in values) else (dict, *zip(arguments, values, strict=True))
    plain = arguments is None or isinstance(arguments, (bool, int, float, str))
    return (type(arguments), arguments) if plain else None


def trace(layer: Layer, x: Any, options: dict[str, Any], training: bool | None) -> tuple[Graph, Any] | None:
    """Return the graph that a `call` makes of symbolic tensors, and its outputs in their structure.

    None if it computes anything by itself.
    """
    if layer._variables:
        return None
    key = _key([x, options, training])
    if key is None or key not in layer._traces:
        found = _traced(layer, x, options, training)
        if key is None:
            return found
        layer._traces[key] = found
    return layer._traces[key]  # type: ignore[no-any-return]


def _traced(layer: Layer, x: Any, options: dict[str, Any], training: bool | None) -> tuple[Graph, Any] | None:
    from ..input_layer import Input

    inputs: list[SymbolicTensor] = []

    def start(spec: TensorSpec) -> SymbolicTensor:
        inputs.append(Input(spec.shape[1:], dtype=layer.compute_dtype))
        return inputs[-1]

    try:
        with collecting() as added:
            made = run(layer, mapped(start, x, TensorSpec), training, mapped(start, options, TensorSpec))
        if added:
            raise TypeError("call: it adds a loss")
        outputs = list(leaves(made))
        if not outputs or not all(isinstance(y, SymbolicTensor) for y in outputs):
            raise TypeError("call: no symbolic tensors")
        graph = Graph(inputs, outputs)
    except Exception:  # what cannot be traced is run, and then raises what it has to
        return None
    for node in graph.nodes:
        node.layer._forget_call(node)
    return graph, made


def _tried(
    layer: Layer, x: Any, options: dict[str, Any], run_call: Callable[..., Any]
) -> tuple[Any, list[Shape | None]]:
    """Run `call` on zeros."""

    def zeros(spec: TensorSpec) -> Tensor:
        shape = (TRIAL_SAMPLES, *spec.shape[1:])
        if math.prod(n or 1 for n in shape[1:]) > TRIAL_ELEMENTS:
            raise ValueError(
                f"call: it is tried on samples of at most {TRIAL_ELEMENTS} elements, got shape {shape[1:]}"
            )
        tensor = Tensor(np.zeros(shape, layer.compute_dtype), requires_grad=False)
        if spec.mask is not None:
            set_mask(tensor, np.ones((TRIAL_SAMPLES, *spec.mask), bool))
        return tensor

    token = _trial.set(True)
    try:
        with collecting(), no_grad(), np.errstate(all="ignore"):
            made = run_call(layer, mapped(zeros, x, TensorSpec), False, mapped(zeros, options, TensorSpec))
    finally:
        _trial.reset(token)
    if made is None:
        raise ValueError(f"call: {type(layer).__name__}.call returned None; does it end with `return`?")
    outputs = list(leaves(made))
    for y in outputs:
        shape = np.shape(y)
        if not shape or shape[0] != TRIAL_SAMPLES:
            given = [spec.shape for spec in tensors_in_call(x)]
            raise ValueError(
                f"call: expected results with the {TRIAL_SAMPLES} rows that it got of "
                f"{given[0] if len(given) == 1 else given}, got {shape}"
            )
    masks = [mask_of(y) for y in outputs]
    shapes = mapped(lambda y: (None, *np.shape(y)[1:]), made, (Tensor, np.ndarray))
    return shapes, [None if mask is None else mask.shape[1:] for mask in masks]


# ---- as steps of a plan -----------------------------------------------------------------------------------


def emit(layer: Layer, plan: Plan, x: Any, options: dict[str, Any]) -> Any:
    """Append what a layer's `call` does to a plan; the values that it returns have their masks."""
    from ...kernels.core.steps import Value

    def spec(value: Value) -> TensorSpec:
        return TensorSpec((None, *value.shape), None if value.mask is None else value.mask.shape)

    values = [leaf for leaf in leaves([x, options]) if isinstance(leaf, Value)]
    own_x, own_options = specs = mapped(spec, [x, options], Value)
    training = None if plan.acts_by_default else plan.stochastic
    masked = [value for value in values if value.mask is not None]
    takes_masks = any(name.endswith("mask") for name in call_parameters(layer))
    traced = None if masked and takes_masks else trace(layer, own_x, own_options, training)
    if traced is not None:
        graph, structure = traced
        with inside_call():
            made = iter(graph.emit(plan, values))
        y = mapped(lambda _: next(made), structure)
        if layer.supports_masking and any(part.mask is None for part in leaves(y)):
            for part, mask in zip(leaves(y), leaves(layer._mask_of_output(plan, x)), strict=False):
                part.mask = mask if part.mask is None else part.mask
        return y

    def function(*tensors: Tensor) -> Any:
        for value, mask in zip(masked, tensors[len(values) :], strict=True):
            set_mask(tensors[values.index(value)], mask.data)
        given = iter(tensors)
        tensor_x, tensor_options = mapped(lambda _: next(given), specs, TensorSpec)
        outputs = list(leaves(run_with_masks(layer, tensor_x, training, tensor_options)))
        masks = [mask_of(part) for part in outputs]
        return outputs + [np.asarray(m, plan.dtype) for m in masks if m is not None]

    shapes, masks = _computed(layer, own_x, own_options, run_with_masks)
    results = [*shape_leaves(without_batch(shapes)), *(mask for mask in masks if mask is not None)]
    inputs = values + [value.mask for value in masked if value.mask is not None]
    made = iter(_call.emit(plan, layer.name, inputs, results, layer.weights, function, subject=layer))
    y = map_shapes(lambda _: next(made), shapes)
    for value, mask in zip(leaves(y), masks, strict=True):
        value.mask = None if mask is None else next(made)
    return y


def emit_mask(layer: Layer, plan: Plan, x: Any) -> Any:
    """Append the masks that a user's `compute_mask` returns: one for each output, some perhaps None."""
    values = list(leaves(x))
    masked = [value for value in values if value.mask is not None]

    def function(*tensors: Tensor) -> Any:
        for value, mask in zip(masked, tensors[len(values) :], strict=True):
            set_mask(tensors[values.index(value)], mask.data)
        given = iter(tensors)
        own = mapped(lambda _: next(given), x, type(values[0]))
        return [
            np.asarray(as_mask(m), plan.dtype)
            for m in leaves(layer.compute_mask(own, masks_of(own)))
            if m is not None
        ]

    inputs = values + [value.mask for value in masked if value.mask is not None]
    trial = [Tensor(np.ones((TRIAL_SAMPLES, *value.shape), plan.dtype)) for value in inputs]
    found = [mask.shape[1:] for mask in function(*trial)]
    return (
        _call.emit(plan, f"{layer.name}_mask", inputs, found, [], function, constant=True) if found else None
    )


@contextmanager
def collecting_anew(layer: Layer) -> Iterator[None]:
    """Forget the losses that a layer and those inside have added, unless this is part of a larger call."""
    from .layer import Layer

    with outermost() as whole:
        for part in flatten_parts(layer) if whole and any_added() else ():
            if isinstance(part, Layer) and part._adds_losses:
                part._added_losses = []
        yield


def run_built(layer: Layer, x: Any, training: bool | None, options: dict[str, Any]) -> Any:
    """Return what a layer's `call` makes of tensors; the layer is built if need be."""
    layer._build_once(tensor_shapes(x), options)
    mask = masks_of(x) if options.get("mask") is None else options["mask"]
    with collecting_anew(layer):
        made = run_with_masks(layer, x, training, options)
    if mask is not None and not layer.supports_masking and all(mask_of(y) is None for y in leaves(made)):
        warn_of_lost_mask(layer)
    return made
