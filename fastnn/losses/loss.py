"""What all losses have in common: their reductions, weights and names."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import config
from ..autograd import Tensor
from ..data.validation import as_classes, as_real, as_samples
from ..kernels.core.specs import LossSpec, MetricSpec, PythonSpec, Transform
from ..kernels.ops import loss_metric
from ..registry import Registry
from . import custom

registry: Registry[Loss]

# Reductions that do not depend on how rows are split into batches.
MEANS = ("sum_over_batch_size", "mean")
_REDUCTIONS = (*MEANS, "mean_with_sample_weight", "sum", "none", None)


class Loss:
    """Base of all losses: the mean over samples of a value for each.

    A loss of this package says which kernel computes it (`spec`): models run that fused with the gradient,
    and a call runs it on arrays. A loss of your own defines `call`.

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

    Examples
    --------
    >>> class Bias(Loss):
    ...     def call(self, y_true, y_pred):
    ...         return (y_pred - y_true).mean(-1)
    >>> float(Bias()([[1.0, 2.0]], [[2.0, 2.0]]))
    0.5
    """

    sparse = False  # whether one that defines `call` gets class numbers

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
    def spec(self) -> LossSpec | PythonSpec:
        """The kernel that computes the loss, or the `call` of a loss that defines it."""
        return custom.loss_spec(self)

    @property
    def by_batch(self) -> bool:
        """Whether the loss of all rows depends on how they are split into batches."""
        spec = self.spec
        if isinstance(spec, PythonSpec) or self.reduction not in MEANS:
            return True
        return spec.ignore_class is not None or spec.transform is not Transform.IDENTITY

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return the value of each sample, without weights.

        Parameters
        ----------
        y_true : array_like
            Labels.
        y_pred : array_like, shape (..., n)
            Predictions.

        Returns
        -------
        ndarray, shape (...)
        """
        spec = self._kernel()
        labels, predictions, _ = kernel_arrays(spec, y_true, y_pred, None, self.dtype)
        return transformed(loss_metric.values(spec, predictions, labels), spec)

    def _kernel(self) -> LossSpec:
        """Return the spec of a loss that does not define `call`."""
        spec = self.spec
        if isinstance(spec, PythonSpec):
            raise NotImplementedError(f"{type(self).__name__}.call: a loss of your own has to define it")
        return spec

    def __call__(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> Any:
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
        floating, ndarray or Tensor
            As `reduction` says; a `Tensor` of tensors, whose `backward` differentiates it. A loss that is the
            same with its arguments in each other's place takes the predictions first, too.
        """
        if isinstance(y_pred, Tensor) or isinstance(y_true, Tensor):
            return custom.loss_on_tape(self, y_true, y_pred, sample_weight)
        spec = self.spec
        if isinstance(spec, PythonSpec) or self.reduction in (None, "none"):
            return self._reduced(y_true, y_pred, sample_weight)
        labels, predictions, weights = kernel_arrays(spec, y_true, y_pred, sample_weight, self.dtype)
        total, count, weight = loss_metric.sums(spec, predictions, labels, weights)
        divisor = {"sum": 1.0, "mean_with_sample_weight": weight}.get(self.reduction or "", count)
        return predictions.dtype.type(transformed(total / divisor if divisor else 0.0, spec))

    def _reduced(self, y_true: Any, y_pred: Any, sample_weight: ArrayLike | None) -> Any:
        """Return what becomes of the values that `call` returns."""
        predictions = as_real(y_pred, self.dtype or _dtype_of(y_pred), "y_pred")
        values = np.asarray(self.call(np.asarray(y_true), predictions))
        weights = None
        if sample_weight is not None:
            weights = as_real(sample_weight, predictions.dtype.name, "sample_weight")
            if weights.ndim == values.ndim + 1 and weights.shape[-1] == 1:
                weights = weights[..., 0]
            try:
                values = values * weights
            except ValueError:
                raise ValueError(
                    f"sample_weight: expected shape {values.shape}, got {weights.shape}"
                ) from None
        if self.reduction in (None, "none"):
            return values
        if not values.size:
            return predictions.dtype.type(0)
        if self.reduction == "sum":
            return values.sum()
        if self.reduction == "mean_with_sample_weight" and weights is not None:
            return values.sum() / np.broadcast_to(weights, values.shape).sum()
        return values.mean()

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {"name": self.name, "reduction": self.reduction, "dtype": self.dtype}

    @classmethod
    def from_config(cls, config: dict[str, Any]) -> Self:
        """Make a loss of what `get_config` returned."""
        return cls(**config)


def values_of(loss: Loss, y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[np.floating]:
    """Return the value of each sample."""
    values: NDArray[np.floating] = loss.call(y_true, y_pred)
    return values


def transformed(value: Any, spec: LossSpec) -> Any:
    """Return the loss of values that have been reduced."""
    return np.sqrt(value) if spec.transform is Transform.ROOT else value


def kernel_arrays(
    spec: LossSpec | MetricSpec,
    y_true: ArrayLike,
    y_pred: ArrayLike,
    sample_weight: ArrayLike | None,
    dtype: str | None = None,
) -> tuple[NDArray[Any], NDArray[np.floating], NDArray[np.floating] | None]:
    """Bring labels, predictions and weights into the form that a kernel takes."""
    dtype = dtype or _dtype_of(y_pred)
    predictions = as_real(y_pred, dtype, "y_pred")
    labels = as_labels(y_true, spec, predictions.shape[1:], dtype, "y_true")
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


def _dtype_of(y_pred: Any) -> str:
    own = np.asarray(y_pred).dtype.name
    return own if own in ("float32", "float64") else config.floatx()


def as_labels(
    y: Any,
    spec: LossSpec | MetricSpec | PythonSpec,
    sample_shape: tuple[int, ...],
    dtype: str,
    name: str = "y",
) -> NDArray[Any]:
    """Return labels in the form that a loss or metric takes, for predictions of samples of a shape."""
    if spec.labels.sparse:
        return as_classes(y, sample_shape[:-1], name)
    return as_samples(y, sample_shape, dtype, name)


registry = Registry("loss", Loss, "fastnn.losses")


class FunctionLoss(Loss):
    """A function as a loss.

    Parameters
    ----------
    fn : callable
        ``fn(y_true, y_pred)``, of an array and a `fastnn.Tensor`; a value for each sample, or one for the
        batch.
    reduction, name, dtype
        See `Loss`.
    """

    def __init__(
        self,
        fn: Callable[[Any, Any], Any],
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(name or getattr(fn, "__name__", None), reduction, dtype)
        self.fn = fn

    def call(self, y_true: Any, y_pred: Any) -> Any:
        """Return what the function does."""
        return self.fn(y_true, y_pred)


class PlainLoss(Loss):
    """A loss that has the arguments of all losses only, in Keras' order."""

    kernel: str

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    @property
    def spec(self) -> LossSpec:
        """The kernel."""
        return LossSpec(self.kernel, clip=config.epsilon())
