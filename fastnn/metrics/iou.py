"""Intersection over union of predicted and true classes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from ..checks import real_number, whole_number
from ..config import epsilon
from ..kernels.core.specs import Labels, MetricSpec, Tally
from .metric import Metric, registry

Numbers = NDArray[np.float64]

MAX_CLASSES = 46_340  # whose squares fit into 32 bits


class _MeanOverlap(Metric):
    """Base of the mean over some classes of TP / (TP + FP + FN)."""

    _direction = "up"
    _variable_names: ClassVar[dict[str, str]] = {"total_cm": "total_confusion_matrix"}

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: str | None = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        super().__init__(dtype, name)
        self.num_classes = whole_number(num_classes, "num_classes", 1, MAX_CLASSES)
        ids = target_class_ids
        if not isinstance(ids, range):  # which is all classes, of which a file may name any number
            ids = [whole_number(i, "target_class_ids") for i in ids]
        if not ids or max(ids) >= num_classes:
            raise ValueError(
                f"target_class_ids: expected classes below {num_classes}, got {target_class_ids!r}"
            )
        self.axis = whole_number(axis, "axis", -32, 31)
        self.target_class_ids, self.ignore_class = ids, ignore_class
        self.sparse_y_true, self.sparse_y_pred = bool(sparse_y_true), bool(sparse_y_pred)

    @property
    def _by_element(self) -> bool:  # type: ignore[override]
        """Whether each prediction is a class, rather than a number for a class."""
        return self.sparse_y_pred

    @property
    def _flat(self) -> tuple[int, int] | None:  # type: ignore[override]
        """Samples of one class number; predictions with a number for each class are one sample."""
        return (-1, 1) if self.sparse_y_pred else None

    @property
    def _spec(self) -> MetricSpec:
        """The kernel that computes the metric."""
        kernel, labels = "pair_numbers", Labels.REAL
        if not self.sparse_y_pred and self.sparse_y_true:
            kernel, labels = "pair_sparse_categorical", Labels.ANY_CLASS
        elif not self.sparse_y_pred:
            kernel = "pair_categorical"
        axis = -1 if self.sparse_y_pred else self.axis
        return MetricSpec(
            kernel, labels, (self.num_classes,), ignore_class=self.ignore_class, tally=Tally(), axis=axis
        )

    def _zeros(self, width: int) -> Numbers:
        """Return the state before the first sample: how often each class is predicted as each."""
        return np.zeros(self.num_classes**2)

    def _named_state(self, state: Numbers) -> dict[str, Any]:
        """Return how often each class, a row, is predicted as each, a column."""
        return {"total_cm": state.reshape(self.num_classes, -1)}

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Update the state with samples; see `Metric`."""
        if self.sparse_y_pred and not self.sparse_y_true:
            y_true = np.argmax(y_true, self.axis)
        super().update_state(y_true, y_pred, sample_weight)

    def _read(self, state: Numbers) -> Any:
        """Return the mean over the classes that occur; 0 before the first sample."""
        pairs = state.reshape(self.num_classes, -1)
        common = pairs.diagonal()[self.target_class_ids]
        union = (pairs.sum(0) + pairs.sum(1) - pairs.diagonal())[self.target_class_ids]
        occurs = union > 1e-9
        return float((common / (union + epsilon()))[occurs].sum() / (occurs.sum() + epsilon()))


