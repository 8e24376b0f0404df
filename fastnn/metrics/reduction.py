"""Means and sums of numbers, and the mean of a function of labels and predictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import losses
from ..kernels.core.specs import LossSpec, MetricSpec, PythonSpec
from ..losses.lookup import loss_of_function
from ..losses.loss import transformed
from .metric import Metric, PlainMetric, registry

Numbers = NDArray[np.float64]


def _weighted(
    values: ArrayLike, sample_weight: ArrayLike | None, reduce: Callable[..., Any]
) -> tuple[Numbers, Numbers]:
    """Return values and weights of one shape; axes that the weights lack are reduced."""
    numbers = np.asarray(values, float)
    weights = np.asarray(1.0 if sample_weight is None else sample_weight, float)
    if weights.ndim == numbers.ndim + 1 and weights.shape[-1] == 1:
        weights = weights[..., 0]
    if sample_weight is not None and 0 < weights.ndim < numbers.ndim:
        numbers = reduce(numbers, axis=tuple(range(weights.ndim, numbers.ndim)))
    try:
        return numbers, np.broadcast_to(weights, numbers.shape)
    except ValueError:
        raise ValueError(f"sample_weight: expected shape {numbers.shape}, got {weights.shape}") from None


@registry.add
class Mean(PlainMetric):
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

    def update_state(self, values: ArrayLike, sample_weight: ArrayLike | None = None) -> None:  # type: ignore[override]
        """Add numbers, each with a weight of 1 or its own."""
        numbers, weights = _weighted(values, sample_weight, np.mean)
        self._state = self.zeros(1) if self._state is None else self._state
        self._state += (numbers * weights).sum(), weights.sum()


@registry.add
class Sum(PlainMetric):
    """The weighted sum of numbers.

    Parameters
    ----------
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> total = Sum()
    >>> total([1.0, 3.0], sample_weight=[2.0, 1.0])
    5.0
    """

    def update_state(self, values: ArrayLike, sample_weight: ArrayLike | None = None) -> None:  # type: ignore[override]
        """Add numbers, each with a weight of 1 or its own."""
        numbers, weights = _weighted(values, sample_weight, np.sum)
        self._state = self.zeros(1) if self._state is None else self._state
        self._state += (numbers * weights).sum(), 0

    def read(self, state: Numbers) -> Any:
        """Return the sum."""
        return float(state[0])


@registry.add
class MeanMetricWrapper(Metric):
    """The mean of a function of labels and predictions.

    Parameters
    ----------
    fn : callable
        ``fn(y_true, y_pred, **kwargs)`` returns a value for each sample; a loss of `fastnn.losses`, or its
        function, runs as its kernel.
    name : str, optional
        By default that of the function.
    dtype
        See `Metric`.
    **kwargs
        More arguments of `fn`.

    Examples
    --------
    >>> distance = MeanMetricWrapper(lambda y_true, y_pred: np.hypot(*(y_true - y_pred).T), name="distance")
    >>> float(distance(np.array([[0.0, 0.0]]), np.array([[3.0, 4.0]])))
    5.0
    """

    def __init__(
        self, fn: Callable[..., Any], name: str | None = None, dtype: str | None = None, **kwargs: Any
    ) -> None:
        super().__init__(dtype, name or getattr(fn, "name", None) or getattr(fn, "__name__", None))
        self.fn, self.kwargs = fn, kwargs
        known = loss_of_function(fn)
        self.loss: losses.Loss | None = fn if isinstance(fn, losses.Loss) else None
        if known is not None:
            self.loss = type(losses.get(known))(**kwargs)
        if self.loss is not None:
            self._direction = "down"

    @property
    def spec(self) -> MetricSpec | PythonSpec:
        """The kernel of a loss that has one."""
        spec = None if self.loss is None else self.loss.spec
        return super().spec if spec is None or isinstance(spec, PythonSpec) else spec.metric

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Update the state with samples; see `Metric`."""
        if isinstance(self.spec, MetricSpec):
            return super().update_state(y_true, y_pred, sample_weight)
        values = self.fn if self.loss is None else self.loss.call
        numbers, weights = _weighted(values(y_true, y_pred, **self.kwargs), sample_weight, np.mean)
        self._state = self.zeros(1) if self._state is None else self._state
        self._state += (numbers * weights).sum(), weights.sum()

    def read(self, state: Numbers) -> Any:
        """Return the mean, or its root for a loss that is a root."""
        mean = super().read(state)
        spec = None if self.loss is None else self.loss.spec
        return transformed(mean, spec) if isinstance(spec, LossSpec) else mean

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        if self.loss is not None:
            return super().get_config() | {"fn": losses.serialize(self.loss)}
        return super().get_config() | {"fn": self.fn} | self.kwargs

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a metric of what `get_config` returned."""
        fn = config["fn"]
        return cls(**config | {"fn": losses.deserialize(fn) if isinstance(fn, dict) else fn})
