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

from .checks import real_number
from .config import check_floatx
from .kernels import score as _score
from .kernels.score import Score
from .losses import BinaryCrossentropy as _BinaryCrossentropyLoss
from .losses import CategoricalCrossentropy as _CategoricalCrossentropyLoss
from .losses import Loss, as_scored, loss_of_function
from .losses import SparseCategoricalCrossentropy as _SparseCategoricalCrossentropyLoss
from .registry import Registry


class Metric:
    """Base of all metrics: the weighted mean of a value for each sample seen.

    Parameters
    ----------
    dtype : {"float32", "float64"}, optional
        What values of arrays are computed in, by default what the predictions are in; models have their
        own. Sums are kept in double precision.
    name : str, optional
        By default the class in snake_case; the key of the metric in `History`.
    """

    _direction = "up"  # what callbacks with mode="auto" take for better

    def __init__(self, dtype: str | None = None, name: str | None = None) -> None:
        self.name = name or registry.name_of(type(self))
        self.dtype = None if dtype is None else check_floatx(dtype)
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
        labels, predictions, weights = as_scored(self.score, y_true, y_pred, sample_weight, self.dtype)
        total, _, weight = _score.apply(self.score, predictions, labels, weights)
        self._total += total
        self._weight += weight

    def result(self) -> float:
        """Return the mean over all samples counted; 0 before the first."""
        return self._total / self._weight if self._weight else 0.0

    def __call__(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> float:
        """Count samples in and return the result."""
        self.update_state(y_true, y_pred, sample_weight)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {"name": self.name, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a metric of what `get_config` returned."""
        return cls(**config)


registry: Registry[Metric] = Registry("metric", Metric)


@registry.add
class Mean(Metric):
    """The weighted mean of numbers.

    Parameters
    ----------
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> mean = Mean()
    >>> mean.update_state([1.0, 3.0])
    >>> mean.result()
    2.0
    """

    def __init__(self, name: str | None = None, dtype: str | None = None) -> None:
        super().__init__(dtype, name)

    def update_state(self, values: ArrayLike, sample_weight: ArrayLike | None = None) -> None:  # type: ignore[override]
        """Count numbers in, each with a weight of 1 or its own."""
        numbers = np.asarray(values, float)
        try:
            weights = np.broadcast_to(1.0 if sample_weight is None else sample_weight, numbers.shape)
        except ValueError:
            got = np.asarray(sample_weight).shape
            raise ValueError(f"sample_weight: expected shape {numbers.shape}, got {got}") from None
        self._total += float((numbers * weights).sum())
        self._weight += float(weights.sum())


class _MeanOfScore(Metric):
    """What the metrics below share: the order of Keras' arguments."""

    def __init__(self, name: str | None = None, dtype: str | None = None) -> None:
        super().__init__(dtype, name)


@registry.add
class Accuracy(_MeanOfScore):
    """How often predictions equal labels.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    """

    @property
    def score(self) -> Score:
        """The kernel."""
        return Score("accuracy")


@registry.add
class BinaryAccuracy(_MeanOfScore):
    """How often predictions, thresholded, equal labels of 0 and 1.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    threshold : float, default 0.5
        Predictions above it are 1.
    """

    def __init__(self, name: str | None = None, dtype: str | None = None, threshold: float = 0.5) -> None:
        super().__init__(name, dtype)
        self.threshold = real_number(threshold, "threshold")

    @property
    def score(self) -> Score:
        """The kernel."""
        return Score("binary_accuracy", threshold=self.threshold)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"threshold": self.threshold}


@registry.add
class CategoricalAccuracy(_MeanOfScore):
    """How often the largest prediction is that of the largest label.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    """

    @property
    def score(self) -> Score:
        """The kernel."""
        return Score("categorical_accuracy")


@registry.add
class SparseCategoricalAccuracy(_MeanOfScore):
    """How often the largest prediction is that of the label, a class number.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    """

    @property
    def score(self) -> Score:
        """The kernel."""
        return Score("sparse_categorical_accuracy", sparse=True)


@registry.add("mse", "MSE")
class MeanSquaredError(_MeanOfScore):
    """mean((y_true - y_pred)^2).

    Parameters
    ----------
    name, dtype
        See `Metric`.
    """

    _direction = "down"

    @property
    def score(self) -> Score:
        """The kernel."""
        return Score("mean_squared_error")


@registry.add("mae", "MAE")
class MeanAbsoluteError(_MeanOfScore):
    """mean(|y_true - y_pred|).

    Parameters
    ----------
    name, dtype
        See `Metric`.
    """

    _direction = "down"

    @property
    def score(self) -> Score:
        """The kernel."""
        return Score("mean_absolute_error")


class _MeanOfLoss(_MeanOfScore):
    """The mean of a loss."""

    _direction = "down"

    def __init__(self, loss: Loss, name: str | None, dtype: str | None) -> None:
        super().__init__(name, dtype)
        self.loss = loss

    @property
    def score(self) -> Score:
        """The kernel."""
        return self.loss.score

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        own = self.loss.get_config()
        del own["reduction"]
        return own | super().get_config()


@registry.add("bce", "BCE")
class BinaryCrossentropy(_MeanOfLoss):
    """The mean of `losses.BinaryCrossentropy`.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    from_logits, label_smoothing
        See the loss.
    """

    def __init__(
        self,
        name: str | None = None,
        dtype: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(_BinaryCrossentropyLoss(from_logits, label_smoothing), name, dtype)


@registry.add
class CategoricalCrossentropy(_MeanOfLoss):
    """The mean of `losses.CategoricalCrossentropy`.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    from_logits, label_smoothing, axis
        See the loss.
    """

    def __init__(
        self,
        name: str | None = None,
        dtype: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
    ) -> None:
        super().__init__(_CategoricalCrossentropyLoss(from_logits, label_smoothing, axis), name, dtype)


@registry.add
class SparseCategoricalCrossentropy(_MeanOfLoss):
    """The mean of `losses.SparseCategoricalCrossentropy`.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    from_logits, ignore_class, axis
        See the loss. Samples of the class that is ignored are not counted (Keras counts them as zeros
        unless there are sample weights).
    """

    def __init__(
        self,
        name: str | None = None,
        dtype: str | None = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        loss = _SparseCategoricalCrossentropyLoss(from_logits, ignore_class, axis=axis)
        super().__init__(loss, name, dtype)


serialize = registry.serialize
deserialize = registry.deserialize


def get(identifier: Any) -> Any:
    """Return the metric that an argument stands for.

    Parameters
    ----------
    identifier : str, dict, type, Metric, function of fastnn.losses or None
        A name such as "mse"; a config as `serialize` returns it; a class; an object or None, for itself.

    Raises
    ------
    ValueError
        If there is no metric of that name.
    TypeError
        If it is none of these: a plan runs without Python, so it cannot call a Python function.

    Examples
    --------
    >>> get("mae").name
    'mean_absolute_error'
    """
    return registry.get(loss_of_function(identifier) or identifier)


def resolve(identifier: Any, loss: Score, classes: int) -> Metric:
    """Return the metric that an entry of `compile(metrics=...)` means, as Keras resolves it.

    "accuracy" and "acc", in any case, are binary where predictions are one number wide, sparse where labels
    are class numbers, else categorical; "crossentropy" and "ce" follow the same rule. The metric's name is
    the string given.

    Parameters
    ----------
    identifier : str or Metric
    loss : Score
        Of the model's loss: it tells which labels there are.
    classes : int
        Width of the predictions.
    """
    if not isinstance(identifier, str):
        metric: Metric = get(identifier)
        return metric
    family = _FAMILIES.get(identifier.lower())
    if family is None:
        metric = registry.get(identifier)
    else:
        binary, sparse, categorical = family
        metric = (sparse if loss.sparse else binary if classes == 1 else categorical)()
    metric.name = identifier
    return metric


_ACCURACIES = (BinaryAccuracy, SparseCategoricalAccuracy, CategoricalAccuracy)
_CROSSENTROPIES = (BinaryCrossentropy, SparseCategoricalCrossentropy, CategoricalCrossentropy)
_FAMILIES: dict[str, tuple[type[Metric], type[Metric], type[Metric]]] = {
    "accuracy": _ACCURACIES,
    "acc": _ACCURACIES,
    "crossentropy": _CROSSENTROPIES,
    "ce": _CROSSENTROPIES,
}
