"""Steps in reverse order, and the state that recurrent layers keep between batches."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ...kernels.core.memory import data_address
from ...pickling import Picklable

if TYPE_CHECKING:
    from ...kernels.core.plan import Plan
    from ...kernels.core.steps import Value


def reversed_steps(plan: Plan, x: Value) -> Value:
    """Append x (steps, ...) from the last step to the first to `plan`."""
    from ...kernels.ops import strided_copy

    steps, size = x.shape[0], math.prod(x.shape[1:])
    box = np.array([[steps, size], [size, 1], [-size, 1]], np.int64)
    y: Value = strided_copy.emit(plan, x, x.shape, box, 0, max(0, steps - 1) * size)
    return y


class KeptState(Picklable):
    """The state of a cell between batches.

    Attributes
    ----------
    arrays : list of ndarray
        h and c, each (rows, units), whether the cell has both or not; none before the first batch.
    addresses : ndarray of int64
        Addresses of the arrays, which plans read.
    """

    def __init__(self) -> None:
        self.arrays: list[NDArray[np.floating]] = []
        self.addresses = np.zeros(2, np.int64)

    def allocate(self, rows: int, units: int, dtype: str) -> None:
        """Start from zeros."""
        self._keep([np.zeros((rows, units), dtype) for _ in range(2)])

    def _keep(self, arrays: list[NDArray[np.floating]]) -> None:
        self.addresses[: len(arrays)] = [data_address(array) for array in arrays]
        self.arrays = arrays

    def __getstate__(self) -> dict[str, Any]:
        return {"arrays": self.arrays}

    def __setstate__(self, state: dict[str, Any]) -> None:
        """Let a copy keep its own arrays, which have addresses of their own."""
        self.addresses = np.zeros(2, np.int64)
        self._keep([np.array(array) for array in state["arrays"]])
