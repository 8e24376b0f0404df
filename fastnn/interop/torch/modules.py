"""Models of PyTorch's modules: a trace by torch.fx, whose nodes become layers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from ... import layers as L
from ...models import Model
from .counterparts import Unsupported, Value, counterpart
from .functions import activation_of, function_module
from .weights import entries, load_state_dict

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["from_module"]


def from_module(module: Any, input_shape: Sequence[int | None]) -> Model:
    """Make a model of a PyTorch module, with its weights.

    Parameters
    ----------
    module : torch.nn.Module
        A module of one input and one output that torch.fx can trace.
    input_shape : sequence of int or None
        The shape that the module takes, with the batch dimension first: `(None, 3, 32, 32)`.

    Returns
    -------
    Model
        It takes channels last where the module takes channels first: `(None, 32, 32, 3)`. Sequences for
        `batch_first=True` modules and vectors keep their layout.

    Raises
    ------
    ValueError
        If something in the module has no counterpart; the message lists all of it.
    """
    nodes, torch = _traced(module)
    if sum(node.op == "placeholder" for node in nodes) != 1:
        raise ValueError("module must have one input")
    shape = tuple(input_shape)
    if len(shape) < 2:
        raise ValueError(f"input_shape must have the batch dimension first, got {input_shape!r}")
    modules = dict(module.named_modules())
    planned = _Planned(
        modules, torch, len(shape), len(shape) == 4 or _starts_with_taps(nodes, modules, shape)
    )
    problems = planned.visit(nodes)
    if problems:
        raise ValueError("module has parts without counterpart:\n  " + "\n  ".join(problems))
    integers = any(type(part).__name__ == "Embedding" for part in modules.values())
    turned = (*shape[2:], shape[1]) if planned.channels else shape[1:]
    inputs = L.Input(turned, dtype="int32" if integers else None)
    tensors: dict[Any, Any] = {}
    for node, build in planned.steps:
        tensors[node] = inputs if build is None else build(tensors)
    model = Model(inputs, tensors[planned.output])
    load_state_dict(model, module.state_dict())
    _carry_trainability(model, module)
    return model


def _traced(module: Any) -> tuple[list[Any], Any]:
    import torch
    import torch.fx

    if not isinstance(module, torch.nn.Module):
        raise TypeError(f"module must be a torch.nn.Module, got {type(module).__name__}")
    if type(module).__module__.startswith("torch.nn") and not isinstance(module, torch.nn.Sequential):
        raise ValueError("module is a single layer: put it into a torch.nn.Sequential")
    modes = [(part, part.training) for part in module.modules()]
    module.train(False)  # so that what is on in a trace is always on
    try:
        graph = torch.fx.symbolic_trace(module).graph
    except (torch.fx.proxy.TraceError, TypeError) as error:
        raise ValueError(
            f"module cannot be traced by torch.fx, as with branches on values: {error}"
        ) from error
    finally:
        for part, training in modes:
            part.training = training
    graph.eliminate_dead_code()  # states of recurrent modules that nothing uses
    return list(graph.nodes), torch


def _starts_with_taps(nodes: list[Any], modules: dict[str, Any], shape: tuple[int | None, ...]) -> bool:
    """Tell whether three axes are batch, channels and time, as the first modules that mix axes take them."""
    if len(shape) != 3:
        return False
    for node in nodes:
        name = type(modules[node.target]).__name__ if node.op == "call_module" else ""
        if name.endswith("1d"):
            return True
        if name in ("Linear", "LSTM", "GRU", "RNN", "LayerNorm", "Flatten"):
            return False
    return False


class _Planned:
    """Steps that build the model, found before any is taken."""

    def __init__(self, modules: dict[str, Any], torch: Any, rank: int, channels: bool) -> None:
        self.modules, self.torch, self.channels = modules, torch, channels
        self.values: dict[Any, Value] = {}
        self.steps: list[tuple[Any, Callable[[dict[Any, Any]], Any] | None]] = []
        self.made: dict[str, list[Any]] = {}
        self.rank = rank
        self.output: Any = None

    def visit(self, nodes: list[Any]) -> list[str]:
        """Plan all nodes; return what has no counterpart."""
        problems = []
        for node in nodes:
            try:
                self._plan(node)
            except (Unsupported, ValueError, TypeError) as error:
                problems.append(f"{node.name} ({self._kind(node)}): {error}")
                self.values[node] = self.values.get(self._source(node), Value(self.rank, self.channels))
        return problems

    def _kind(self, node: Any) -> str:
        if node.op == "call_module":
            return type(self.modules[node.target]).__name__
        return str(getattr(node.target, "__name__", node.target))

    def _source(self, node: Any) -> Any:
        return node.args[0] if node.args and hasattr(node.args[0], "op") else None

    def _plan(self, node: Any) -> None:
        if node.op == "placeholder":
            self.values[node] = Value(self.rank, self.channels)
            self.steps.append((node, None))
        elif node.op == "output":
            self.output = node.args[0]
            if not hasattr(self.output, "op"):
                raise Unsupported("only one tensor can be returned")
            if self.values[self.output].state:
                raise Unsupported("states cannot be returned")
        elif node.op == "call_module":
            if len(node.args) != 1 or node.kwargs:
                raise Unsupported("only one argument can be passed, such as no initial state")
            layers = self.made.get(node.target)
            found, value = counterpart(self.modules[node.target], node.target, self.values[node.args[0]])
            self.made.setdefault(node.target, found)
            self._chain(node, node.args[0], layers or found, value)
        elif node.op in ("call_function", "call_method"):
            self._call(node)
        else:
            raise Unsupported("a parameter of the module's own has no layer")

    def _chain(self, node: Any, source: Any, layers: list[Any], value: Value) -> None:
        def build(tensors: dict[Any, Any]) -> Any:
            x = tensors[source]
            for layer in layers:
                x = layer(x)
            return x

        self.values[node] = value
        self.steps.append((node, build))

    def _call(self, node: Any) -> None:
        name, source = self._kind(node), self._source(node)
        if name in ("size", "getattr") or (name == "getitem" and source not in self.values):
            return  # sizes, which only view and reshape may use
        if name in ("add", "cat", "concat"):
            self._merge(node, name)
            return
        value = self.values[source]
        if name == "getitem":
            self._item(node, source, value)
        elif name in ("permute", "transpose"):
            axes = tuple(node.args[1]) if isinstance(node.args[1], (tuple, list)) else tuple(node.args[1:])
            swapped = axes == (0, 2, 1) if name == "permute" else {axis % 3 for axis in axes} == {1, 2}
            if value.rank != 3 or not swapped:
                raise Unsupported("only the last two axes of sequences can be exchanged")
            self._chain(node, source, [], Value(3, not value.channels, value.positive))
        elif activation_of(name):
            self._module(node, source, activation_of(name), value)
        else:
            self._module(node, source, function_module(self.torch, node, name), value)

    def _module(self, node: Any, source: Any, made: Any, value: Value) -> None:
        module = getattr(self.torch.nn, made)() if isinstance(made, str) else made
        layers, result = counterpart(module, "", value)
        self._chain(node, source, layers, result)

    def _item(self, node: Any, source: Any, value: Value) -> None:
        """Plan an item of a recurrent module's results, or the last step of a sequence."""
        item = node.args[1]
        if value.results:
            if item == 0:
                self._chain(node, source, [], Value(3, False))
                return
            if value.bidirectional or item != 1:
                raise Unsupported("of a recurrent module's results, only the outputs can be used")
            self._chain(node, source, [], Value(3, False, state=True, pair=value.pair))
        elif value.state and value.pair and item == 0:
            self._chain(node, source, [], Value(3, False, state=True))
        elif (value.state and not value.pair and item == -1) or (
            not value.state and value.rank == 3 and not value.channels and _is_last_step(item)
        ):
            self.values[node] = Value(2, False)
            self.steps.append((node, lambda tensors: tensors[source][:, -1]))
        else:
            raise Unsupported(f"item {item!r} cannot be taken; x[:, -1] of a sequence can")

    def _merge(self, node: Any, name: str) -> None:
        if name == "add" and node.kwargs:
            raise Unsupported(f"arguments of an addition: {', '.join(node.kwargs)}")
        parts = list(node.args[:2] if name == "add" else node.args[0])
        if not all(hasattr(part, "op") and part in self.values for part in parts):
            raise Unsupported("only tensors can be merged, not numbers")
        value = self.values[parts[0]]
        if any(
            (self.values[part].rank, self.values[part].channels) != (value.rank, value.channels)
            for part in parts
        ):
            raise Unsupported("the tensors that are merged have different numbers or orders of axes")
        if name == "add":
            layer: Any = L.Add()
        else:
            axis = node.args[1] if len(node.args) > 1 else node.kwargs.get("dim", 0)
            layer = L.Concatenate(axis=value.axis(axis))
        positive = all(self.values[part].positive for part in parts)
        self.values[node] = Value(value.rank, value.channels, positive)
        self.steps.append((node, lambda tensors: layer([tensors[part] for part in parts])))


def _is_last_step(item: Any) -> bool:
    whole = slice(None)
    return isinstance(item, tuple) and item[:2] == (whole, -1) and all(rest == whole for rest in item[2:])


def _carry_trainability(model: Model, module: Any) -> None:
    """Freeze the weights whose parameters take no gradient."""
    frozen = {name for name, parameter in module.named_parameters() if not parameter.requires_grad}
    if not frozen:
        return
    for layer, of_layer in entries(model).items():
        prefix = layer.name.rpartition(".l")[0] if ".l" in layer.name else layer.name
        flags = [all(f"{prefix}.{name}" in frozen for name in entry.names) for entry in of_layer]
        learned = [
            flag for flag, entry in zip(flags, of_layer, strict=True) if "running" not in entry.names[0]
        ]
        if learned and all(learned):
            layer.trainable = False
        else:
            for weight, flag in zip(layer.weights, flags, strict=True):
                if flag:
                    weight.trainable = False
