"""Models of PyTorch's modules: a trace by torch.fx, whose nodes become layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from ... import layers as L
from ...models import Model
from .calls import ZEROS, called
from .counterparts import counterpart, kind_of
from .planning import Plan
from .recurrent import States, recurrent
from .tracing import Trace, takes_integers, traced
from .values import Unsupported, Value, channels_last, need
from .weights import Entry, entries, set_entries

__all__ = ["from_module"]


def from_module(module: Any, input_shape: Sequence[Any]) -> Model:
    """Make a model of a PyTorch module, with its weights.

    Parameters
    ----------
    module : torch.nn.Module
        A module that torch.fx can trace. It is run on zeros, to find the shapes of its tensors.
    input_shape : sequence of int or None, or list of them
        The shape that the module takes, with the batch dimension first: `(None, 3, 32, 32)`; a list of shapes
        if it takes several inputs.

    Returns
    -------
    Model
        It takes and makes images, and signals that convolutions work on, with channels last:
        `(None, 32, 32, 3)`. Sequences of recurrent modules and vectors keep their layout.

    Raises
    ------
    ValueError
        If something in the module has no counterpart; the message lists all of it.
    """
    shapes = [tuple(s) for s in input_shape] if _is_several(input_shape) else [tuple(input_shape)]
    for shape in shapes:
        if len(shape) < 2 or not all(n is None or (isinstance(n, int) and n > 0) for n in shape):
            raise ValueError(f"input_shape must have the batch dimension first, got {input_shape!r}")
    trace = traced(module, shapes)
    planner = _Planner(module, trace, shapes)
    problems = planner.visit()
    if problems:
        raise ValueError("module has parts without counterpart:\n  " + "\n  ".join(problems))
    try:
        planner.plan.make()
    except Unsupported as error:
        raise ValueError(f"module: {error}") from error
    model = Model(
        [value.tensor for value in planner.inputs] if len(shapes) > 1 else planner.inputs[0].tensor,
        _tensors(planner.output),
    )
    found = entries(model)
    set_entries(model, found, _parameters(module, found))
    _carry_trainability(module, found)
    return model


def _is_several(input_shape: Any) -> bool:
    return bool(input_shape) and all(isinstance(entry, (tuple, list)) for entry in input_shape)


def _tensors(output: Any) -> Any:
    if isinstance(output, dict):
        return {name: _tensors(value) for name, value in output.items()}
    return [_tensors(value) for value in output] if isinstance(output, list) else output.tensor


class _Planner:
    """Plans the nodes of a trace, one after the other."""

    def __init__(self, module: Any, trace: Trace, shapes: list[tuple[int | None, ...]]) -> None:
        self._module, self._trace, self._shapes = module, trace, shapes
        self._values: dict[Any, Any] = {}
        self.plan, self.inputs = Plan(), []
        self.output: Any = None

    inputs: list[Value]

    def visit(self) -> list[str]:
        """Plan all nodes; return what has no counterpart."""
        problems: list[str] = []
        for node in self._trace.nodes:
            if node not in self._trace.found:
                return [*problems, f"{node.name} ({self._kind(node)}): {self._trace.error}"]
            try:
                self._values[node] = self._planned(node)
            except (Unsupported, ValueError, TypeError, KeyError, IndexError) as error:
                problems.append(f"{node.name} ({self._kind(node)}): {error}")
                self._values[node] = self._assumed(self._trace.found[node])
        return problems

    def _kind(self, node: Any) -> str:
        if node.op == "call_module":
            return type(self._module.get_submodule(node.target)).__name__
        return str(getattr(node.target, "__name__", node.target))

    def _assumed(self, shape: Any) -> Any:
        """Return values in place of those that have no counterpart, to go on with."""
        if isinstance(shape, list):
            return [self._assumed(entry) for entry in shape]
        return Value(shape, channels_last(len(shape)), list) if isinstance(shape, tuple) else None

    def _planned(self, node: Any) -> Any:
        shape = self._trace.found[node]
        if node.op == "placeholder":
            return self._input(node)
        if node.op == "output":
            self.output = self._output(self._argument(node.args[0]))
            return None
        if node.op == "get_attr":
            raise Unsupported("a parameter or buffer of the module's own has no layer")
        if not _has_tensors(shape):
            return None  # sizes, which are known from the trial
        args = [self._argument(arg) for arg in node.args]
        kwargs = {name: self._argument(arg) for name, arg in node.kwargs.items()}
        if node.op != "call_module":
            return called(self.plan, self._trace, node, self._kind(node), args, kwargs)
        module, (x, *others) = self._module.get_submodule(node.target), args
        kind = kind_of(module)
        need(isinstance(x, Value), x if isinstance(x, str) else "it takes something that has no counterpart")
        if kind in ("RNN", "LSTM", "GRU"):
            need(all(_is_zero(other) for other in (*others, *kwargs.values())), "an initial state")
            return recurrent(self.plan, module, kind, node.target, x, shape)
        need(not others and not kwargs, "more arguments than one")
        if kind in ("Flatten", "Unflatten"):
            return called(self.plan, self._trace, node, "flatten", args, {})
        return self.plan.apply(x, counterpart(module, node.target, x), shape, node.target)

    def _input(self, node: Any) -> Value:
        shape = self._shapes[len(self.inputs)]
        images = len(shape) == 4 or (len(shape) == 3 and self._starts_with_windows(node))
        order = channels_last(len(shape)) if images else tuple(range(len(shape)))
        dtype = "int32" if takes_integers(node, self._module) else None
        sizes = tuple(shape[axis] for axis in order[1:])
        value = self.plan.add(lambda: L.Input(sizes, dtype=dtype), (None, *shape[1:]), order)
        self.inputs.append(value)
        return value

    def _starts_with_windows(self, node: Any) -> bool:
        """Return whether an input of three axes is a signal: what is first called on it works on windows."""
        for user in node.users:
            kind = kind_of(self._module.get_submodule(user.target)) if user.op == "call_module" else ""
            if kind.endswith("1d"):
                return True
            elementwise = kind in ("Dropout", "Identity") or "ELU" in kind
            if elementwise and self._starts_with_windows(user):
                return True
        return False

    def _argument(self, value: Any) -> Any:
        """Return an argument with values in place of nodes, and numbers in place of sizes."""
        if isinstance(value, (list, tuple)):
            made = [self._argument(entry) for entry in value]
            return made if isinstance(value, list) else tuple(made)
        if isinstance(value, slice):
            return slice(*(self._argument(part) for part in (value.start, value.stop, value.step)))
        if isinstance(value, dict):
            return {key: self._argument(entry) for key, entry in value.items()}
        if not hasattr(value, "op"):
            return value
        found = self._trace.found[value]
        return self._values[value] if _has_tensors(found) else found

    def _output(self, value: Any) -> Any:
        """Return what the model makes, with axes in an order of PyTorch's or channels last."""
        if isinstance(value, dict):
            return {name: self._output(entry) for name, entry in value.items()}
        if isinstance(value, (list, tuple)):
            return [self._output(entry) for entry in value]
        if isinstance(value, States):
            raise Unsupported("final states cannot be returned; return one of them, such as h[-1]")
        need(isinstance(value, Value), value if isinstance(value, str) else "it has no counterpart")
        last = channels_last(value.rank)
        return self.plan.ordered(value, last if value.order == last else None)


