"""`Loss`: reduction, weights and names, which all losses share; and losses without arguments of their own."""

from __future__ import annotations

from collections.abc import Callable
from functools import lru_cache
from typing import Any, ClassVar, Protocol

import numpy as np
from numpy.typing import ArrayLike

from .. import config
from ..autograd import Tensor
from ..configurable import Configurable, is_of_program
from ..conversion import as_numbers
from ..data.validation import as_real
from ..kernels.core.specs import LossSpec, PythonSpec, Transform
from ..kernels.ops import loss_metric
from ..layers.base.masks import mask_of
from ..registry import FunctionRegistry
from . import custom
from .arrays import dtype_of, kernel_arrays, masked
from .plain import plain_loss
from .recorded import recorded_call, recorded_loss

registry: FunctionRegistry[Loss]

# Reductions whose result does not depend on how samples are split into batches.
_MEANS = ("sum_over_batch_size", "mean")
_REDUCTIONS = (*_MEANS, "mean_with_sample_weight", "sum", "none", None)


class Loss(Configurable):
    """Base of all losses: the mean over samples of a value for each.

    A loss of this package names the kernel that computes it (`_spec`): models run it fused with its gradient,
    and a call runs it on arrays. A loss of your own defines `call`.

    Parameters
    ----------
    name : str, optional
        By default the class in snake_case.
    reduction : str or None, default "sum_over_batch_size"
        How weighted values are reduced: with that or "mean" their sum is divided by their number, with
        "mean_with_sample_weight" by the sum of the weights, with "sum" not at all; with None or "none" a call
        returns the values themselves, and no model can train on them.
    dtype : {"float32", "float64"}, optional
        What a call on arrays computes in; by default the dtype of the predictions. Models have their own.

    Examples
    --------
    >>> class Bias(Loss):
    ...     def call(self, y_true, y_pred):
    ...         return (y_pred - y_true).mean(-1)
    >>> float(Bias()([[1.0, 2.0]], [[2.0, 2.0]]))
    0.5
    """

    _sparse = False  # whether a loss that defines `call` gets class numbers
    _single = False  # or one real number for each vector of the predictions
    _symmetric: ClassVar[bool] = False  # whether labels and predictions may change places
    _arguments: ClassVar[tuple[str, ...]] = ()  # arguments beside the common ones, for `get_config`

    _config_settings = frozenset({"name", "reduction", "dtype"})

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

    def __init_subclass__(cls, **kwargs: Any) -> None:
        """Let a program's own `call` compute the loss, also where the class extends one with a kernel."""
        super().__init_subclass__(**kwargs)
        if is_of_program(cls) and "call" in vars(cls):
            cls._spec = Loss._spec  # type: ignore[method-assign]

    @property
    def _spec(self) -> LossSpec | PythonSpec:
        """The kernel that computes the loss, or the `call` of a loss that defines it."""
        return custom.loss_spec(self)

    @property
    def _by_batch(self) -> bool:
        """Whether the loss of all samples depends on how they are split into batches."""
        spec = self._spec
        if isinstance(spec, PythonSpec) or self.reduction not in _MEANS:
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
        ndarray or Tensor, shape (...)
            The losses of the samples, not yet reduced; for tensors a tensor, which `backward` differentiates.
        """
        spec = self._kernel_spec()
        if isinstance(y_pred, Tensor) or isinstance(y_true, Tensor):
            return recorded_call(self, spec, y_true, y_pred)
        labels, predictions, _ = kernel_arrays(spec, y_true, y_pred, None, self.dtype)
        return transformed(loss_metric.values(spec, predictions, labels), spec)

    def __call__(self, y_true: ArrayLike, y_pred: ArrayLike, sample_weight: ArrayLike | None = None) -> Any:
        """Return the loss of predictions.

        Parameters
        ----------
        y_true : array_like
            Labels: like `y_pred`, or class numbers if the loss is sparse.
        y_pred : array_like, shape (..., n)
            Predictions.
        sample_weight : array_like, optional
            A factor for each value: one number, or of the shape of `y_pred` without its last axis, where axes
            of size 1 stand for all, and axes at the end may be missing; see `fastnn.data.alignment`.

        Returns
        -------
        floating, ndarray or Tensor
            As `reduction` says; for tensors a `Tensor`, whose `backward` differentiates it. A loss that is
            symmetric in its arguments also takes the predictions first.
        """
        if isinstance(y_pred, Tensor) or isinstance(y_true, Tensor):
            return recorded_loss(self, y_true, y_pred, sample_weight)
        spec = self._spec
        if isinstance(spec, PythonSpec):
            predictions = as_real(y_pred, self.dtype or dtype_of(y_pred), "y_pred")
            labels = as_numbers(y_true, "y_true")
            value = custom.loss_value(self, labels, predictions, sample_weight, mask_of(y_pred)).data
            return value if value.ndim else plain_loss(value, predictions.dtype)
        labels, predictions, weights = kernel_arrays(spec, y_true, y_pred, sample_weight, self.dtype)
        weights, mask = masked(y_pred, predictions, weights)
        if self.reduction in (None, "none"):
            values = transformed(loss_metric.values(spec, predictions, labels), spec)
            return values if weights is None else values * weights
        total, count, weight = loss_metric.sums(spec, predictions, labels, weights)
        count = count if mask is None else loss_metric.sums(spec, predictions, labels, mask)[2]
        divisor = self._divisor(count, weight)
        return plain_loss(transformed(total / divisor if divisor else 0.0, spec), predictions.dtype)

    def _kernel_spec(self) -> LossSpec:
        """Return the spec of the kernel of this loss, or of the one that it extends."""
        for cls in type(self).__mro__:
            found = vars(cls).get("_spec")
            if found is not None and found is not Loss._spec:
                spec: LossSpec = found.__get__(self)
                return spec
        raise NotImplementedError(f"{type(self).__name__}.call: a loss of your own has to define it")

    def _divisor(self, count: float, weight: float) -> float:
        """Return what the sum of weighted values is divided by, from their number and the sum of weights."""
        if self.reduction == "sum":
            return 1.0
        return weight if self.reduction == "mean_with_sample_weight" else count

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        common = {"name": self.name, "reduction": self.reduction, "dtype": self.dtype}
        return common | {argument: getattr(self, argument) for argument in self._arguments}


def transformed(value: Any, spec: LossSpec) -> Any:
    """Return the loss of values that have been reduced."""
    return np.sqrt(value) if spec.transform is Transform.ROOT else value


registry = FunctionRegistry("loss", Loss, "fastnn.losses")


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
        """Return the value of the function."""
        return self.fn(y_true, y_pred)


class PlainLoss(Loss):
    """A loss without arguments of its own; it takes the common ones in Keras' order."""

    _plain_spec: ClassVar[LossSpec]  # but for `clip`, which is the epsilon of `fastnn.config`

    def __init__(
        self,
        reduction: str | None = "sum_over_batch_size",
        name: str | None = None,
        dtype: str | None = None,
    ) -> None:
        super().__init__(name, reduction, dtype)

    @property
    def _spec(self) -> LossSpec:
        """The kernel that computes the loss."""
        cls: Any = type(self)
        return _clipped(cls, config.epsilon())


