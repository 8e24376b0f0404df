"""The state of an optimizer: arrays by name, for files and for `get_state` and `set_state`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import whole_number

if TYPE_CHECKING:
    from ..kernels.core.optimizer import Update
    from ..variables import Variable


# Steps that an optimizer may have done: so many more still fit into 64 bits.
MAX_ITERATIONS = 2**62


def slot(update: Update, name: str, variable: Variable) -> NDArray[Any]:
    """Return a slot of a variable, such as its momentum, as a view."""
    assert update.layout is not None
    return update.layout.part(update.slots[name], variable)


def slots(update: Update) -> dict[str, NDArray[Any]]:
    """Return views of all slots, by names such as "momentum/0" for the first variable."""
    return {
        f"{name}/{i}": slot(update, name, variable)
        for name in update.slots
        for i, variable in enumerate(update.variables)
    }


def read(update: Update) -> dict[str, NDArray[Any]]:
    """Return copies of all that an update rule remembers; see `Optimizer.get_state`."""
    state = {"iterations": np.array(update.iterations, np.int64)}
    if update.schedule is None:
        state["learning_rate"] = np.array(update.learning_rate)
    return state | {name: view.copy() for name, view in slots(update).items()}


def write(update: Update, state: Mapping[str, ArrayLike]) -> float | None:
    """Set what `read` returned, except the learning rate, which is returned.

    Raises
    ------
    ValueError
        If something is missing, unknown or of another shape; then nothing has changed.
    """
    views = slots(update)
    arrays = {key: np.asarray(value) for key, value in state.items()}
    iterations = whole_number(arrays.pop("iterations", np.array(-1)).item(), "iterations", 0, MAX_ITERATIONS)
    rate = arrays.pop("learning_rate", None)
    if arrays.keys() != views.keys():
        odd = sorted(arrays.keys() ^ views.keys())
        raise ValueError(f"state: {odd[0]!r} is {'missing' if odd[0] in views else 'unknown'}")
    for key, view in views.items():
        if arrays[key].shape != view.shape:
            raise ValueError(f"state: expected shape {view.shape} for {key!r}, got {arrays[key].shape}")
    for key, view in views.items():
        view[...] = arrays[key]
    update.iterations = iterations
    return None if rate is None else float(rate)
