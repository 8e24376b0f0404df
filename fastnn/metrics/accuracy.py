"""Accuracies: the share of predictions that are right."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import config
from ..checks import real_number, whole_number
from ..kernels.core.specs import Labels, MetricSpec
from .metric import PlainMetric, registry, values_of


class _Share(PlainMetric):
    """Base of shares of right predictions."""

    _direction = "up"


@registry.add
class Accuracy(_Share):
    """How often predictions equal labels.

    Parameters
    ----------
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> Accuracy()([[1.0], [2.0]], [[1.0], [3.0]])
    0.5
    """

    _flat = (-1, 1)
    _by_element = True

    _spec = MetricSpec("accuracy")


@registry.add
class BinaryAccuracy(_Share):
    """How often predictions, thresholded, equal labels of 0 and 1.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    threshold : float, default 0.5
        Predictions above it are 1.

    Examples
    --------
    >>> BinaryAccuracy()([[0.0], [1.0]], [[0.2], [0.3]])
    0.5
    """

    _flat = (-1, 1)
    _by_element = True
    _arguments = ("threshold",)

    def __init__(self, name: str | None = None, dtype: str | None = None, threshold: float = 0.5) -> None:
        super().__init__(name, dtype)
        self.threshold = real_number(threshold, "threshold")

    @property
    def _spec(self) -> MetricSpec:
        """The kernel that computes the metric."""
        return MetricSpec("binary_accuracy", parameters=(self.threshold,))


@registry.add
class CategoricalAccuracy(_Share):
    """How often the largest prediction is that of the largest label.

    Parameters
    ----------
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> CategoricalAccuracy()([[0.0, 1.0], [1.0, 0.0]], [[0.4, 0.6], [0.3, 0.7]])
    0.5
    """

    _spec = MetricSpec("categorical_accuracy")


@registry.add
class SparseCategoricalAccuracy(_Share):
    """How often the largest prediction is that of the label, a class number.

    Parameters
    ----------
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> SparseCategoricalAccuracy()([1, 0], [[0.4, 0.6], [0.3, 0.7]])
    0.5
    """

    _spec = MetricSpec("sparse_categorical_accuracy", Labels.CLASS)


@registry.add
class TopKCategoricalAccuracy(_Share):
    """How often the class of the largest label is among the k largest predictions.

    Parameters
    ----------
    k : int, default 5
        How many of the highest scores count.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> TopKCategoricalAccuracy(k=2)([[0, 0, 1], [0, 1, 0]], [[0.1, 0.9, 0.8], [0.5, 0.1, 0.4]])
    0.5
    """

    _arguments = ("k",)

    def __init__(self, k: int = 5, name: str | None = None, dtype: str | None = None) -> None:
        super().__init__(name, dtype)
        self.k = whole_number(k, "k", 1)

    @property
    def _spec(self) -> MetricSpec:
        """The kernel that computes the metric."""
        return MetricSpec("top_k_categorical_accuracy", parameters=(self.k,))


@registry.add
class SparseTopKCategoricalAccuracy(_Share):
    """How often the label, a class number, is among the k largest predictions.

    Parameters
    ----------
    k : int, default 5
        How many of the highest scores count.
    name, dtype
        See `Metric`.
    from_sorted_ids : bool, default False
        Whether predictions are class numbers, the likeliest first, rather than a number for each class.

    Examples
    --------
    >>> SparseTopKCategoricalAccuracy(k=2)([2, 1], [[0.1, 0.9, 0.8], [0.5, 0.1, 0.4]])
    0.5
    >>> SparseTopKCategoricalAccuracy(k=2, from_sorted_ids=True)([2, 1], [[1, 2, 0], [0, 2, 1]])
    0.5
    """

    _arguments = ("k", "from_sorted_ids")

    def __init__(
        self,
        k: int = 5,
        name: str | None = None,
        dtype: str | None = None,
        from_sorted_ids: bool = False,
    ) -> None:
        super().__init__(name, dtype)
        self.k, self.from_sorted_ids = whole_number(k, "k", 1), bool(from_sorted_ids)

    @property
    def _spec(self) -> MetricSpec:
        """The kernel that computes the metric."""
        if self.from_sorted_ids:
            return MetricSpec("sparse_top_k_sorted_accuracy", Labels.ANY_CLASS, (self.k,))
        return MetricSpec("sparse_top_k_categorical_accuracy", Labels.CLASS, (self.k,))


def binary_accuracy(y_true: ArrayLike, y_pred: ArrayLike, threshold: float = 0.5) -> NDArray[np.floating]:
    """Return 1 where a prediction, thresholded, equals its label, else 0."""
    right = np.equal(y_true, np.greater(y_pred, threshold))
    return right.astype(config.floatx())


def categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[np.floating]:
    """Return 1 for each sample whose largest prediction is that of the largest label, else 0."""
    return values_of(CategoricalAccuracy(), y_true, y_pred)


def sparse_categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[np.floating]:
    """Return 1 for each sample whose largest prediction is that of the label, a class number, else 0."""
    return values_of(SparseCategoricalAccuracy(), y_true, y_pred)


def top_k_categorical_accuracy(y_true: ArrayLike, y_pred: ArrayLike, k: int = 5) -> NDArray[np.floating]:
    """Return 1 for each sample whose class is among the k largest predictions, else 0."""
    return values_of(TopKCategoricalAccuracy(k), y_true, y_pred)


def sparse_top_k_categorical_accuracy(
    y_true: ArrayLike, y_pred: ArrayLike, k: int = 5, from_sorted_ids: bool = False
) -> NDArray[np.floating]:
    """Return 1 for each sample whose class number is among the k largest predictions, else 0."""
    return values_of(SparseTopKCategoricalAccuracy(k, from_sorted_ids=from_sorted_ids), y_true, y_pred)
