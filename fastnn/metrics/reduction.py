"""Means and sums of numbers, and the mean of a function of labels and predictions."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import losses
from ..checks import is_overridden
from ..conversion import as_numbers
from ..custom_objects import function_config
from ..data.alignment import aligned_labels, aligned_weights, weights_by_hand
from ..data.validation import as_weights
from ..kernels.core.specs import LossSpec, MetricSpec, PythonSpec
from ..layers.base.masks import mask_of
from ..losses.lookup import loss_of_function
from ..losses.loss import transformed
from .metric import Metric, PlainMetric, registry
from .values import sums_of

Numbers = NDArray[np.float64]


class _OfNumbers(PlainMetric):
    """Base of sums of numbers, which are values that weights go with."""

    _keeps_state = True

    def _sums(self, values: ArrayLike, sample_weight: ArrayLike | None) -> tuple[float, float]:
        """Return the sum of weighted numbers, and that of the weights."""
        numbers = as_numbers(values, "values").astype(float)
        if sample_weight is None:
            return sums_of(numbers, None, None, self.dtype)
        weights = aligned_weights(as_weights(sample_weight, "float64"), numbers.shape)
        return sums_of(numbers, weights, None, self.dtype)


@registry.add
class Mean(_OfNumbers):
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
        self._state = self._zeros(1) if self._state is None else self._state
        self._state += self._sums(values, sample_weight)


@registry.add
class Sum(_OfNumbers):
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
        self._state = self._zeros(1) if self._state is None else self._state
        self._state += self._sums(values, sample_weight)[0], 0

    def _named_state(self, state: Numbers) -> dict[str, Any]:
        """Return the sum."""
        return {"total": state[0]}

    def _read(self, state: Numbers) -> Any:
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

    _keeps_state = True

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
    def _spec(self) -> MetricSpec | PythonSpec:
        """The kernel of a loss that has one."""
        spec = None if self.loss is None else self.loss._spec
        return super()._spec if spec is None or isinstance(spec, PythonSpec) else spec.metric

    @property
    def _plan_spec(self) -> MetricSpec | PythonSpec:
        """What plans run: see `Metric`; a function gets weights and mask apart."""
        spec = super()._plan_spec
        if is_overridden(self, "update_state") or not isinstance(spec, PythonSpec):
            return spec

        def function(labels: Any, predictions: Any, weights: Any, mask: Any) -> None:
            self._add_values(self._values(labels, predictions), weights, mask)

        return PythonSpec(function)

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Update the state with samples; see `Metric`."""
        if isinstance(self._spec, MetricSpec):
            return super().update_state(y_true, y_pred, sample_weight)
        predictions = as_numbers(y_pred, "y_pred")
        labels = aligned_labels(as_numbers(y_true, "y_true"), predictions.shape, predictions.dtype)
        values = np.asarray(self._values(labels, predictions), float)
        weights = None
        if sample_weight is not None:
            weights = weights_by_hand(as_weights(sample_weight, "float64"), predictions.shape, values.shape)
        mask = mask_of(y_pred)
        self._add_values(values, weights, None if mask is None else mask.astype(float))

    def _values(self, labels: Any, predictions: Any) -> Any:
        """Return the values that the function returns."""
        function = self.fn if self.loss is None else self.loss.call
        return function(labels, predictions, **self.kwargs)

    def _add_values(self, values: Any, weights: Any, mask: Any) -> None:
        """Add values to the state."""
        self._state = self._zeros(1) if self._state is None else self._state
        self._state += sums_of(values, weights, mask, self.dtype)

    def _read(self, state: Numbers) -> Any:
        """Return the mean, or its root for a loss that is a root."""
        mean = super()._read(state)
        spec = None if self.loss is None else self.loss._spec
        return transformed(mean, spec) if isinstance(spec, LossSpec) else mean

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        if self.loss is not None:
            return super().get_config() | {"fn": losses.serialize(self.loss)}
        return super().get_config() | {"fn": function_config(self.fn)} | self.kwargs

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a metric of what `get_config` returned."""
        fn = config["fn"]
        return super().from_config(config | {"fn": losses.deserialize(fn) if isinstance(fn, dict) else fn})