@registry.add
class IoU(_MeanOverlap):
    """TP / (TP + FP + FN), the mean over some classes.

    Parameters
    ----------
    num_classes : int
        The number of classes.
    target_class_ids : sequence of int
        The classes to take the mean over; those that do not occur are left out.
    name, dtype
        See `Metric`.
    ignore_class : int, optional
        Samples of this class do not count.
    sparse_y_true, sparse_y_pred : bool, default True
        Whether labels, and predictions, are class numbers, rather than a number for each class.
    axis : int, default -1
        The axis of the classes, where labels or predictions have one.

    Examples
    --------
    >>> round(IoU(num_classes=2, target_class_ids=[0])([0, 0, 1, 1], [0, 1, 0, 1]), 4)
    0.3333
    """

    _arguments = ("num_classes", "target_class_ids", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")


@registry.add
class BinaryIoU(_MeanOverlap):
    """`IoU` of two classes, 1 where predictions reach a threshold.

    Parameters
    ----------
    target_class_ids : sequence of int, default (0, 1)
        The classes to take the mean over.
    threshold : float, default 0.5
        Predictions from it on are class 1.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> round(BinaryIoU(threshold=0.3)([0, 1, 0, 1], [0.1, 0.2, 0.4, 0.7]), 4)
    0.3333
    """

    _arguments = ("target_class_ids", "threshold")

    def __init__(
        self,
        target_class_ids: Sequence[int] = (0, 1),
        threshold: float = 0.5,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(2, target_class_ids, name, dtype)
        self.threshold = real_number(threshold, "threshold")

    @property
    def _spec(self) -> MetricSpec:
        """The kernel that computes the metric."""
        return MetricSpec("pair_binary", parameters=(2, self.threshold), tally=Tally())


@registry.add
class MeanIoU(_MeanOverlap):
    """`IoU`, the mean over all classes that occur.

    Parameters
    ----------
    num_classes : int
        The number of classes.
    name, dtype
        See `Metric`.
    ignore_class : int, optional
        Samples of this class do not count.
    sparse_y_true, sparse_y_pred, axis
        See `IoU`.

    Examples
    --------
    >>> round(MeanIoU(num_classes=2)([0, 0, 1, 1], [0, 1, 0, 1]), 4)
    0.3333
    """

    _arguments = ("num_classes", "ignore_class", "sparse_y_true", "sparse_y_pred", "axis")

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: str | None = None,
        ignore_class: int | None = None,
        sparse_y_true: bool = True,
        sparse_y_pred: bool = True,
        axis: int = -1,
    ) -> None:
        ids = range(whole_number(num_classes, "num_classes", 1, MAX_CLASSES))
        super().__init__(num_classes, ids, name, dtype, ignore_class, sparse_y_true, sparse_y_pred, axis)


@registry.add
class OneHotIoU(_MeanOverlap):
    """`IoU` of labels that are one-hot rows.

    Parameters
    ----------
    num_classes, target_class_ids
        See `IoU`.
    name, dtype
        See `Metric`.
    ignore_class : int, optional
        Samples of this class do not count.
    sparse_y_pred : bool, default False
        Whether predictions are class numbers.
    axis
        See `IoU`.

    Examples
    --------
    >>> labels, predictions = [[0, 1], [1, 0], [0, 1]], [[0.2, 0.8], [0.4, 0.6], [0.1, 0.9]]
    >>> round(OneHotIoU(num_classes=2, target_class_ids=[1])(labels, predictions), 4)
    0.6667
    """

    _arguments = ("num_classes", "target_class_ids", "ignore_class", "sparse_y_pred", "axis")

    def __init__(
        self,
        num_classes: int,
        target_class_ids: Sequence[int],
        name: str | None = None,
        dtype: str | None = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        super().__init__(num_classes, target_class_ids, name, dtype, ignore_class, False, sparse_y_pred, axis)


@registry.add
class OneHotMeanIoU(_MeanOverlap):
    """`MeanIoU` of labels that are one-hot rows.

    Parameters
    ----------
    num_classes
        See `IoU`.
    name, dtype
        See `Metric`.
    ignore_class : int, optional
        Samples of this class do not count.
    sparse_y_pred, axis
        See `OneHotIoU`.

    Examples
    --------
    >>> labels, predictions = [[0, 1], [1, 0], [0, 1]], [[0.2, 0.8], [0.4, 0.6], [0.1, 0.9]]
    >>> round(OneHotMeanIoU(num_classes=2)(labels, predictions), 4)
    0.3333
    """

    _arguments = ("num_classes", "ignore_class", "sparse_y_pred", "axis")

    def __init__(
        self,
        num_classes: int,
        name: str | None = None,
        dtype: str | None = None,
        ignore_class: int | None = None,
        sparse_y_pred: bool = False,
        axis: int = -1,
    ) -> None:
        ids = range(whole_number(num_classes, "num_classes", 1, MAX_CLASSES))
        super().__init__(num_classes, ids, name, dtype, ignore_class, False, sparse_y_pred, axis)
