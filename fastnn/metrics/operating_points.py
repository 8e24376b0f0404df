"""The best of one rate subject to a bound of another: operating points of curves."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from ..checks import real_number, whole_number
from .confusion import MAX_THRESHOLDS, Counts, EvenThresholds, Numbers, Thresholded, counts_of
from .metric import registry


class _OperatingPoint(Thresholded):
    """Base of the best rate among the thresholds at which another rate is large enough."""

    _bounded: ClassVar[str]  # rates of `Counts`; the name of the argument that is the bound
    _sought: ClassVar[str]
    _arguments = ("num_thresholds", "class_id")

    def __init__(
        self, bound: float, num_thresholds: int, class_id: int | None, name: str | None, dtype: str | None
    ) -> None:
        value = real_number(bound, self._bounded)
        if not 0 <= value <= 1:
            raise ValueError(f"{self._bounded}: expected a number from 0 to 1, got {bound!r}")
        setattr(self, self._bounded, value)
        self.num_thresholds = whole_number(num_thresholds, "num_thresholds", 1, MAX_THRESHOLDS)
        super().__init__(None, class_id, name, dtype)
        self.thresholds = [0.5] if num_thresholds == 1 else EvenThresholds(self.num_thresholds)

    def _counts(self, state: Numbers) -> Counts:
        """Return the counts at each threshold, which ascend."""
        return Counts(*(kind[0] for kind in counts_of(state, self.num_thresholds)))

    def _zeros(self, width: int) -> Numbers:
        """Return the state before the first sample."""
        return np.zeros(2 * (self.num_thresholds + 1))

    def _read(self, state: Numbers) -> Any:
        """Return the best rate; 0 if no threshold meets the bound."""
        counts = self._counts(state)
        bounded, sought = getattr(counts, self._bounded), getattr(counts, self._sought)
        return float(np.max(sought, where=bounded >= getattr(self, self._bounded), initial=0))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return super().get_config() | {self._bounded: getattr(self, self._bounded)}


@registry.add
class SensitivityAtSpecificity(_OperatingPoint):
    """The best sensitivity of all thresholds at which the specificity is at least the one given.

    Sensitivity is the share of positive labels that are predicted, specificity that of negative ones.

    Parameters
    ----------
    specificity : float
        From 0 to 1.
    num_thresholds : int, default 200
        Evenly from 0 to 1.
    class_id : int, optional
        The only column that counts.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> SensitivityAtSpecificity(0.5)([0, 0, 0, 1, 1], [0.0, 0.3, 0.8, 0.3, 0.8])
    0.5
    """

    _bounded, _sought = "specificity", "sensitivity"

    def __init__(
        self,
        specificity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(specificity, num_thresholds, class_id, name, dtype)


@registry.add
class SpecificityAtSensitivity(_OperatingPoint):
    """The best specificity of all thresholds at which the sensitivity is at least the one given.

    Sensitivity is the share of positive labels that are predicted, specificity that of negative ones.

    Parameters
    ----------
    sensitivity : float
        From 0 to 1.
    num_thresholds : int, default 200
        Evenly from 0 to 1.
    class_id : int, optional
        The only column that counts.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> SpecificityAtSensitivity(0.5)([0, 0, 0, 1, 1], [0.0, 0.3, 0.8, 0.3, 0.8])
    0.6666666666666666
    """

    _bounded, _sought = "sensitivity", "specificity"

    def __init__(
        self,
        sensitivity: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(sensitivity, num_thresholds, class_id, name, dtype)


@registry.add
class PrecisionAtRecall(_OperatingPoint):
    """The best precision of all thresholds at which the recall is at least the one given.

    Parameters
    ----------
    recall : float
        From 0 to 1.
    num_thresholds : int, default 200
        Evenly from 0 to 1.
    class_id : int, optional
        The only column that counts.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> PrecisionAtRecall(0.5)([0, 0, 0, 1, 1], [0.0, 0.3, 0.8, 0.3, 0.8])
    0.5
    """

    _bounded, _sought = "recall", "precision"

    def __init__(
        self,
        recall: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(recall, num_thresholds, class_id, name, dtype)


@registry.add
class RecallAtPrecision(_OperatingPoint):
    """The best recall of all thresholds at which the precision is at least the one given.

    Parameters
    ----------
    precision : float
        From 0 to 1.
    num_thresholds : int, default 200
        Evenly from 0 to 1.
    class_id : int, optional
        The only column that counts.
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> RecallAtPrecision(0.5)([0, 0, 0, 1, 1], [0.0, 0.3, 0.8, 0.3, 0.8])
    1.0
    """

    _bounded, _sought = "precision", "recall"

    def __init__(
        self,
        precision: float,
        num_thresholds: int = 200,
        class_id: int | None = None,
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(precision, num_thresholds, class_id, name, dtype)
