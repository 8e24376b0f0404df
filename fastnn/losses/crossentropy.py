"""Cross-entropies between labels and predicted probabilities."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike

from .. import config
from ..checks import real_number, whole_number
from ..data.validation import as_labels
from ..kernels.core.specs import Labels, LossSpec
from .loss import Loss, registry, values_of


class Crossentropy(Loss):
    """Base of cross-entropies whose labels have the shape of the predictions."""

    _kernel: ClassVar[str]
    _activation: ClassVar[str]
    _arguments: ClassVar[tuple[str, ...]] = ("from_logits", "label_smoothing", "axis")

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
        self.axis = whole_number(axis, "axis", -32, 31)
        self.from_logits = bool(from_logits)
        self.label_smoothing = float(label_smoothing)

    @property
    def _spec(self) -> LossSpec:
        """The kernel that computes the loss."""
        return crossentropy_spec(
            self.from_logits,
            self._kernel,
            self._activation,
            labels=Labels.PROBABILITY,
            label_smoothing=self.label_smoothing,
            axis=self.axis,
            parameters=self._parameters(),
        )

    def _parameters(self) -> tuple[float, ...]:
        """Return the kernel's own parameters."""
        return ()


def crossentropy_spec(from_logits: bool, kernel: str, activation: str, **settings: Any) -> LossSpec:
    """Return the spec of a cross-entropy of logits, or of the probabilities of a final activation."""
    if from_logits:
        return LossSpec(f"{kernel}_logits", **settings)
    return LossSpec(kernel, activation=activation, clip=config.epsilon(), **settings)


@registry.add("bce", "BCE")
class BinaryCrossentropy(Crossentropy):
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

    _kernel, _activation = "binary_crossentropy", "sigmoid"


@registry.add
class CategoricalCrossentropy(Crossentropy):
    """-sum(t log(p)) over the last axis; labels t are probabilities, such as one-hot rows.

    Parameters
    ----------
    from_logits : bool, default False
        Whether predictions are logits rather than probabilities.
    label_smoothing : float, default 0.0
        From 0 to 1: how far labels are drawn towards the uniform distribution.
    axis : int, default -1
        The axis of the classes.
    reduction, name, dtype
        See `Loss`.

    Notes
    -----
    Probabilities are clipped to [1e-7, 1 - 1e-7] before the logarithm, as in Keras. Behind a final softmax
    or sigmoid of the model itself the gradient is the exact p - t, also where p is clipped.

    Examples
    --------
    >>> round(float(CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])), 4)
    0.6931
    """

    _kernel, _activation = "categorical_crossentropy", "softmax"


@registry.add
class SparseCategoricalCrossentropy(Loss):
    """-log(p[label]): `CategoricalCrossentropy` with class numbers as labels.

    Parameters
    ----------
    from_logits : bool, default False
        Whether predictions are logits rather than probabilities.
    ignore_class : int, optional
        Samples of this class do not count.
    axis : int, default -1
        The axis of the classes.
    reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> loss = SparseCategoricalCrossentropy()
    >>> round(float(loss([1], [[0.5, 0.5]])), 4)
    0.6931
    """

    _arguments = ("from_logits", "ignore_class", "axis")

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
        self.axis = whole_number(axis, "axis", -32, 31)
        self.from_logits = bool(from_logits)
        self.ignore_class = ignore_class

    @property
    def _spec(self) -> LossSpec:
        """The kernel that computes the loss."""
        return crossentropy_spec(
            self.from_logits,
            "sparse_categorical_crossentropy",
            "softmax",
            labels=Labels.CLASS,
            ignore_class=self.ignore_class,
            axis=self.axis,
        )


@registry.add
class CategoricalGeneralizedCrossEntropy(Loss):
    """(1 - p^q) / q, where p is the probability of the label, a class number.

    Z. Zhang and M. Sabuncu, Generalized cross entropy loss for training deep neural networks with noisy
    labels, 2018, arXiv:1805.07836.

    Parameters
    ----------
    q : float, default 0.5
        Between 0, the cross-entropy, and 1, the absolute error.
    reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> float(CategoricalGeneralizedCrossEntropy()([1], [[0.75, 0.25]]))
    1.0
    """

    _arguments = ("q",)

    def __init__(
        self,
        q: float = 0.5,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)
        self.q = real_number(q, "q")
        if not 0 < self.q < 1:
            raise ValueError(f"q: expected a number between 0 and 1, got {q!r}")

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the value of each sample; see `Loss`."""
        count = y_pred.shape[-1]
        classes = as_labels(np.asarray(y_true), True, y_pred.shape[1:], config.floatx(), "y_true")
        for row in np.argwhere((classes < 0) | (classes >= count)):
            value = classes[tuple(row)]
            raise ValueError(
                f"y_true: expected class numbers from 0 to {count - 1}, got {value} in row {row[0]}"
            )
        chosen = np.eye(count)[classes]
        return (1 - (y_pred * chosen).sum(-1) ** self.q) / self.q


def binary_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Return the `BinaryCrossentropy` of each sample, without weights or reduction."""
    return values_of(BinaryCrossentropy(from_logits, label_smoothing, axis), y_true, y_pred)


def categorical_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Return the `CategoricalCrossentropy` of each sample, without weights or reduction."""
    return values_of(CategoricalCrossentropy(from_logits, label_smoothing, axis), y_true, y_pred)


def sparse_categorical_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> Any:
    """Return the `SparseCategoricalCrossentropy` of each sample, without weights or reduction."""
    return values_of(SparseCategoricalCrossentropy(from_logits, ignore_class, axis=axis), y_true, y_pred)


def categorical_generalized_cross_entropy(y_true: ArrayLike, y_pred: ArrayLike, q: float) -> Any:
    """Return the `CategoricalGeneralizedCrossEntropy` of each sample, without weights or reduction."""
    return CategoricalGeneralizedCrossEntropy(q, None)(y_true, y_pred)
