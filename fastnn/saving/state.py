"""What a model is besides configuration and weights: all that the next step of its training depends on.

That is what the optimizer remembers, how many steps it has done, the streams that layers draw random numbers
from, the states that stateful layers keep, and the order in which rows are taken. Steps depend on nothing
else, so a model with its state goes on bit for bit as it would have.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.shuffle import EpochShuffler
from .container import ModelFileError
from .names import named_layers, named_weights

__all__ = ["RESERVED", "get_state", "set_state"]

# The first part of the names of tensors that are no weights.
RESERVED = "fastnn.state/"

Tensors = dict[str, NDArray[Any]]


def get_state(model: Any) -> tuple[dict[str, Any], Tensors]:
    """Return the state of a model: what JSON can hold of it, and the arrays by name."""
    tensors: Tensors = {}
    state: dict[str, Any] = {"streams": {path: drawn._stream for path, drawn in _random(model)}}
    for path, layer in _stateful(model):
        for i, array in enumerate(layer.states):
            tensors[f"{RESERVED}layers/{path}/{i}"] = array
    if model._shuffler is not None:
        state["shuffler"] = model._shuffler.get_state()
    if model.optimizer is not None and model.optimizer.built:
        path_of = {id(weight.variable): weight.structure for weight in named_weights(model)}
        state["optimizer"] = [path_of[id(variable)] for variable in model.optimizer.trainable_variables]
        for name, value in model.optimizer.get_state().items():
            tensors[f"{RESERVED}optimizer/{name}"] = np.asarray(value)
    return state, tensors


def set_state(model: Any, state: Any, tensors: Tensors, optimizer: bool) -> None:
    """Bring a model into a state.

    Parameters
    ----------
    model : Model
        Built, and compiled if `optimizer`.
    state, tensors
        What `get_state` returned; other tensors count nothing.
    optimizer : bool
        Whether to set that of the optimizer too.

    Raises
    ------
    ModelFileError
        If the state is that of another model.
    """
    streams = state["streams"]
    for path, drawn in _random(model):
        if type(streams[path]) is not int or not 0 <= streams[path] < 2**63:
            raise ModelFileError(f"layer {path!r}: expected a seed, got {streams[path]!r:.80}")
        drawn._stream = streams[path]
    for path, layer in _stateful(model):
        kept: list[NDArray[Any]] = []
        while (name := f"{RESERVED}layers/{path}/{len(kept)}") in tensors:
            kept.append(tensors[name])
        if kept:
            layer.reset_states(kept)
    if "shuffler" in state:
        model._shuffler = model._shuffler or EpochShuffler()  # a running `fit` holds the one that there is
        model._shuffler.set_state(state["shuffler"])
    if optimizer and "optimizer" in state:
        start = f"{RESERVED}optimizer/"
        arrays = {
            name.removeprefix(start): array for name, array in tensors.items() if name.startswith(start)
        }
        by_path = {weight.structure: weight.variable for weight in named_weights(model)}
        model.optimizer.build([by_path[path] for path in state["optimizer"]])
        model.optimizer.set_state(arrays)


def _random(model: Any) -> Iterator[tuple[str, Any]]:
    """Yield what draws random numbers, a layer or a cell of one, by name."""
    from ..layers import RNN

    for _, path, layer in named_layers(model):
        if hasattr(layer, "_stream"):
            yield path, layer
        if isinstance(layer, RNN):
            for i, cell in enumerate(layer._cells):
                yield f"{path}/{i}", cell


def _stateful(model: Any) -> Iterator[tuple[str, Any]]:
    """Yield the recurrent layers that keep their state, by name."""
    from ..layers import RNN

    for _, path, layer in named_layers(model):
        if isinstance(layer, RNN) and layer.stateful:
            yield path, layer