@lru_cache
def _clipped(loss: type[PlainLoss], epsilon: float) -> LossSpec:
    """Return the spec of a class of losses with an epsilon."""
    return loss._plain_spec._replace(clip=epsilon)


class PerSample(Protocol):
    """The function form of a plain loss."""

    def __call__(self, y_true: ArrayLike, y_pred: ArrayLike) -> Any:
        """Return the loss of each sample: an array, or a `Tensor` if the predictions are one."""
        ...


def per_sample(loss: type[PlainLoss]) -> PerSample:
    """Return the function form of a plain loss: the value of each sample.

    Examples
    --------
    >>> import fastnn
    >>> hinge = per_sample(fastnn.losses.Hinge)
    >>> hinge.__name__, hinge([[0.0, 1.0]], [[-2.0, 0.5]]).tolist()
    ('hinge', [0.25])
    """

    def function(y_true: ArrayLike, y_pred: ArrayLike) -> Any:
        return values_of(loss(), y_true, y_pred)

    function.__name__ = function.__qualname__ = registry.name_of(loss)
    function.__module__ = loss.__module__
    function.__doc__ = f"Return the `{loss.__name__}` of each sample, without weights or reduction."
    return function


def values_of(loss: Loss, y_true: ArrayLike, y_pred: ArrayLike) -> Any:
    """Return the value of each sample: an array, or a `Tensor` if the predictions are one."""
    return loss.call(y_true, y_pred)
