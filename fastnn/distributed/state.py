"""All that a training goes on from: what the first rank hands to the others."""

from __future__ import annotations

from typing import Any

from ..saving import state as states

State = tuple[Any, ...]


def state_of(model: Any) -> State:
    """Return weights and state of a model, and its position in the data in a `fit`."""
    progress = model._progress
    return model.get_weights(), *states.get_state(model), None if progress is None else progress.get_state()


def set_state(model: Any, state: State) -> None:
    """Restore what `state_of` has returned, of an equal model."""
    weights, found, tensors, progress = state
    model.set_weights(weights)
    states.set_state(model, found, tensors, True)
    if progress is not None:
        model._progress.set_state(progress)
