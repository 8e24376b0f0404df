"""The state of a model's training: everything that its next step depends on beside configuration and weights.

That is the state of the optimizer, which weights train, the random streams of layers and the counts of runs
that their masks depend on, the states that stateful layers keep, and the order of the samples. Steps depend
on nothing else, so a model in the same state continues bit for bit.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..data.shuffle import EpochShuffler
from ..training.plan_cache import RUN_KINDS
from .errors import ModelFileError
from .names import named_layers, named_weights
from .trainability import frozen_at_compile, frozen_parts, set_frozen_parts

__all__ = ["RESERVED", "get_state", "get_training_state", "set_state", "set_training_state"]

# The first part of the names of tensors that are no weights.
RESERVED = "fastnn.state/"

_OPTIMIZER = f"{RESERVED}optimizer/"
_SET_ASIDE = f"{RESERVED}optimizer.known/"

Tensors = dict[str, NDArray[Any]]


def get_state(model: Any, optimizer: bool = True) -> tuple[dict[str, Any], Tensors]:
    """Return the state of a model, with or without the optimizer: what JSON can hold, and arrays by name."""
    tensors: Tensors = {}
    state: dict[str, Any] = {
        "streams": {path: layer._stream for path, layer in _random_layers(model)},
        "run_counts": {path: layer._run_counts.tolist() for path, layer in _counting_layers(model)},
        "frozen": frozen_parts(model),
    }
    for path, layer in _stateful_layers(model):
        for i, array in enumerate(layer.states):
            tensors[f"{RESERVED}layers/{path}/{i}"] = array
    if model._shuffler is not None:
        state["shuffler"] = model._shuffler.get_state()
    training, arrays = get_training_state(model) if optimizer else ({}, {})
    return state | training, tensors | arrays


def get_training_state(model: Any) -> tuple[dict[str, Any], Tensors]:
    """Return what does not train since `compile`, and the state of the optimizer; see `get_state`."""
    state: dict[str, Any] = {}
    if model._compile_spec is not None:
        state["frozen_at_compile"] = frozen_at_compile(model)
    if model.optimizer is not None:
        weights = named_weights(model)
        exempt = model.optimizer._exempted([weight.variable for weight in weights])
        state["without_decay"] = [weight.structure for weight in weights if weight.variable in exempt]
    if model.optimizer is not None and model.optimizer.built:
        structures, tensors = _optimizer_state(model)
        if structures:
            return state | {"optimizer": structures}, tensors
    return state, {}


def set_state(model: Any, state: Any, tensors: Tensors, optimizer: bool) -> None:
    """Restore the state of a model.

    Parameters
    ----------
    model : Model
        Built, and compiled if `optimizer`.
    state, tensors
        What `get_state` returned; other tensors are ignored.
    optimizer : bool
        Whether to restore that of the optimizer too.

    Raises
    ------
    ModelFileError
        If the state is that of another model.
    """
    streams = state["streams"]
    for path, layer in _random_layers(model):
        if type(streams[path]) is not int or not 0 <= streams[path] < 2**63:
            raise ModelFileError(f"layer {path!r}: expected a seed, got {streams[path]!r:.80}")
        layer._stream = streams[path]
    _set_run_counts(model, state.get("run_counts", {}))
    for path, layer in _stateful_layers(model):
        kept: list[NDArray[Any]] = []
        while (name := f"{RESERVED}layers/{path}/{len(kept)}") in tensors:
            kept.append(tensors[name])
        layer.reset_states(kept or None)
    if "shuffler" in state:
        model._shuffler = model._shuffler or EpochShuffler()  # a running `fit` holds the one that there is
        model._shuffler.set_state(state["shuffler"])
    if optimizer:
        set_training_state(model, state, tensors)
    if "frozen" in state:
        set_frozen_parts(model, state["frozen"])


def _counting_layers(model: Any) -> Iterator[tuple[str, Any]]:
    """Yield the model and the layers inside that have counted runs of their own, by name."""
    for path, layer in [("", model), *((named.structure, named.layer) for named in named_layers(model))]:
        if layer._run_counts is not None and layer._run_counts.any():
            yield path, layer


def _set_run_counts(model: Any, counts: Any) -> None:
    layers = {"": model} | {named.structure: named.layer for named in named_layers(model)}
    for path, found in counts.items():
        array = np.asarray(found)
        if (
            path not in layers
            or array.shape != (len(RUN_KINDS),)
            or array.dtype != np.int64
            or array.min() < 0
        ):
            raise ModelFileError(
                f"run_counts: expected {len(RUN_KINDS)} counts of a layer, got {found!r:.80}"
            )
        if layers[path]._run_counts is None:
            layers[path]._run_counts = array
        else:  # plans may count in this array already
            layers[path]._run_counts[...] = array


def _optimizer_state(model: Any) -> tuple[list[str], Tensors]:
    """Return the weights that the optimizer was built for, by structure, and its arrays.

    Weights that are no longer part of the model are left out.
    """
    optimizer = model.optimizer
    structure_of = {weight.variable: weight.structure for weight in named_weights(model)}
    variables = [variable for variable in optimizer.trainable_variables if variable in structure_of]
    tensors: Tensors = {
        f"{_OPTIMIZER}{name}": np.asarray(value)
        for name, value in optimizer.get_state().items()
        if "/" not in name
    }
    for slot in optimizer._update.slots:
        for i, variable in enumerate(variables):
            tensors[f"{_OPTIMIZER}{slot}/{i}"] = optimizer._slot(slot, variable)
    for variable, arrays in optimizer._update.known.items():
        if variable in structure_of:
            for slot, array in arrays.items():
                tensors[f"{_SET_ASIDE}{structure_of[variable]}/{slot}"] = array
    return [structure_of[variable] for variable in variables], tensors


def set_training_state(model: Any, state: Any, tensors: Tensors) -> None:
    """Restore the optimizer of a compiled model to what `get_training_state` found; see `set_state`."""
    variable_of = {weight.structure: weight.variable for weight in named_weights(model)}
    if "without_decay" in state:
        model.optimizer._exempt = ([variable_of[structure] for structure in state["without_decay"]], None)
    if "optimizer" in state:
        _set_optimizer_state(model.optimizer, variable_of, state["optimizer"], tensors)


def _set_optimizer_state(
    optimizer: Any, variable_of: dict[str, Any], structures: list[str], tensors: Tensors
) -> None:
    optimizer._build([variable_of[structure] for structure in structures])
    optimizer.set_state(
        {
            name.removeprefix(_OPTIMIZER): array
            for name, array in tensors.items()
            if name.startswith(_OPTIMIZER)
        }
    )
    set_aside: dict[str, Tensors] = {}
    for name, array in tensors.items():
        if name.startswith(_SET_ASIDE):
            structure, _, slot = name.removeprefix(_SET_ASIDE).rpartition("/")
            set_aside.setdefault(structure, {})[slot] = np.array(array)
    for structure, arrays in set_aside.items():
        variable = variable_of[structure]
        if structure in structures:
            continue
        for slot, array in arrays.items():
            if array.shape != variable.shape:
                raise ModelFileError(
                    f"optimizer: expected shape {variable.shape} for {slot!r} of {structure!r}, "
                    f"got {array.shape}"
                )
        optimizer._update.known[variable] = arrays


def _random_layers(model: Any) -> Iterator[tuple[str, Any]]:
    """Yield the layers and cells that draw random numbers, by name."""
    from ..layers import RNN

    for _, path, layer in named_layers(model):
        if hasattr(layer, "_stream"):
            yield path, layer
        if isinstance(layer, RNN):
            for i, cell in enumerate(layer._cells):
                yield f"{path}/{i}", cell


def _stateful_layers(model: Any) -> Iterator[tuple[str, Any]]:
    """Yield the recurrent layers that keep their state, by name."""
    from ..layers import RNN
    from ..layers.own_cell_rnn import OwnCellRNN

    for _, path, layer in named_layers(model):
        if isinstance(layer, (RNN, OwnCellRNN)) and layer.stateful:
            yield path, layer
