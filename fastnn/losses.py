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

# Reductions that do not depend on how rows are split into batches.
MEANS = ("sum_over_batch_size", "mean")
_REDUCTIONS = (*MEANS, "mean_with_sample_weight", "sum", "none", None)


class Loss:
    """Base of all losses: the mean over samples of a value for each.

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
    """

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
        score = self.score
        labels, predictions, weights = as_scored(score, y_true, y_pred, sample_weight, self.dtype)
        if self.reduction in (None, "none"):
            return _score.values(score, predictions, labels, weights)
        total, count, weight = _score.apply(score, predictions, labels, weights)
        divisor = {"sum": 1.0, "mean_with_sample_weight": weight}.get(self.reduction, count)
        return predictions.dtype.type(total / divisor if divisor else 0.0)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {"name": self.name, "reduction": self.reduction, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a loss of what `get_config` returned."""
        return cls(**config)


def as_scored(
    score: Score,
    y_true: ArrayLike,
    y_pred: ArrayLike,
    sample_weight: ArrayLike | None,
    dtype: str | None = None,
) -> tuple[NDArray[Any], NDArray[np.floating], NDArray[np.floating] | None]:
    """Bring labels, predictions and weights into the form that `score`'s kernel takes."""
    predictions = np.asarray(y_pred)
    if dtype is None:
        own = predictions.dtype.name
        dtype = own if own in ("float32", "float64") else config.floatx()
    predictions = as_real(predictions, dtype, "y_pred")
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


class _Plain(Loss):
    """A loss that has the arguments of all losses only, in Keras' order."""

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)


@registry.add("mse", "MSE")
class MeanSquaredError(_Plain):
    """mean((y_true - y_pred)^2) over the last axis.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.
    """

    @property
    def score(self) -> Score:
        """The kernel."""
        return Score("mean_squared_error")


@registry.add("mae", "MAE")
class MeanAbsoluteError(_Plain):
    """mean(|y_true - y_pred|) over the last axis.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.
    """

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
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
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
    from_logits, label_smoothing, axis, reduction, name, dtype
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
    reduction, name, dtype
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
    reduction, name, dtype
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
        reduction: str | None = "sum_over_batch_size",
        axis: int = -1,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
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


serialize = registry.serialize
deserialize = registry.deserialize


def mean_squared_error(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[np.floating]:
    """Return mean((y_true - y_pred)^2) over the last axis, for each sample."""
    return MeanSquaredError(None)(y_true, y_pred)  # type: ignore[return-value]


def mean_absolute_error(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[np.floating]:
    """Return mean(|y_true - y_pred|) over the last axis, for each sample."""
    return MeanAbsoluteError(None)(y_true, y_pred)  # type: ignore[return-value]


def binary_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> NDArray[np.floating]:
    """Return the binary cross-entropy of each sample; see `BinaryCrossentropy`."""
    loss = BinaryCrossentropy(from_logits, label_smoothing, axis, reduction=None)
    return loss(y_true, y_pred)  # type: ignore[return-value]


def categorical_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> NDArray[np.floating]:
    """Return the cross-entropy of each sample; see `CategoricalCrossentropy`."""
    loss = CategoricalCrossentropy(from_logits, label_smoothing, axis, reduction=None)
    return loss(y_true, y_pred)  # type: ignore[return-value]


def sparse_categorical_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> NDArray[np.floating]:
    """Return the cross-entropy of each sample; see `SparseCategoricalCrossentropy`."""
    loss = SparseCategoricalCrossentropy(from_logits, ignore_class, None, axis)
    return loss(y_true, y_pred)  # type: ignore[return-value]


_FUNCTIONS = (
    *(mean_squared_error, mean_absolute_error),
    *(binary_crossentropy, categorical_crossentropy, sparse_categorical_crossentropy),
)


def loss_of_function(identifier: Any) -> str | None:
    """Return the name of the loss that a function of this module computes; None for anything else."""
    return identifier.__name__ if any(identifier is function for function in _FUNCTIONS) else None


def get(identifier: Any) -> Any:
    """Return the loss that an argument stands for.

    Parameters
    ----------
    identifier : str, dict, type, Loss, function of this module or None
        A name such as "mse"; a config as `serialize` returns it; a class; an object or None, for itself.

    Raises
    ------
    ValueError
        If there is no loss of that name.
    TypeError
        If it is none of these: a plan runs without Python, so it cannot call a Python function.

    Examples
    --------
    >>> get("mse").name, get(binary_crossentropy).name
    ('mean_squared_error', 'binary_crossentropy')
    """
    return registry.get(loss_of_function(identifier) or identifier)