def _has_tensors(found: Any) -> bool:
    return isinstance(found, tuple) or (isinstance(found, list) and any(map(_has_tensors, found)))


def _is_zero(value: Any) -> bool:
    if isinstance(value, (tuple, list)):
        return all(_is_zero(entry) for entry in value)
    return value is None or value is ZEROS


def _parameters(module: Any, found: dict[Any, list[Entry]]) -> dict[str, Any]:
    """Return the tensors of all entries; parametrized ones as they are computed now."""
    names = [name for of_layer in found.values() for entry in of_layer for name in entry.names]
    made = {}
    for name in names:
        owner, _, attribute = name.rpartition(".")
        made[name] = getattr(module.get_submodule(owner), attribute)
    return made


def _carry_trainability(module: Any, found: dict[Any, list[Entry]]) -> None:
    """Freeze the weights whose parameters take no gradient."""
    frozen = {name for name, parameter in module.named_parameters() if not parameter.requires_grad}
    if not frozen:
        return
    for layer, of_layer in found.items():
        flags = [all(name in frozen for name in entry.names) for entry in of_layer]
        learned = [
            flag
            for flag, entry in zip(flags, of_layer, strict=True)
            if not entry.names[0].rpartition(".")[2].startswith("running_")
        ]
        if learned and all(learned):
            layer.trainable = False
        else:
            for weight, flag in zip(layer.weights, flags, strict=True):
                if flag:
                    weight.trainable = False
