"""`Metric`: a state that samples update, and a result computed from it, which all metrics share."""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .. import initializers
from ..absent import no_attribute
from ..checks import is_overridden
from ..config import check_floatx, floatx
from ..configurable import Configurable
from ..conversion import as_numbers, shape_of
from ..data.alignment import aligned_shape, aligned_weights
from ..data.validation import as_weights
from ..kernels.core.specs import MetricSpec, PythonSpec
from ..kernels.ops import loss_metric
from ..losses import custom
from ..losses.arrays import kernel_arrays, masked, position_weights
from ..registry import FunctionRegistry
from ..variables import Variable
from .values import as_logged, snapshot, sums_of

Numbers = NDArray[np.float64]


class Metric(Configurable):
    """Base of all metrics: the weighted mean of a value for each sample seen.

    A metric of this package names the kernel that updates its state (`_spec`), its first state (`_zeros`) and
    the result of a state (`_read`), so models run it without Python. A metric of your own defines
    `update_state` and `result`, and keeps its state in variables that `add_variable` returns. What `result`
    returns reaches its caller as numbers of that moment, so that it may return a variable. A subclass that
    overrides `update_state`, `result` or `reset_state` of a metric of this package runs in Python too.

    Parameters
    ----------
    dtype : str, optional
        "float32" or "float64": what values of arrays are computed in; by default the dtype of the
        predictions. Models have their own. Sums are kept in double precision. An integer dtype cuts the
        fractions off the values that a mean or sum is of.
    name : str, optional
        By default the class in snake_case; the key of the metric in `History`.

    Examples
    --------
    >>> class Largest(Metric):
    ...     def __init__(self, name="largest"):
    ...         super().__init__(name=name)
    ...         self.most = self.add_variable((), "zeros", name="most")
    ...     def update_state(self, y_true, y_pred, sample_weight=None):
    ...         self.most.assign(np.maximum(self.most.numpy(), np.max(y_pred)))
    ...     def result(self):
    ...         return self.most
    >>> Largest()([0.0, 0.0], [1.0, 3.0])
    3.0
    """

    _direction: str | None = None  # "up" or "down", whichever is better, for callbacks with mode="auto"
    _flat: tuple[int, int] | None = None  # the shape that predictions of one dimension are taken to have
    _by_element = False  # whether each single prediction may have a weight
    _variable_names: ClassVar[dict[str, str]] = {}  # of parts of the state whose attribute has another name
    _arguments: ClassVar[tuple[str, ...]] = ()  # arguments beside the common ones, for `get_config`

    _config_settings = frozenset({"name", "dtype"})

    def __init__(self, dtype: str | None = None, name: str | None = None) -> None:
        self.name = name or registry.name_of(type(self))
        self.dtype = None if dtype is None else _checked_dtype(dtype)
        self._variables: list[Variable] = []
        self._state: NDArray[np.float64] | None = None

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        result = vars(cls).get("result")
        if callable(result):
            cls.result = _of_this_moment(result)  # type: ignore[assignment]

    def __setstate__(self, state: Any) -> None:
        super().__setstate__(state)
        if self._state is not None:
            self._state = np.array(self._state)  # updated in place, where a copy may get one to read only

    @property
    def _spec(self) -> MetricSpec | PythonSpec:
        """The kernel that computes the metric, or the `update_state` of a metric that defines it."""
        return custom.metric_spec(self)

    @property
    def _plan_spec(self) -> MetricSpec | PythonSpec:
        """What plans run: the kernel, or Python.

        Python runs what a subclass overrides, and turns predictions whose vectors lie along another axis.
        """
        spec = self._spec
        replaced = is_overridden(self, "update_state", "result", "reset_state")
        turned = isinstance(spec, MetricSpec) and spec.axis != -1
        return custom.metric_spec(self) if replaced or turned else spec

    def _zeros(self, width: int) -> NDArray[np.float64]:
        """Return the state before the first sample: here the sums of weighted values and of weights.

        Parameters
        ----------
        width : int
            Last dimension of the predictions.
        """
        return np.zeros(2)

    def _read(self, state: NDArray[np.float64]) -> Any:
        """Return the result of a state: here the mean over all samples; 0 before the first."""
        value, weight = state.tolist()
        return value / weight if weight else 0.0

    def _logged(self, state: NDArray[np.float64]) -> Any:
        """Return the result of a state of a plan as logs have it: numbers, arrays only of several numbers."""
        return as_logged(self.result() if isinstance(self._plan_spec, PythonSpec) else self._read(state))

    @property
    def _whole(self) -> bool:
        """Whether values are integers."""
        return self.dtype is not None and np.dtype(self.dtype).kind in "iu"

    @property
    def _is_mean(self) -> bool:
        """Whether the result is the mean of the values of all samples."""
        return type(self)._read is Metric._read

    def add_variable(
        self,
        shape: tuple[int, ...] = (),
        initializer: Any = None,
        dtype: str | None = None,
        aggregation: str | None = "sum",
        name: str | None = None,
    ) -> Variable:
        """Return a new variable that `reset_state` sets to 0.

        Parameters
        ----------
        shape : tuple of int
            () is one number.
        initializer : str or Initializer, default "zeros"
            Its name, or a function of (shape, dtype).
        dtype : str, optional
            By default that of the metric, or `config.floatx()`.
        aggregation : str
            Ignored; accepted for compatibility with Keras.
        name : str, optional
            Shown beside the value.
        """
        dtype = _checked_dtype(dtype or self.dtype or floatx())
        real = dtype if dtype in ("float32", "float64") else floatx()
        value = np.asarray(initializers.get(initializer or "zeros")(shape, real), dtype)
        variable = Variable(np.ascontiguousarray(value).reshape(shape), name or "variable", trainable=False)
        self._variables.append(variable)
        return variable

    def add_weight(
        self,
        shape: tuple[int, ...] = (),
        initializer: Any = None,
        dtype: str | None = None,
        name: str | None = None,
    ) -> Variable:
        """Return a new variable; the older name of `add_variable`."""
        return self.add_variable(shape, initializer, dtype, name=name)

    @property
    def variables(self) -> list[Variable]:
        """The state now of a metric of this package, as such, and what `add_variable` has returned.

        The former are attributes, too, by the names of Keras, such as `true_positives` or `total`. Where each
        column has numbers of its own, they are there from the first sample on.
        """
        return [*self._state_variables().values(), *self._variables]

    @property
    def _keeps_state(self) -> bool:
        """Whether an array is the state, rather than variables of the metric."""
        return not isinstance(self._spec, PythonSpec)

    def _state_variables(self) -> dict[str, Variable]:
        """Return the parts of the state now as variables, by the attribute that each is."""
        if not self._keeps_state:
            return {}
        found = {}
        state = self._zeros(1) if self._state is None else self._state
        for attribute, part in self._named_state(state).items():
            name = self._variable_names.get(attribute, attribute)
            found[attribute] = Variable(np.array(part), name, trainable=False)
            found[attribute].path = f"{self.name}/{name}"
        return found

    def _named_state(self, state: NDArray[np.float64]) -> dict[str, Any]:
        """Return the parts of a state by attribute: here the sums of weighted values and of weights."""
        return dict(zip(("total", "count"), state, strict=True))

    if not TYPE_CHECKING:  # which would take any attribute to be there

        def __getattr__(self, name: str) -> Any:
            """Return a part of the state, or raise an error that names the missing attribute."""
            if not name.startswith("_") and "_state" in vars(self):
                found = self._state_variables()
                if name in found:
                    return found[name]
            raise no_attribute(self, name)

    def reset_state(self) -> None:
        """Forget all samples."""
        self._state = None
        for variable in self._variables:
            variable.assign(np.zeros(variable.shape, variable.dtype))

    def update_state(self, y_true: Any, y_pred: Any, sample_weight: Any = None) -> None:
        """Update the state with samples.

        Parameters
        ----------
        y_true : array_like
            Labels.
        y_pred : array_like, shape (..., n)
            Predictions.
        sample_weight : array_like, optional
            A factor for each value: see `Loss`. Metrics that count or compare each single prediction also
            take one for each of them, of the shape of `y_pred`.
        """
        spec = self._spec
        if isinstance(spec, PythonSpec):
            raise NotImplementedError(
                f"{type(self).__name__}.update_state: a metric of your own has to define it"
            )
        if sample_weight is not None:
            sample_weight = as_numbers(sample_weight, "sample_weight")
        if self._flat and len(shape_of(y_pred, "y_pred")) == 1:
            y_true = as_numbers(y_true, "y_true").reshape(self._flat)
            y_pred = as_numbers(y_pred, "y_pred").reshape(self._flat)
            if sample_weight is not None and sample_weight.ndim == 1:
                sample_weight = sample_weight.reshape(self._flat)
        dtype = None if self._whole else self.dtype
        labels, predictions, _ = kernel_arrays(spec, y_true, y_pred, None, dtype)
        shape = predictions.shape
        width = shape[-1] if shape else 1
        if self._state is None:
            self._state = self._zeros(width)
        elif spec.tally is not None and self._state.shape != self._zeros(width).shape:
            raise ValueError(f"y_pred: expected as many columns as before, got {width}")
        weights, mask = masked(y_pred, predictions, None)
        if sample_weight is None:
            self._add(spec, self._state, labels, predictions, weights)
            return
        given = sample_weight.shape
        if self._by_element and aligned_shape(given, shape[:-1]) is None and aligned_shape(given, shape):
            weights = aligned_weights(as_weights(sample_weight, predictions.dtype.name), shape)
            spread = np.broadcast_to(weights, shape)
            spread = spread if mask is None else spread * mask[..., None]
            self._add_elements(spec, self._state, labels, predictions, spread)
            return
        weights = position_weights(sample_weight, shape, predictions.dtype.name)
        weights, _ = masked(y_pred, predictions, weights)
        self._add(spec, self._state, labels, predictions, weights)

    def _add(self, spec: MetricSpec, state: Numbers, labels: Any, predictions: Any, weights: Any) -> None:
        """Add samples to a state, with weights of their positions."""
        if spec.tally is not None:
            loss_metric.add_tally(spec, state, predictions, labels, weights)
        elif self._whole:
            values = loss_metric.values(spec, predictions, labels)
            state += sums_of(values, weights, None, self.dtype)
        else:
            total, _, weight = loss_metric.sums(spec, predictions, labels, weights)
            all_count = spec.ignored_as_zeros and weights is None
            state += total, float(np.prod(predictions.shape[:-1])) if all_count else weight

    def _add_elements(
        self, spec: MetricSpec, state: Numbers, labels: Any, predictions: Any, weights: Any
    ) -> None:
        """Add samples to a state, with a weight for each prediction: here as if each were a sample."""
        columns = [np.ascontiguousarray(array).reshape(-1, 1) for array in (labels, predictions, weights)]
        self._add(spec, state, columns[0], columns[1], columns[2][:, 0])

    def result(self) -> Any:
        """Return the result for all samples so far: a number, or for some metrics an array."""
        return self._read(self._zeros(1) if self._state is None else self._state)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Update the state with samples and return the result."""
        self.update_state(*args, **kwargs)
        return self.result()

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        common = {"name": self.name, "dtype": self.dtype}
        return common | {argument: getattr(self, argument) for argument in self._arguments}


def _checked_dtype(dtype: Any) -> str:
    """Return the name of a dtype of floats or integers."""
    try:
        found = np.dtype(dtype)
    except TypeError:
        return check_floatx(dtype)
    return found.name if found.kind in "iu" else check_floatx(dtype)


def _of_this_moment(result: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a method `result` that returns numbers which later samples do not change."""

    @wraps(result)
    def numbers(self: Any) -> Any:
        return snapshot(result(self), self.name)

    return numbers


registry: FunctionRegistry[Metric] = FunctionRegistry("metric", Metric, "fastnn.metrics")


class PlainMetric(Metric):
    """A metric without arguments of its own; it takes the common ones in Keras' order."""

    def __init__(self, name: str | None = None, dtype: str | None = None) -> None:
        super().__init__(dtype, name)


def values_of(metric: Metric, y_true: ArrayLike, y_pred: ArrayLike) -> NDArray[np.floating]:
    """Return the value of each sample of a metric that is the mean of a kernel's values."""
    spec = metric._spec
    assert isinstance(spec, MetricSpec)
    labels, predictions, _ = kernel_arrays(spec, y_true, y_pred, None)
    return loss_metric.values(spec, predictions, labels)


def ratio(part: NDArray[np.float64], whole: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return part / whole; 0 where whole is 0."""
    quotient: NDArray[np.float64] = np.divide(part, whole, out=np.zeros_like(part), where=whole != 0)
    return quotient
