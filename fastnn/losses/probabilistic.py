"""Losses of probabilities: cross-entropies, their focal forms, divergence, and counts."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import config
from ..checks import real_number
from ..kernels.core.specs import Labels, LossSpec
from .loss import Loss, PlainLoss, registry, values_of


def of_predictions(from_logits: bool, kernel: str, activation: str, **settings: Any) -> LossSpec:
    """Return the spec of a cross-entropy of logits, or of the probabilities of a final activation."""
    if from_logits:
        return LossSpec(f"{kernel}_logits", **settings)
    return LossSpec(kernel, activation=activation, clip=config.epsilon(), **settings)


class _Crossentropy(Loss):
    """What the cross-entropies with labels like the predictions share."""

    kernel: str
    activation: str
    _parameters: tuple[float, ...] = ()

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
    def spec(self) -> LossSpec:
        """The kernel."""
        return of_predictions(
            self.from_logits,
            self.kernel,
            self.activation,
            labels=Labels.PROBABILITY,
            label_smoothing=self.label_smoothing,
            parameters=self._parameters,
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
    def spec(self) -> LossSpec:
        """The kernel."""
        return of_predictions(
            self.from_logits,
            "sparse_categorical_crossentropy",
            "softmax",
            labels=Labels.CLASS,
            ignore_class=self.ignore_class,
        )

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"from_logits": self.from_logits, "ignore_class": self.ignore_class}


class _Focal(_Crossentropy):
    """What the focal losses share."""

    def __init__(self, alpha: float, gamma: float, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.alpha = real_number(alpha, "alpha")
        self.gamma = real_number(gamma, "gamma", 0)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"alpha": self.alpha, "gamma": self.gamma}


@registry.add
class BinaryFocalCrossentropy(_Focal):
    """`BinaryCrossentropy` times f^gamma for each output, where f is how far the prediction is off.

    T.-Y. Lin et al., Focal loss for dense object detection, 2017, arXiv:1708.02002.

    Parameters
    ----------
    apply_class_balancing : bool, default False
        Whether label 1 weighs alpha and label 0 weighs 1 - alpha, rather than both 1.
    alpha : float, default 0.25
        See `apply_class_balancing`.
    gamma : float, default 2.0
        How fast the loss fades as predictions become right.
    from_logits, label_smoothing, axis, reduction, name, dtype
        See `BinaryCrossentropy`.

    Examples
    --------
    >>> round(float(BinaryFocalCrossentropy()([[1.0]], [[0.5]])), 4)
    0.1733
    """

    kernel, activation = "binary_focal_crossentropy", "sigmoid"

    def __init__(
        self,
        apply_class_balancing: bool = False,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(alpha, gamma, from_logits, label_smoothing, axis, reduction, name, dtype)
        self.apply_class_balancing = bool(apply_class_balancing)

    @property
    def _parameters(self) -> tuple[float, ...]:  # type: ignore[override]
        weights = (self.alpha, 1 - self.alpha) if self.apply_class_balancing else (1.0, 1.0)
        return (self.gamma, *weights)

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"apply_class_balancing": self.apply_class_balancing}


@registry.add
class CategoricalFocalCrossentropy(_Focal):
    """-alpha sum(t (1 - p)^gamma log(p)) over the last axis: a cross-entropy that fades where it is small.

    T.-Y. Lin et al., Focal loss for dense object detection, 2017, arXiv:1708.02002.

    Parameters
    ----------
    alpha : float, default 0.25
        A factor of the loss. (Keras takes one for each class as well.)
    gamma : float, default 2.0
        How fast the loss fades as predictions become right.
    from_logits, label_smoothing, axis, reduction, name, dtype
        See `CategoricalCrossentropy`.

    Examples
    --------
    >>> round(float(CategoricalFocalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]])), 4)
    0.0433
    """

    kernel, activation = "categorical_focal_crossentropy", "softmax"

    def __init__(
        self,
        alpha: float = 0.25,
        gamma: float = 2.0,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(alpha, gamma, from_logits, label_smoothing, axis, reduction, name, dtype)

    @property
    def _parameters(self) -> tuple[float, ...]:  # type: ignore[override]
        return (self.gamma, self.alpha)


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
        chosen = np.eye(y_pred.shape[-1])[np.asarray(y_true, np.int64).reshape(y_pred.shape[:-1])]
        return (1 - (y_pred * chosen).sum(-1) ** self.q) / self.q

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {"q": self.q}


@registry.add("kld", "KLD", "kullback_leibler_divergence")
class KLDivergence(PlainLoss):
    """sum(y_true log(y_true / y_pred)) over the last axis, both taken into [1e-7, 1].

    S. Kullback and R. A. Leibler, On information and sufficiency, Annals of Mathematical Statistics 22, 1951.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> round(float(KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]])), 4)
    0.1438
    """

    kernel = "kl_divergence"


@registry.add
class Poisson(PlainLoss):
    """mean(y_pred - y_true log(y_pred + 1e-7)) over the last axis: labels are counts.

    Parameters
    ----------
    reduction, name, dtype
        See `Loss`.

    Examples
    --------
    >>> round(float(Poisson()([[1.0, 2.0]], [[1.0, 2.0]])), 4)
    0.8069
    """

    kernel = "poisson"


def binary_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> NDArray[np.floating]:
    """Return the binary cross-entropy of each sample; see `BinaryCrossentropy`."""
    return values_of(BinaryCrossentropy(from_logits, label_smoothing, axis), y_true, y_pred)


def binary_focal_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> NDArray[np.floating]:
    """Return the binary focal cross-entropy of each sample; see `BinaryFocalCrossentropy`."""
    loss = BinaryFocalCrossentropy(apply_class_balancing, alpha, gamma, from_logits, label_smoothing, axis)
    return values_of(loss, y_true, y_pred)


def categorical_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> NDArray[np.floating]:
    """Return the cross-entropy of each sample; see `CategoricalCrossentropy`."""
    return values_of(CategoricalCrossentropy(from_logits, label_smoothing, axis), y_true, y_pred)


def categorical_focal_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> NDArray[np.floating]:
    """Return the focal cross-entropy of each sample; see `CategoricalFocalCrossentropy`."""
    return values_of(
        CategoricalFocalCrossentropy(alpha, gamma, from_logits, label_smoothing, axis), y_true, y_pred
    )


def sparse_categorical_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    from_logits: bool = False,
    ignore_class: int | None = None,
    axis: int = -1,
) -> NDArray[np.floating]:
    """Return the cross-entropy of each sample; see `SparseCategoricalCrossentropy`."""
    return values_of(SparseCategoricalCrossentropy(from_logits, ignore_class, axis=axis), y_true, y_pred)


def categorical_generalized_cross_entropy(
    y_true: ArrayLike, y_pred: ArrayLike, q: float
) -> NDArray[np.floating]:
    """Return the generalized cross-entropy of each sample; see `CategoricalGeneralizedCrossEntropy`."""
    return CategoricalGeneralizedCrossEntropy(q, None)(y_true, y_pred)  # type: ignore[no-any-return]


def kl_divergence(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[np.floating]:
    """Return the divergence of each sample; see `KLDivergence`."""
    return values_of(KLDivergence(), y_true, y_pred)


def poisson(y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[np.floating]:
    """Return the Poisson loss of each sample; see `Poisson`."""
    return values_of(Poisson(), y_true, y_pred)
