"""Steps that a model defines in Python, in the place of plans: batches of arrays as the user gave them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..conversion import as_numbers
from ..data.adapters import class_weighted
from ..data.validation import as_real, as_weights, is_structure
from ..graph.graph import rebuilt
from ..kernels.core.specs import Labels
from ..metrics.values import as_logged, snapshot


def pack(x: Any, y: Any = None, sample_weight: Any = None) -> Any:
    """Return the `data` of a step: (x, y, sample_weight) without what is None at its end, or x alone."""
    parts: tuple[Any, ...] = (x, y, sample_weight)
    while len(parts) > 1 and parts[-1] is None:
        parts = parts[:-1]
    return parts if len(parts) > 1 or isinstance(x, (list, tuple)) else x


def unpack(data: Any) -> tuple[Any, Any, Any]:
    """Return x, y and sample_weight of what `pack` has made, None for those that are not there.

    Examples
    --------
    >>> unpack(pack("x")), unpack(pack("x", "y"))
    (('x', None, None), ('x', 'y', None))
    """
    parts = data if isinstance(data, tuple) else (data,)
    x, y, sample_weight = (*parts, None, None)[:3]
    return x, y, sample_weight


def map_arrays(function: Callable[[Any], Any], given: Any) -> Any:
    """Return what a function makes of each array in None, an array, or lists, tuples and dicts of arrays."""
    if given is None:
        return None
    if isinstance(given, dict):
        return {key: map_arrays(function, part) for key, part in given.items()}
    if is_structure(given):
        return rebuilt(given, [map_arrays(function, part) for part in given])
    return function(given)


def arrays_in(given: Any) -> list[NDArray[Any]]:
    """Return the arrays in what `map_arrays` takes, in their order."""
    found: list[NDArray[Any]] = []
    map_arrays(found.append, given)
    return found


def part_of(given: Any, start: int, end: int) -> Any:
    """Return a range of the samples of what `map_arrays` takes."""
    return map_arrays(lambda array: array[start:end], given)


@dataclass(frozen=True)
class StepData:
    """Samples, labels and weights as steps in Python get them, which may be lists and dicts of arrays."""

    x: Any
    y: Any
    weights: Any

    def __len__(self) -> int:
        return len(arrays_in(self.x)[0])

    @property
    def arrays(self) -> tuple[Any, Any, Any]:
        """The arguments of `StepPlan.bind`."""
        return self.x, self.y, self.weights

    def part(self, start: int, end: int) -> StepData:
        """Return a range of the samples."""
        return StepData(*(part_of(part, start, end) for part in self.arrays))

    def split(self, share: float) -> tuple[StepData, StepData]:
        """Return the first samples, and the last ones, which are this share of all."""
        at = int(len(self) * (1 - share))
        if at == 0 or at == len(self):
            raise ValueError(
                f"validation_split: {share} of {len(self)} rows leaves none to train or none to evaluate on"
            )
        return self.part(0, at), self.part(at, len(self))


class StepAdapter:
    """Converts samples, labels and weights for steps in Python; see `DataAdapter`.

    Parameters
    ----------
    dtype : str
        Of real numbers; integers stay what they are.
    """

    def __init__(self, dtype: str) -> None:
        self._dtype = dtype

    def arrays(self, x: Any, y: Any, sample_weight: Any, name: str = "") -> StepData:
        """Return the arrays of samples with their labels and weights."""
        made = [
            map_arrays(lambda array: self._converted(array, name, argument), given)  # noqa: B023
            for argument, given in (("x", x), ("y", y), ("sample_weight", sample_weight))
        ]
        lengths = {len(array) for part in made for array in arrays_in(part)}
        if len(lengths) != 1:
            raise ValueError(f"{name}x, {name}y: expected equal lengths, got {sorted(lengths)}")
        return StepData(*made)

    def _converted(self, given: Any, prefix: str, argument: str) -> NDArray[Any]:
        name = f"{prefix}{argument}"
        array = as_numbers(given, name)
        if not array.ndim:
            raise ValueError(f"{name}: expected rows, got {array!r:.80}")
        if argument == "sample_weight":
            return as_weights(array, self._dtype, name)
        return array if array.dtype.kind in "iub" else as_real(array, self._dtype, name)

    def with_class_weights(self, data: StepData, class_weight: Mapping[int, float] | None) -> StepData:
        """Multiply the weights of samples by those of their classes."""
        if class_weight is None:
            return data
        if not isinstance(data.y, np.ndarray):
            raise ValueError("class_weight: expected a model with one output")
        kind = Labels.CLASS if data.y.ndim == 1 else Labels.REAL
        return replace(data, weights=class_weighted(data.weights, class_weight, data.y, kind, self._dtype))


class StepPlan:
    """A step in Python with the interface of a plan, as loops and batches use it.

    Parameters
    ----------
    step : callable
        From the `data` of a batch to a dict of losses and metrics; those of the last batch are reported, as
        in Keras, which leaves means over an epoch to metrics.
    reset : callable
        Called where an epoch begins.
    """

    masked = whole = False

    def __init__(self, step: Callable[[Any], Any], reset: Callable[[], object]) -> None:
        self._step, self._reset = step, reset
        self._data: StepData | None = None
        self._order: NDArray[np.int64] | None = None
        self.totals: dict[str, Any] = {}

    def bind(self, x: Any, y: Any, weights: Any) -> None:
        """Set the samples to read."""
        self._data, self._order = StepData(x, y, weights), None

    def unbind(self) -> None:
        """Release the samples."""
        self._data = None

    def reorder(self, order: NDArray[np.int64] | None) -> None:
        """Take the samples in this order."""
        self._order = order

    def clear_totals(self, shared: bool = True) -> None:
        """Reset all metrics."""
        self.totals = {}
        if shared:
            self._reset()

    def run(self, start: int, rows: int) -> int:
        """Run the step on some of the samples."""
        assert self._data is not None
        rows_of = slice(start, start + rows) if self._order is None else self._order[start : start + rows]
        made = self._step(pack(*(map_arrays(lambda array: array[rows_of], p) for p in self._data.arrays)))
        if not isinstance(made, Mapping):
            raise TypeError(f"step: expected a dict of losses and metrics, got {made!r:.80}")
        self.totals = {str(name): as_logged(snapshot(value, str(name))) for name, value in made.items()}
        return -1

    def results(self) -> list[Any]:
        """Return the losses and metrics of the last batch."""
        return list(self.totals.values())

    def state(self, name: str) -> NDArray[np.float64]:
        """Return an empty state: the metrics keep their own."""
        return np.zeros(2)

    def read(self, name: str, state: Any) -> Any:
        """Return a loss or metric of the last batch."""
        return self.totals[name]

    def set_state(self, name: str, state: Any) -> None:
        """Do nothing: the metrics keep their own state."""
