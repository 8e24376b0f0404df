"""Data sets with their labels and weights, brought into the form of the plans."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import dataclass, replace
from numbers import Real
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from .. import losses
from ..checks import real_number
from ..kernels.ops.loss_metric import check_labels
from ..losses.custom import adopt_labels
from ..losses.loss import as_labels
from ..training.compile_spec import Compiled, Weighted
from ..utils.random import next_seed
from .dataset import Source, is_dataset
from .validation import as_real, is_several

if TYPE_CHECKING:
    from ..kernels.ops.loss_metric import Score


@dataclass(frozen=True)
class Data:
    """A data set in the form of the plans.

    Attributes
    ----------
    x : list of ndarray
        Of each input.
    y : list of ndarray or None
        Labels of each output; None where it has no loss.
    weights : list of ndarray or None
        Of the rows, or of the values of each, for each output.
    """

    x: list[NDArray[Any]]
    y: list[NDArray[Any] | None]
    weights: list[NDArray[Any] | None]

    def __len__(self) -> int:
        return len(self.x[0])

    @property
    def rows(self) -> tuple[tuple[int, ...], ...]:
        """Shape of a row of each input."""
        return tuple(array.shape[1:] for array in self.x)

    @property
    def weighted(self) -> Weighted:
        """Shape of the weights of a row for each output; None where there are none."""
        return tuple(None if weights is None else weights.shape[1:] for weights in self.weights)

    def part(self, start: int, end: int) -> Data:
        """Return some of the rows."""
        parts = ([None if a is None else a[start:end] for a in arrays] for arrays in self.arrays)
        return Data(*parts)  # type: ignore[arg-type]

    @property
    def arrays(self) -> tuple[list[Any], list[Any], list[Any]]:
        """What plans are bound to."""
        return self.x, self.y, self.weights


def class_weights(weights: Mapping[Any, float], y: NDArray[Any], score: Score) -> NDArray[np.float64]:
    """Return a weight for each row from the weights of the classes; classes not named weigh 1."""
    if not isinstance(weights, Mapping):
        raise TypeError(f"class_weight: expected a dict from class number to weight, got {weights!r}")
    for number, weight in weights.items():
        if not isinstance(number, Real) or not float(number) >= 0 or float(number) % 1:
            raise ValueError(f"class_weight: expected class numbers as keys, got {number!r}")
        real_number(weight, "class_weight")
    if y.ndim != (1 if score.sparse else 2):
        raise ValueError(f"class_weight: expected one label per row, got labels of shape {y.shape}")
    classes = y if score.sparse else y.argmax(axis=1) if y.shape[1] > 1 else np.rint(y[:, 0]).astype(np.int64)
    present, which = np.unique(classes, return_inverse=True)
    weight_of = np.array([weights.get(int(number), 1.0) for number in present], float)
    weighted: NDArray[np.float64] = weight_of[which]
    return weighted


class Labelled(Compiled):
    """What models inherit: the way of data sets into the plans."""

    # What a model provides.

    @property
    @abstractmethod
    def dtype(self) -> str:
        """What the model computes in."""

    @abstractmethod
    def _build_for(self, x: Any) -> None:
        """Build the model for data, if it has not been built."""

    @abstractmethod
    def _validate_inputs(self, x: Any, name: str = "x") -> list[NDArray[np.floating]]:
        """Bring inputs into the plans' form."""

    @abstractmethod
    def _output_sample_shapes(self, rows: tuple[tuple[int, ...], ...]) -> list[tuple[int, ...]]:
        """Return the shapes of rows of the outputs."""

    # ---- data ---------------------------------------------------------------------------------------

    def _gate(self, x: Any, y: Any, sample_weight: Any, name: str = "") -> Data:
        """Bring a data set into the plan's form, or say what is wrong with it."""
        self._check_compiled()
        self._build_for(x)
        goals = self._goals()
        names = [goal.name for goal in goals]
        if y is None:
            raise ValueError(f"{name}y: expected labels, got None")
        x = self._validate_inputs(x, f"{name}x")
        rows = self._output_sample_shapes(tuple(array.shape[1:] for array in x))
        labels = _of_outputs(y, names, f"{name}y")
        weights = _of_outputs(sample_weight, names, f"{name}sample_weight", shared=True)
        data = Data(x, [], [])
        for goal, row, label, weight in zip(goals, rows, labels, weights, strict=True):
            here = f"{name}y" if len(goals) == 1 else f"{name}y[{goal.name!r}]"
            data.y.append(None if goal.loss is None else self._labels(goal.loss, row, label, len(data), here))
            here = here.replace("y", "sample_weight", 1) if not name else f"{name}sample_weight"
            shape = (len(data), *row[:-1])
            data.weights.append(None if weight is None else self._weights(weight, shape, here))
        return data

    def _labels(self, loss: losses.Loss, row: tuple[int, ...], y: Any, rows: int, name: str) -> NDArray[Any]:
        if y is None:
            raise ValueError(f"{name}: expected labels, got None")
        if adopt_labels(loss, y, row):
            self._forget_plans()
        y = as_labels(y, loss.score, row, self.dtype, name)
        if len(y) != rows:
            x = name.replace("y", "x", 1)
            raise ValueError(f"{x}, {name}: expected equal lengths, got {rows} and {len(y)}")
        check_labels(loss.score, y, row[-1] if row else 1, name)
        labels: NDArray[Any] = y
        return labels

    def _weights(self, sample_weight: Any, shape: tuple[int, ...], name: str) -> NDArray[Any]:
        """Return weights (rows,), or of the shape of the values of a loss: a dimension may be missing."""
        weights = as_real(sample_weight, self.dtype, name)
        rows = shape[0]
        if weights.shape in ((rows, 1), (*shape, 1)):
            weights = weights[..., 0]
        if not weights.ndim or weights.shape != shape[: weights.ndim]:
            expected = f"({rows},)" if len(shape) == 1 else f"({rows},) or {shape}"
            raise ValueError(f"{name}: expected shape {expected}, got {weights.shape}")
        if not np.isfinite(weights).all():
            raise ValueError(f"{name}: expected finite numbers, got NaN or infinity")
        if 1 < weights.ndim < len(shape):
            weights = np.broadcast_to(
                weights.reshape(weights.shape + (1,) * (len(shape) - weights.ndim)), shape
            )
        return np.ascontiguousarray(weights)

    def _weigh(self, data: Data, class_weight: Mapping[int, float] | None) -> Data:
        """Multiply the weights of what is trained on by those of the classes."""
        if class_weight is None:
            return data
        goals = self._goals()
        if len(goals) > 1:
            raise ValueError(f"class_weight: expected a model with one output, this one has {len(goals)}")
        assert goals[0].loss is not None
        assert data.y[0] is not None
        of_class = class_weights(class_weight, data.y[0], goals[0].loss.score)
        weights = of_class if data.weights[0] is None else data.weights[0] * of_class
        return replace(data, weights=[np.ascontiguousarray(weights, self.dtype)])

    def _given(
        self,
        x: Any,
        y: Any,
        sample_weight: Any,
        steps: int | None,
        shuffle: bool = False,
        goes_on: bool = False,
    ) -> Data | Source:
        """Return what a caller gives as arrays in the form of the plans, or as batches."""
        if not is_dataset(x):
            return self._gate(x, y, sample_weight)
        for name, array in (("y", y), ("sample_weight", sample_weight)):
            if array is not None:
                raise ValueError(f"{name}: expected None, since x is a data set whose batches have their own")
        return Source(x, steps, _orders(shuffle), goes_on)

    def _validation(self, given: Any, steps: int | None) -> Data | Source:
        """Return what to evaluate after an epoch."""
        if is_dataset(given):
            return Source(given, steps, name="validation_data")
        forms = "(x, y), (x, y, sample_weight) or a data set"
        if not isinstance(given, (tuple, list)):
            raise TypeError(f"validation_data: expected {forms}, got {given!r:.80}")
        if len(given) not in (2, 3):
            raise ValueError(f"validation_data: expected {forms}, got {len(given)} entries")
        x, y, sample_weight = (*given, None)[:3]
        return self._gate(x, y, sample_weight, "validation ")

    def _split(self, data: Data | Source, split: float) -> tuple[Data | Source, Data | None]:
        """Return what to train on and what to evaluate."""
        split = real_number(split, "validation_split", 0, below=1)
        if not split:
            return data, None
        if isinstance(data, Source):
            raise ValueError("validation_split: a data set cannot be split; give validation_data")
        at = int(len(data) * (1 - split))
        if at == 0 or at == len(data):
            raise ValueError(
                f"validation_split: {split} of {len(data)} rows leaves none to train or none to evaluate on"
            )
        return data.part(0, at), data.part(at, len(data))


def _of_outputs(given: Any, names: list[str], name: str, shared: bool = False) -> list[Any]:
    """Return labels or weights for each output, of what a caller gives; `shared`, one may be for all."""
    if given is None or (shared and not isinstance(given, (dict, list, tuple))):
        return [given] * len(names)
    if isinstance(given, dict):
        unknown = set(given) - set(names)
        if unknown:
            raise ValueError(f"{name}: expected the outputs {names}, got {list(given)}")
        return [given.get(key) for key in names]
    if len(names) == 1:
        return [given[0]] if is_several(given) and len(given) == 1 else [given]
    if not isinstance(given, (list, tuple)) or len(given) != len(names):
        raise ValueError(
            f"{name}: expected a list of {len(names)} arrays, or a dict, for the outputs {names}"
        )
    return list(given)


def _orders(shuffle: bool) -> np.random.Generator | None:
    """Return where the orders of the batches of a data set come from, if they are not to stay."""
    return np.random.Generator(np.random.PCG64(next_seed())) if shuffle else None
