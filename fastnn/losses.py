"""Losses: by name or as objects in `compile`, and as functions of arrays.

A loss says which kernel computes it (`score`); models run that fused with the gradient, and calling the
object runs it on arrays.

>>> import numpy as np
>>> float(MeanSquaredError()(np.array([[0.0, 1.0]]), np.array([[0.0, 3.0]])))
2.0
"""

from __future__ import annotations

from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import config
from .gate import as_classes, as_real
from .kernels import score as _score
from .kernels.score import Score
from .registry import Registry

registry: Registry[Loss]


class Loss:
    """Base of all losses: the mean over samples of a value for each.

    Parameters
    ----------
    reduction : {"sum_over_batch_size", "sum", None}, default "sum_over_batch_size"
        What a call returns: the mean, the sum, or the value of each sample. Models train on the mean.
    name : str, optional
        By default the class in snake_case.
    """

    def __init__(self, reduction: str | None = "sum_over_batch_size", name: str | None = None) -> None:
        if reduction not in ("sum_over_batch_size", "mean", "sum", "none", None):
            raise ValueError(
                f"reduction: expected 'sum_over_batch_size', 'mean', 'sum' or None, got {reduction!r}"
            )
        self.reduction = reduction
        self.name = name or registry.name_of(type(self))

    @property
    def score(self) -> Score:
        """What the kernels compute."""
        raise TypeError(f"{type(self).__name__} defines no score: it cannot be part of a model")

    def __call__(
        self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None
    ) -> np.floating | NDArray[np.floating]:
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
        floating or ndarray
            As `reduction` says.
        """
        labels, predictions, weights = as_scored(self.score, y_true, y_pred, sample_weight)
        if self.reduction in (None, "none"):
            return _score.values(self.score, predictions, labels, weights)
        total, count = _score.apply(self.score, predictions, labels, weights)
        return predictions.dtype.type(total if self.reduction == "sum" else total / max(1, count))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {"reduction": self.reduction, "name": self.name}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a loss of what `get_config` returned."""
        return cls(**config)


def as_scored(
    score: Score, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None
) -> tuple[NDArray[Any], NDArray[np.floating], NDArray[np.floating] | None]:
    """Bring labels, predictions and weights into the form that `score`'s kernel takes."""
    predictions = np.asarray(y_pred)
    dtype = predictions.dtype.name if predictions.dtype.name in ("float32", "float64") else config.floatx()
    predictions = as_real(predictions, dtype, "y_pred")
    if predictions.ndim == 0:
        raise ValueError("y_pred: expected at least one dimension, got a number")
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


def as_labels(y: Any, score: Score, row: tuple[int, ...], dtype: str, name: str = "y") -> NDArray[Any]:
    """Return labels in the form that a score takes for predictions with rows of shape `row`."""
    from .gate import as_rows

    return as_classes(y, row[:-1], name) if score.sparse else as_rows(y, row, dtype, name)


registry = Registry("loss", Loss)


@registry.add("mse", "MSE")
class MeanSquaredError(Loss):
    """mean((y_true - y_pred)^2) over the last axis."""

    @property
    def score(self) -> Score:
        """The kernel."""
        return Score("mean_squared_error")


@registry.add("mae", "MAE")
class MeanAbsoluteError(Loss):
    """mean(|y_true - y_pred|) over the last axis."""

    @property
    def score(self) -> Score:
        """The kernel."""
        return Score("mean_absolute_error")


