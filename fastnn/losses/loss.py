"""What all losses have in common: their reductions, weights and names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import config
from ..autograd import Tensor
from ..data.validation import as_classes, as_real, as_samples
from ..kernels.ops import loss_metric as _score
from ..kernels.ops.loss_metric import Score
from ..registry import Registry
from . import custom

registry: Registry[Loss]

# Reductions that do not depend on how rows are split into batches.
MEANS = ("sum_over_batch_size", "mean")
_REDUCTIONS = (*MEANS, "mean_with_sample_weight", "sum", "none", None)


class Loss:
    """Base of all losses: the mean over samples of a value for each.

    A loss of this package says which kernel computes it (`score`): models run that fused with the gradient,
    and a call runs it on arrays. A loss of your own defines `call`.

    Parameters
    ----------
    name : str, optional
        By default the class in snake_case.
    reduction : str or None, default "sum_over_batch_size"
        What the weighted values become: with that or "mean" their sum over their number, with
        "mean_with_sample_weight" their sum over that of the weights, with "sum" their sum; with None or
        "none" a call returns them as they are, and no model can train on them.
    dtype : {"float32", "float64"}, optional
        What a call on arrays computes in; by default what the predictions are in. Models have their own.

    Examples
    --------
    >>> class Bias(Loss):
    ...     def call(self, y_true, y_pred):
    ...         return (y_pred - y_true).mean(-1)
    >>> float(Bias()([[1.0, 2.0]], [[2.0, 2.0]]))
    0.5
    """

    sparse = False  # whether one that defines `call` gets class numbers

    def __init__(
        self,
        name: str | None = None,
        reduction: str | None = "sum_over_batch_size",
        dtype: str | None = None,
    ) -> None:
        if reduction not in _REDUCTIONS:
            raise ValueError(f"reduction: expected one of {_REDUCTIONS}, got {reduction!r}")
        self.reduction = reduction
        self.name = name or registry.name_of(type(self))
        self.dtype = None if dtype is None else config.check_floatx(dtype)

    @property
    def score(self) -> Score:
        """What the kernels compute, or for a loss that defines `call` that."""
        return custom.loss_score(self)

    @property
    def by_batch(self) -> bool:
        """Whether the loss of all rows depends on how they are split into batches."""
        score = self.score
        special = score.ignore_class is not None or score.root or score.function is not None
        return special or self.reduction not in MEANS

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the value of each sample, without weights.

        Parameters
        ----------
        y_true : array_like
            Labels.
        y_pred : array_like, shape (..., n)
            Predictions.

        Returns
        -------
        ndarray, shape (...)
        """
        score = self.score
        labels, predictions, _ = as_scored(score, y_true, y_pred, None, self.dtype)
        values = _score.values(score, predictions, labels)
        return np.sqrt(values) if score.root else values

    def __call__(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> Any:
        """Return the loss of predictions.

        Parameters
        ----------
        y_true : array_like
            Labels: like `y_pred`, or class numbers where the loss is sparse.
        y_pred : array_like, shape (..., n)
            Predictions.
        sample_weight : array_like, optional
            A factor for each sample, of the shape of `y_pred` without its last axis.

        Returns
        -------
        floating, ndarray or Tensor
            As `reduction` says; a `Tensor` of tensors, whose `backward` differentiates it. A loss that is the
            same with its arguments in each other's place takes the predictions first, too.
        """
        if isinstance(y_pred, Tensor) or isinstance(y_true, Tensor):
            return custom.loss_on_tape(self, y_true, y_pred, sample_weight)
        if type(self).score is Loss.score or self.reduction in (None, "none"):
            return self._reduced(y_true, y_pred, sample_weight)
        score = self.score
        labels, predictions, weights = as_scored(score, y_true, y_pred, sample_weight, self.dtype)
        total, count, weight = _score.apply(score, predictions, labels, weights)
        divisor = {"sum": 1.0, "mean_with_sample_weight": weight}.get(self.reduction or "", count)
        value = total / divisor if divisor else 0.0
        return predictions.dtype.type(np.sqrt(value) if score.root else value)

    def _reduced(self, y_true: Any, y_pred: Any, sample_weight: ArrayLike | None) -> Any:
        """Return what becomes of the values that `call` returns."""
        predictions = as_real(y_pred, self.dtype or _dtype_of(y_pred), "y_pred")
        values = np.asarray(self.call(np.asarray(y_true), predictions))
        weights = None
        if sample_weight is not None:
            weights = as_real(sample_weight, predictions.dtype.name, "sample_weight")
            if weights.ndim == values.ndim + 1 and weights.shape[-1] == 1:
                weights = weights[..., 0]
            try:
                values = values * weights
            except ValueError:
                raise ValueError(
                    f"sample_weight: expected shape {values.shape}, got {weights.shape}"
                ) from None
        if self.reduction in (None, "none"):
            return values
        if not values.size:
            return predictions.dtype.type(0)
        if self.reduction == "sum":
            return values.sum()
        if self.reduction == "mean_with_sample_weight" and weights is not None:
            return values.sum() / np.broadcast_to(weights, values.shape).sum()
        return values.mean()

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {"name": self.name, "reduction": self.reduction, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a loss of what `get_config` returned."""
        return cls(**config)


def values_of(loss: Loss, y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[np.floating]:
    """Return the value of each sample."""
    values: NDArray[np.floating] = loss.call(y_true, y_pred)
    return values


def as_scored(
    score: Score,
    y_true: ArrayLike,
    y_pred: ArrayLike,
    sample_weight: ArrayLike | None,
    dtype: str | None = None,
) -> tuple[NDArray[Any], NDArray[np.floating], NDArray[np.floating] | None]:
    """Bring labels, predictions and weights into the form that `score`'s kernel takes."""
    dtype = dtype or _dtype_of(y_pred)
    predictions = as_real(y_pred, dtype, "y_pred")
    labels = as_labels(y_true, score, predictions.shape[1:], dtype, "y_true")
    if len(labels) != len(predictions):
        raise ValueError(f"y_true, y_pred: expected equal lengths, got {len(labels)} and {len(predictions)}")
    if sample_weight is None:
        return labels, predictions, None
    weights = as_real(sample_weight, dtype, "sample_weight")
    try:
        weights = np.ascontiguousarray(np.broadcast_to(weights, predictions.shape[:-1]))
    except ValueError:
        raise ValueError(
            f"sample_weight: expected shape {predictions.shape[:-1]}, got {weights.shape}"
        ) from None
    return labels, predictions, weights


def _dtype_of(y_pred: Any) -> str:
    own = np.asarray(y_pred).dtype.name
    return own if own in ("float32", "float64") else config.floatx()


def as_labels(y: Any, score: Score, row: tuple[int, ...], dtype: str, name: str = "y") -> NDArray[Any]:
    """Return labels in the form that a score takes for predictions with rows of shape `row`."""
    return as_classes(y, row[:-1], name) if score.sparse else as_samples(y, row, dtype, name)


registry = Registry("loss", Loss, "fastnn.losses")


class FunctionLoss(Loss):
    """A function as a loss.

    Parameters
    ----------
    fn : callable
        ``fn(y_true, y_pred)``, of an array and a `fastnn.Tensor`; a value for each sample, or one for the
        batch.
    reduction, name, dtype
        See `Loss`.
    """

    def __init__(
        self,
        fn: Callable[[Any, Any], Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(name or getattr(fn, "__name__", None), reduction, dtype)
        self.fn = fn

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return what the function does."""
        return self.fn(y_true, y_pred)


class PlainLoss(Loss):
    """A loss that has the arguments of all losses only, in Keras' order."""

    kernel: str

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    @property
    def score(self) -> Score:
        """The kernel."""
        return Score(self.kernel, clip=config.epsilon())
