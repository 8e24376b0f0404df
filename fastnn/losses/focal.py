"""Focal losses: cross-entropies that fade as predictions become right.

T.-Y. Lin et al., Focal loss for dense object detection, 2017, arXiv:1708.02002.
"""

from __future__ import annotations

from typing import Any

from numpy.typing import ArrayLike

from ..checks import real_number
from .crossentropy import Crossentropy
from .loss import registry, values_of


class Focal(Crossentropy):
    """Base of focal losses."""

    _arguments = (*Crossentropy._arguments, "alpha", "gamma")

    def __init__(self, alpha: float, gamma: float, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.alpha = real_number(alpha, "alpha")
        self.gamma = real_number(gamma, "gamma", 0)


@registry.add
class BinaryFocalCrossentropy(Focal):
    """`BinaryCrossentropy` times f^gamma for each output, where f is the error of the prediction.

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

    _kernel, _activation = "binary_focal_crossentropy", "sigmoid"
    _arguments = (*Focal._arguments, "apply_class_balancing")

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

    def _parameters(self) -> tuple[float, ...]:
        weights = (self.alpha, 1 - self.alpha) if self.apply_class_balancing else (1.0, 1.0)
        return (self.gamma, *weights)


@registry.add
class CategoricalFocalCrossentropy(Focal):
    """-alpha sum(t (1 - p)^gamma log(p)) over the last axis.

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

    _kernel, _activation = "categorical_focal_crossentropy", "softmax"

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

    def _parameters(self) -> tuple[float, ...]:
        return (self.gamma, self.alpha)


def binary_focal_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    apply_class_balancing: bool = False,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Return the `BinaryFocalCrossentropy` of each sample, without weights or reduction."""
    loss = BinaryFocalCrossentropy(apply_class_balancing, alpha, gamma, from_logits, label_smoothing, axis)
    return values_of(loss, y_true, y_pred)


def categorical_focal_crossentropy(
    y_true: ArrayLike,
    y_pred: ArrayLike,
    alpha: float = 0.25,
    gamma: float = 2.0,
    from_logits: bool = False,
    label_smoothing: float = 0.0,
    axis: int = -1,
) -> Any:
    """Return the `CategoricalFocalCrossentropy` of each sample, without weights or reduction."""
    loss = CategoricalFocalCrossentropy(alpha, gamma, from_logits, label_smoothing, axis)
    return values_of(loss, y_true, y_pred)
