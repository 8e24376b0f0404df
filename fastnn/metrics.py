"""Metrics: by name or as objects in `compile`, and as running means over arrays.

>>> metric = BinaryAccuracy()
>>> metric.update_state([[0.0], [1.0]], [[0.2], [0.3]])
>>> metric.result()
0.5
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike

from .kernels import score as _score
from .kernels.score import Score
from .losses import (
    BinaryCrossentropy as _BinaryCrossentropyLoss,
)
from .losses import (
    CategoricalCrossentropy as _CategoricalCrossentropyLoss,
)
from .losses import (
    SparseCategoricalCrossentropy as _SparseCategoricalCrossentropyLoss,
)
from .losses import (
    as_scored,
)
from .registry import Registry


class Metric:
    """Base of all metrics: the weighted mean of a value for each sample seen.

    Parameters
    ----------
    name : str, optional
        By default the class in snake_case; the key of the metric in `History`.
    """

    _direction = "up"  # what callbacks with mode="auto" take for better

    def __init__(self, name: str | None = None) -> None:
        self.name = name or registry.name_of(type(self))
        self.reset_state()

    @property
    def score(self) -> Score:
        """What the kernels compute."""
        raise TypeError(f"{type(self).__name__} defines no score: it cannot be part of a model")

    def reset_state(self) -> None:
        """Forget all samples."""
        self._total, self._weight = 0.0, 0.0

    def update_state(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> None:
        """Count samples in.

        Parameters
        ----------
        y_true : array_like
            Labels.
        y_pred : array_like, shape (..., n)
            Predictions.
        sample_weight : array_like, optional
            A factor for each sample.
        """
        labels, predictions, weights = as_scored(self.score, y_true, y_pred, sample_weight)
        total, count = _score.apply(self.score, predictions, labels, weights)
        self._total += total
        self._weight += count if weights is None else float(weights.sum())

    def result(self) -> float:
        """Return the mean over all samples counted; 0 before the first."""
        return self._total / self._weight if self._weight else 0.0

    def __call__(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Count samples in and return the result."""
        self.update_state(y_true, y_pred, sample_weight)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {"name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a metric of what `get_config` returned."""
        return cls(**config)


registry: Registry[Metric] = Registry("metric", Metric)


@registry.add
class Mean(Metric):
    """The weighted mean of numbers.

    Examples
    --------
    >>> mean = Mean()
    >>> mean.update_state([1.0, 3.0])
    >>> mean.result()
    2.0
    """

    def update_state(self, values: ArrayLike, sample_weight: ArrayLike | None = None) -> None:  # type: ignore[override]
        """Count numbers in, each with a weight of 1 or its own."""
        numbers = np.asarray(values, float)
        weights = (
            np.ones_like(numbers) if sample_weight is None else np.broadcast_to(sample_weight, numbers.shape)
        )
        self._total += float((numbers * weights).sum())
        self._weight += float(weights.sum())


@registry.add
class Accuracy(Metric):
    """How often predictions equal labels."""

    @property
    def score(self) -> Score:
        """The kernel."""
        return Score("accuracy")


@registry.add
class BinaryAccuracy(Metric):
    """How often predictions, thresholded, equal labels of 0 and 1.

    Parameters
    ----------
    name : str, optional
        See `Metric`.
    threshold : float, default 0.5
        Predictions above it are 1.
    """

    def __init__(self, name: str | None = None, threshold: float = 0.5) -> None:
        super().__init__(name)
        self.threshold = float(threshold)

    @property
    def score(self) -> Score:
        """The kernel."""
        return Score("binary_accuracy", threshold=self.threshold)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"threshold": self.threshold}


@registry.add
class CategoricalAccuracy(Metric):
    """How often the largest prediction is that of the largest label."""

    @property
    def score(self) -> Score:
        """The kernel."""
        return Score("categorical_accuracy")


@registry.add
class SparseCategoricalAccuracy(Metric):
    """How often the largest prediction is that of the label, a class number."""

    @property
    def score(self) -> Score:
        """The kernel."""
        return Score("sparse_categorical_accuracy", sparse=True)


@registry.add("mse", "MSE")
class MeanSquaredError(Metric):
    """mean((y_true - y_pred)^2)."""

    _direction = "down"

    @property
    def score(self) -> Score:
        """The kernel."""
        return Score("mean_squared_error")


@registry.add("mae", "MAE")
class MeanAbsoluteError(Metric):
    """mean(|y_true - y_pred|)."""

    _direction = "down"

    @property
    def score(self) -> Score:
        """The kernel."""
        return Score("mean_absolute_error")


@registry.add("bce", "BCE")
class BinaryCrossentropy(Metric):
    """The mean of `losses.BinaryCrossentropy`."""

    _direction = "down"

    def __init__(
        self, name: str | None = None, from_logits: bool = False, label_smoothing: float = 0.0
    ) -> None:
        super().__init__(name)
        self.loss = _BinaryCrossentropyLoss(from_logits, label_smoothing)

    @property
    def score(self) -> Score:
        """The kernel."""
        return self.loss.score


@registry.add
class CategoricalCrossentropy(Metric):
    """The mean of `losses.CategoricalCrossentropy`."""

    _direction = "down"

    def __init__(
        self, name: str | None = None, from_logits: bool = False, label_smoothing: float = 0.0
    ) -> None:
        super().__init__(name)
        self.loss = _CategoricalCrossentropyLoss(from_logits, label_smoothing)

    @property
    def score(self) -> Score:
        """The kernel."""
        return self.loss.score


@registry.add
class SparseCategoricalCrossentropy(Metric):
    """The mean of `losses.SparseCategoricalCrossentropy`."""

    _direction = "down"

    def __init__(self, name: str | None = None, from_logits: bool = False) -> None:
        super().__init__(name)
        self.loss = _SparseCategoricalCrossentropyLoss(from_logits)

    @property
    def score(self) -> Score:
        """The kernel."""
        return self.loss.score


get = registry.get
serialize = registry.serialize
deserialize = registry.deserialize


def resolve(identifier: Any, loss: Score, classes: int) -> Metric:
    """Return the metric that an entry of `compile(metrics=...)` means, as Keras resolves it.

    "accuracy" is binary where predictions are one number wide, sparse where labels are class numbers,
    else categorical; "crossentropy" follows the same rule. The metric's name is the string given.

    Parameters
    ----------
    identifier : str or Metric
    loss : Score
        Of the model's loss: it tells which labels there are.
    classes : int
        Width of the predictions.
    """
    if isinstance(identifier, str):
        families: dict[str, tuple[type[Metric], type[Metric], type[Metric]]] = {
            "accuracy": (BinaryAccuracy, SparseCategoricalAccuracy, CategoricalAccuracy),
            "crossentropy": (BinaryCrossentropy, SparseCategoricalCrossentropy, CategoricalCrossentropy),
        }
        families["acc"], families["ce"] = families["accuracy"], families["crossentropy"]
        if identifier in families:
            binary, sparse, categorical = families[identifier]
            kind = sparse if loss.sparse else binary if classes == 1 else categorical
            return kind(name=identifier)
        named: Metric = registry.get(identifier)
        named.name = identifier
        return named
    metric: Metric = registry.get(identifier)
    return metric
