"""Arguments of calls of recurrent layers: masks and initial states."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...autograd import Tensor
from ...data.validation import as_real
from ...graph.graph import leaves, tensors_in


def check_states(
    states: Any, widths: Sequence[int], rows: int | None, dtype: str, name: str
) -> list[NDArray[np.floating]]:
    """Return states as arrays (rows, width) of `dtype`, as many as there are widths, or say what is wrong."""
    given = list(states) if isinstance(states, (list, tuple)) else [states]
    if len(given) != len(widths):
        raise ValueError(f"{name}: expected {len(widths)} arrays, got {len(given)}")
    arrays = [as_real(s, dtype, f"{name}[{i}]") for i, s in enumerate(given)]
    if rows is None and arrays[0].ndim:
        rows = len(arrays[0])
    for i, (array, width) in enumerate(zip(arrays, widths, strict=True)):
        if array.shape != (rows, width):
            raise ValueError(f"{name}[{i}]: expected shape ({rows}, {width}), got {array.shape}")
    return arrays


def call_options(x: Any, given: dict[str, Any], widths: list[int], dtype: str) -> dict[str, Any]:
    """Return what a call got besides x with initial states as numbers of `dtype`, or say what is wrong.

    Parameters
    ----------
    x : array_like or SymbolicTensor
        (rows, steps, inputs).
    given : dict
        The arguments by name; `initial_state` is a list of array_like or SymbolicTensor, (rows, width) each,
        or None.
    widths : list of int
    dtype : str
    """
    options = dict(given)
    initial_state = options.pop("initial_state", None)
    if initial_state is None:
        return options
    states = list(leaves(initial_state))
    if any(isinstance(state, Tensor) for state in states):
        shapes = [np.shape(state) for state in states]
        if shapes != [(np.shape(x)[0], width) for width in widths]:
            raise ValueError(f"initial_state: expected states of widths {widths}, got shapes {shapes}")
        return options | {"initial_state": states}
    if not tensors_in(states):
        if not all(hasattr(state, "shape") for state in states):
            states = initial_state
        rows = np.shape(x)[0] if np.ndim(x) else None
        return options | {"initial_state": check_states(states, widths, rows, dtype, "initial_state")}
    if [getattr(state, "shape", None) for state in states] != [(None, width) for width in widths]:
        expected = ", ".join(f"(None, {width})" for width in widths)
        raise ValueError(f"initial_state: expected tensors of shapes {expected}, got {states!r:.300}")
    return options | {"initial_state": states}