class _Crossentropy(Loss):
    """What the cross-entropies with labels like the predictions share."""

    kernel: str
    activation: str

    def __init__(
        self,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
    ) -> None:
        super().__init__(reduction, name)
        if not 0 <= label_smoothing <= 1:
            raise ValueError(f"label_smoothing: expected a number from 0 to 1, got {label_smoothing!r}")
        if axis != -1:
            raise ValueError(f"axis: expected -1, the last axis, got {axis!r}")
        self.from_logits = bool(from_logits)
        self.label_smoothing = float(label_smoothing)

    @property
    def score(self) -> Score:
        """The kernel."""
        return Score(
            self.kernel,
            activation=self.activation,
            from_logits=self.from_logits,
            bounded=True,
            label_smoothing=self.label_smoothing,
            clip=0.0 if self.from_logits else config.epsilon(),
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {
            "from_logits": self.from_logits,
            "label_smoothing": self.label_smoothing,
        }


@registry.add("bce", "BCE")
class BinaryCrossentropy(_Crossentropy):
    """-t log(p) - (1 - t) log(1 - p), the mean over the last axis; labels t from 0 to 1.

    Parameters
    ----------
    from_logits, label_smoothing, axis, reduction, name
        See `CategoricalCrossentropy`; smoothing draws labels towards 1/2.

    Examples
    --------
    >>> round(float(BinaryCrossentropy()([[1.0]], [[0.5]])), 4)
    0.6931
    """

    kernel, activation = "binary_crossentropy", "sigmoid"


@registry.add
class CategoricalCrossentropy(_Crossentropy):
    """-sum(t log(p)) over the last axis; labels t are probabilities, such as one-hot rows.

    Parameters
    ----------
    from_logits : bool, default False
        Whether predictions are logits rather than probabilities.
    label_smoothing : float, default 0.0
        From 0 to 1: how far labels are drawn towards the uniform distribution.
    axis : int, default -1
        The axis of the classes; only the last is supported.
    reduction, name
        See `Loss`.

    Notes
    -----
    Probabilities are taken into [1e-7, 1 - 1e-7] before the logarithm, as Keras does. Behind a final
    softmax or sigmoid of the model itself the gradient is the exact p - t, also where p is clipped.

    Examples
    --------
    >>> round(float(CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])), 4)
    0.6931
    """

    kernel, activation = "categorical_crossentropy", "softmax"


@registry.add
class SparseCategoricalCrossentropy(Loss):
    """-log(p[label]): `CategoricalCrossentropy` with class numbers as labels.

    Parameters
    ----------
    from_logits : bool, default False
        Whether predictions are logits rather than probabilities.
    ignore_class : int, optional
        Samples of this class count nothing.
    axis : int, default -1
        The axis of the classes; only the last is supported.
    reduction, name
        See `Loss`.

    Examples
    --------
    >>> loss = SparseCategoricalCrossentropy()
    >>> round(float(loss([1], [[0.5, 0.5]])), 4)
    0.6931
    """

    def __init__(
        self,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
    ) -> None:
        super().__init__(reduction, name)
        if ignore_class is not None and (
            isinstance(ignore_class, bool) or not hasattr(ignore_class, "__index__")
        ):
            raise ValueError(f"ignore_class: expected a class number, got {ignore_class!r}")
        if axis != -1:
            raise ValueError(f"axis: expected -1, the last axis, got {axis!r}")
        self.from_logits = bool(from_logits)
        self.ignore_class = ignore_class

    @property
    def score(self) -> Score:
        """The kernel."""
        return Score(
            "sparse_categorical_crossentropy",
            sparse=True,
            activation="softmax",
            from_logits=self.from_logits,
            clip=0.0 if self.from_logits else config.epsilon(),
            ignore_class=self.ignore_class,
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"from_logits": self.from_logits, "ignore_class": self.ignore_class}


get = registry.get
serialize = registry.serialize
deserialize = registry.deserialize


def mean_squared_error(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[np.floating]:
    """Return mean((y_true - y_pred)^2) over the last axis, for each sample."""
    return MeanSquaredError(None)(y_true, y_pred)  # type: ignore[return-value]


def mean_absolute_error(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[np.floating]:
    """Return mean(|y_true - y_pred|) over the last axis, for each sample."""
    return MeanAbsoluteError(None)(y_true, y_pred)  # type: ignore[return-value]


def binary_crossentropy(
    y_true: ArrayLike, y_pred: ArrayLike, from_logits: bool = False, label_smoothing: float = 0.0
) -> NDArray[np.floating]:
    """Return the binary cross-entropy of each sample; see `BinaryCrossentropy`."""
    return BinaryCrossentropy(from_logits, label_smoothing, reduction=None)(y_true, y_pred)  # type: ignore[return-value]


def categorical_crossentropy(
    y_true: ArrayLike, y_pred: ArrayLike, from_logits: bool = False, label_smoothing: float = 0.0
) -> NDArray[np.floating]:
    """Return the cross-entropy of each sample; see `CategoricalCrossentropy`."""
    return CategoricalCrossentropy(from_logits, label_smoothing, reduction=None)(y_true, y_pred)  # type: ignore[return-value]


def sparse_categorical_crossentropy(
    y_true: ArrayLike, y_pred: ArrayLike, from_logits: bool = False, ignore_class: int | None = None
) -> NDArray[np.floating]:
    """Return the cross-entropy of each sample; see `SparseCategoricalCrossentropy`."""
    return SparseCategoricalCrossentropy(from_logits, ignore_class, reduction=None)(y_true, y_pred)  # type: ignore[return-value]
