"""The losses as metrics: their means over all samples seen."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from .. import losses as _losses
from ..kernels.core.specs import MetricSpec
from .metric import PlainMetric, registry


class LossMetric(PlainMetric):
    """The mean of a loss."""

    _direction = "down"

    def __init__(self, loss: _losses.Loss, name: str | None, dtype: str | None) -> None:
        super().__init__(name, dtype)
        self.loss = loss

    @property
    def spec(self) -> MetricSpec:
        """The kernel."""
        return self.loss._kernel_spec().metric

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        own = self.loss.get_config()
        del own["reduction"]
        return own | super().get_config()


class PlainLossMetric(LossMetric):
    """The mean of a loss that has no arguments of its own."""

    of: ClassVar[type[_losses.Loss]]

    def __init__(self, name: str | None = None, dtype: str | None = None) -> None:
        super().__init__(self.of(), name, dtype)


@registry.add("mse", "MSE")
class MeanSquaredError(PlainLossMetric):
    """mean((y_true - y_pred)^2).

    Parameters
    ----------
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> MeanSquaredError()([[0.0, 1.0]], [[0.0, 3.0]])
    2.0
    """

    of = _losses.MeanSquaredError


@registry.add("rmse", "RMSE")
class RootMeanSquaredError(PlainLossMetric):
    """The root of mean((y_true - y_pred)^2) over all samples seen.

    Parameters
    ----------
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> RootMeanSquaredError()([[1.0, 2.0], [3.0, 4.0]], [[1.0, 2.0], [3.0, 8.0]])
    2.0
    """

    of = _losses.MeanSquaredError

    def read(self, state: NDArray[np.float64]) -> Any:
        """Return the root of the mean."""
        return float(np.sqrt(super().read(state)))


@registry.add("mae", "MAE")
class MeanAbsoluteError(PlainLossMetric):
    """mean(|y_true - y_pred|).

    Parameters
    ----------
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> MeanAbsoluteError()([[0.0, 1.0]], [[0.0, 3.0]])
    1.0
    """

    of = _losses.MeanAbsoluteError


@registry.add("mape", "MAPE")
class MeanAbsolutePercentageError(PlainLossMetric):
    """100 mean(|y_true - y_pred| / max(|y_true|, 1e-7)).

    Parameters
    ----------
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> MeanAbsolutePercentageError()([[1.0, 2.0]], [[1.5, 2.0]])
    25.0
    """

    of = _losses.MeanAbsolutePercentageError


@registry.add("msle", "MSLE")
class MeanSquaredLogarithmicError(PlainLossMetric):
    """mean((log(1 + y_true) - log(1 + y_pred))^2); both are at least 1e-7.

    Parameters
    ----------
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> round(MeanSquaredLogarithmicError()([[np.e - 1]], [[0.0]]), 4)
    1.0
    """

    of = _losses.MeanSquaredLogarithmicError


@registry.add
class CosineSimilarity(LossMetric):
    """The cosine of the angle between y_true and y_pred; the loss of that name has the other sign.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    axis : int, default -1
        The axis that vectors lie along; only the last is supported.

    Examples
    --------
    >>> round(CosineSimilarity()([[0.0, 2.0]], [[1.0, 1.0]]), 4)
    0.7071
    """

    _direction = "up"

    def __init__(self, name: str | None = None, dtype: str | None = None, axis: int = -1) -> None:
        super().__init__(_losses.CosineSimilarity(axis), name, dtype)

    def read(self, state: NDArray[np.float64]) -> Any:
        """Return the mean."""
        return 0.0 - super().read(state)


@registry.add
class LogCoshError(PlainLossMetric):
    """mean(log(cosh(y_true - y_pred))).

    Parameters
    ----------
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> round(LogCoshError()([[0.0, 0.0]], [[1.0, 0.0]]), 4)
    0.2169
    """

    of = _losses.LogCosh

    def __init__(self, name: str | None = "logcosh", dtype: str | None = None) -> None:
        super().__init__(name, dtype)


@registry.add
class Hinge(PlainLossMetric):
    """mean(max(1 - y_true y_pred, 0)); see `losses.Hinge`.

    Parameters
    ----------
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> Hinge()([[0.0, 1.0]], [[-2.0, 0.5]])
    0.25
    """

    of = _losses.Hinge


@registry.add
class SquaredHinge(PlainLossMetric):
    """mean(max(1 - y_true y_pred, 0)^2); see `losses.SquaredHinge`.

    Parameters
    ----------
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> SquaredHinge()([[0.0, 1.0]], [[-2.0, 0.0]])
    0.5
    """

    of = _losses.SquaredHinge


@registry.add
class CategoricalHinge(PlainLossMetric):
    """max(max((1 - y_true) y_pred) - sum(y_true y_pred) + 1, 0); see `losses.CategoricalHinge`.

    Parameters
    ----------
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> CategoricalHinge()([[0.0, 1.0]], [[0.5, 1.0]])
    0.5
    """

    of = _losses.CategoricalHinge


@registry.add("kld", "KLD", "kullback_leibler_divergence")
class KLDivergence(PlainLossMetric):
    """sum(y_true log(y_true / y_pred)); see `losses.KLDivergence`.

    Parameters
    ----------
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> round(KLDivergence()([[0.5, 0.5]], [[0.25, 0.75]]), 4)
    0.1438
    """

    of = _losses.KLDivergence


@registry.add
class Poisson(PlainLossMetric):
    """mean(y_pred - y_true log(y_pred + 1e-7)); see `losses.Poisson`.

    Parameters
    ----------
    name, dtype
        See `Metric`.

    Examples
    --------
    >>> round(Poisson()([[1.0, 2.0]], [[1.0, 2.0]]), 4)
    0.8069
    """

    of = _losses.Poisson


@registry.add("bce", "BCE")
class BinaryCrossentropy(LossMetric):
    """The mean of `losses.BinaryCrossentropy`.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    from_logits, label_smoothing
        See the loss.

    Examples
    --------
    >>> round(BinaryCrossentropy()([[1.0]], [[0.5]]), 4)
    0.6931
    """

    def __init__(
        self,
        name: str | None = None,
        dtype: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
    ) -> None:
        super().__init__(_losses.BinaryCrossentropy(from_logits, label_smoothing), name, dtype)


@registry.add
class CategoricalCrossentropy(LossMetric):
    """The mean of `losses.CategoricalCrossentropy`.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    from_logits, label_smoothing, axis
        See the loss.

    Examples
    --------
    >>> round(CategoricalCrossentropy()([[0.0, 1.0]], [[0.5, 0.5]]), 4)
    0.6931
    """

    def __init__(
        self,
        name: str | None = None,
        dtype: str | None = None,
        from_logits: bool = False,
        label_smoothing: float = 0.0,
        axis: int = -1,
    ) -> None:
        super().__init__(_losses.CategoricalCrossentropy(from_logits, label_smoothing, axis), name, dtype)


@registry.add
class SparseCategoricalCrossentropy(LossMetric):
    """The mean of `losses.SparseCategoricalCrossentropy`.

    Parameters
    ----------
    name, dtype
        See `Metric`.
    from_logits, ignore_class, axis
        See the loss. Samples of the class that is ignored are not counted (Keras counts them as zeros
        unless there are sample weights).

    Examples
    --------
    >>> round(SparseCategoricalCrossentropy()([1], [[0.5, 0.5]]), 4)
    0.6931
    """

    def __init__(
        self,
        name: str | None = None,
        dtype: str | None = None,
        from_logits: bool = False,
        ignore_class: int | None = None,
        axis: int = -1,
    ) -> None:
        loss = _losses.SparseCategoricalCrossentropy(from_logits, ignore_class, axis=axis)
        super().__init__(loss, name, dtype)
