"""Activation functions of arrays, and by name in layers.

Each is a row of `csrc/activations.def` under Keras' name, or one of the two that normalise over an axis. They
can be called on arrays, and passed to a layer's `activation` argument, by name or as they are.

>>> import numpy as np
>>> relu(np.array([-1.0, 0.0, 2.0]))
array([0., 0., 2.])
>>> relu(np.array([-1.0, 0.0, 8.0]), max_value=6.0)
array([0., 0., 6.])
>>> relu(np.array([-1.0, 0.0, 8.0]), 0.5)
array([-0.5,  0. ,  8. ])
>>> get("leaky_relu")(np.array([-1.0, 2.0], "float32"))
array([-0.2,  2. ], dtype=float32)
"""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .autograd import Tensor, no_grad
from .autograd.tensor import record
from .checks import ArgumentError, real_number
from .conversion import as_numbers
from .custom_objects import (
    CustomObjectScope,
    function_config,
    function_of_config,
    get_registered_object,
    is_function_config,
)
from .data.validation import as_real, computed_dtype
from .kernels.ops import activation as _elementwise
from .kernels.ops import python_op as _call
from .kernels.ops import softmax as _softmax
from .naming import innermost
from .pickling import Picklable
from .registry import unknown_name

if TYPE_CHECKING:
    from .kernels.core.plan import Plan
    from .kernels.core.steps import Value

__all__ = [
    "Activation",
    "AxisActivation",
    "WrittenActivation",
    "deserialize",
    "elu",
    "exponential",
    "gelu",
    "get",
    "hard_sigmoid",
    "hard_silu",
    "hard_swish",
    "leaky_relu",
    "linear",
    "log_softmax",
    "mish",
    "relu",
    "relu6",
    "selu",
    "serialize",
    "sigmoid",
    "silu",
    "silu_derivative",
    "softmax",
    "softplus",
    "softsign",
    "swish",
    "tanh",
]

# The name of a row of csrc/activations.def and its parameters.
Fused = tuple[Any, ...]


class Activation(Picklable):
    """A function of each element of an array.

    Parameters
    ----------
    name : str
        Its name in Keras.
    formula : str
        Its formula, and where it is from, in the markup of docstrings.
    row : callable
        A function from Keras' parameters to the row of the kernels' table and its parameters.
    **parameters
        Keras' parameters.
    """

    def __init__(self, name: str, formula: str, row: Callable[..., Fused], **parameters: Any) -> None:
        self.name = name
        self.parameters = parameters
        self._row = row
        self.formula = formula
        self.fused = row(**parameters)
        self.__doc__ = f"{name}: {formula}, for each element of an array."

    def __call__(self, x: ArrayLike | Tensor, *args: Any, **parameters: Any) -> Any:
        """Apply the function to each element of `x`, with parameters in Keras' order or by name.

        The result is an array, or a `Tensor` if `x` is one.
        """
        if args:
            parameters = inspect.signature(self._row).bind_partial(*args, **parameters).arguments
        fused = self._row(**self.parameters | parameters)
        return _on_tape(
            x,
            lambda array: _elementwise.apply(fused, array),
            lambda g, array, y: _elementwise.apply_gradient(fused, g, array, y),
        )

    def _pickle_arguments(self) -> tuple[Any, ...]:
        return (serialize(self),)

    def __getstate__(self) -> dict[str, Any]:
        return {}

    @classmethod
    def _pickle_restored(cls, *arguments: Any) -> Any:
        """Return the activation of a name and parameters, which there is one of."""
        return get(*arguments)

    def bind(self, **parameters: Any) -> Activation:
        """Return the same function with these parameters as defaults."""
        return type(self)(self.name, self.formula, self._row, **self.parameters | parameters)

    def emit(self, plan: Plan, x: Value) -> Value:
        """Append the function to a plan as a separate step."""
        return _elementwise.emit(plan, x, self.fused)

    def emit_unfused(self, plan: Plan, x: Value) -> Value:
        """Return the value as it is: `fused` is all of the function, and part of the step before."""
        return x

    def __repr__(self) -> str:
        arguments = "".join(f", {k}={v!r}" for k, v in self.parameters.items())
        return f"<activation {self.name}{arguments}>"


class AxisActivation(Picklable):
    """A function that normalises over an axis: `softmax` or `log_softmax`."""

    fused: Fused = ("linear",)

    def __init__(self, name: str, formula: str, log: bool) -> None:
        self.name = name
        self.parameters: dict[str, Any] = {}
        self._log = log
        self.__doc__ = f"{name}: {formula}, over an axis of an array."

    def __call__(self, x: ArrayLike | Tensor, axis: int = -1) -> Any:
        """Apply the function over `axis`; the result is a new array, or a `Tensor` if `x` is one."""
        if not -np.ndim(x) <= axis < np.ndim(x):
            raise ValueError(f"axis: expected one of the {np.ndim(x)} axes of x, got {axis!r}")
        return _on_tape(
            x,
            lambda array: _softmax.apply(array, axis, self._log),
            lambda g, array, y: _softmax.apply_gradient(g, y, axis, self._log),
        )

    def _pickle_arguments(self) -> tuple[Any, ...]:
        return (self.name,)

    def __getstate__(self) -> dict[str, Any]:
        return {}

    @classmethod
    def _pickle_restored(cls, *arguments: Any) -> Any:
        """Return the activation of a name, which there is one of."""
        return get(*arguments)

    def emit(self, plan: Plan, x: Value, axis: int = -1) -> Value:
        """Append the function over `axis` of a sample to a plan."""
        if not -len(x.shape) <= axis < len(x.shape):
            raise ValueError(f"axis: expected one of the {len(x.shape)} axes of a row, got {axis!r}")
        return _softmax.emit(plan, x, axis, self._log)

    emit_unfused = emit

    def __repr__(self) -> str:
        return f"<activation {self.name}>"


class WrittenActivation(Picklable):
    """A function of tensors as an activation, which plans run as a Python step.

    Parameters
    ----------
    function : callable
        From a tensor to a tensor of the same shape.
    """

    fused: Fused = ("linear",)

    def __init__(self, function: Callable[[Any], Any]) -> None:
        self.function = function
        self.name = getattr(function, "__name__", type(function).__name__)
        self.parameters: dict[str, Any] = {}

    def __call__(self, x: ArrayLike | Tensor) -> Any:
        """Apply the function; the result is a new array, or a `Tensor` if `x` is one."""
        if isinstance(x, Tensor):
            return self.function(x)
        with no_grad():
            return np.asarray(self.function(Tensor(_as_floating(x), requires_grad=False)))

    def emit(self, plan: Plan, x: Value) -> Value:
        """Append the function to a plan."""
        name = f"{innermost()} (activation {self.name})"
        return _call.emit(plan, name, [x], [x.shape], [], self.function, subject=self)[0]

    emit_unfused = emit

    def __repr__(self) -> str:
        return f"<activation {self.name}>"


def _on_tape(x: Any, forward: Callable[..., Any], backward: Callable[..., Any]) -> Any:
    """Return forward(x), recorded if x is a tensor; backward takes the gradient, x and the result."""
    array = _as_floating(x)
    y = forward(array)
    if not isinstance(x, Tensor):
        return y

    def pull(gradients: list[Any]) -> list[Any]:
        return [backward(np.ascontiguousarray(gradients[0]), array, y).astype(x.data.dtype, copy=False)]

    return record([x] if x.requires_grad else [], [y], pull)[0]


def _as_floating(x: ArrayLike) -> NDArray[np.floating]:
    array = as_numbers(x, "x")
    return as_real(array, computed_dtype(array), "x")


def _plain(row: str) -> Callable[..., Fused]:
    return lambda: (row,)


def _relu(negative_slope: float = 0.0, max_value: float | None = None, threshold: float = 0.0) -> Fused:
    """Return the cheapest row that computes Keras' relu with these parameters."""
    slope = real_number(negative_slope, "negative_slope", 0)
    limit = math.inf if max_value is None else real_number(max_value, "max_value", 0)
    threshold = real_number(threshold, "threshold", 0)
    if limit == math.inf and not threshold:
        return ("leaky_relu", slope) if slope else ("relu",)
    return ("bounded_relu", slope, limit, threshold)


relu = Activation("relu", "``max(x, 0)``, or as negative_slope, max_value and threshold say", _relu)
leaky_relu = Activation(
    "leaky_relu",
    "``x`` where ``x > 0``, else ``negative_slope * x``",
    lambda negative_slope: _relu(negative_slope),
    negative_slope=0.2,
)
relu6 = Activation("relu6", "``min(max(x, 0), 6)``", _plain("relu6"))
elu = Activation(
    "elu",
    "``x`` where ``x > 0``, else ``alpha * (exp(x) - 1)``",
    lambda alpha: ("elu", real_number(alpha, "alpha")),
    alpha=1.0,
)
selu = Activation("selu", "``1.0507 * elu(x, alpha=1.6733)`` (Klambauer et al. 2017)", _plain("selu"))
softplus = Activation("softplus", "``log(1 + exp(x))``", _plain("softplus"))
softsign = Activation("softsign", "``x / (1 + |x|)``", _plain("softsign"))
silu = Activation("silu", "``x * sigmoid(x)`` (Elfwing et al. 2018)", _plain("silu"))
silu_derivative = Activation(
    "silu_derivative",
    "``sigmoid(x) * (1 + x * (1 - sigmoid(x)))``, the derivative of silu (Elfwing et al. 2018)",
    _plain("silu_derivative"),
)
gelu = Activation(
    "gelu",
    "``x * Phi(x)``, with Phi the normal distribution; by tanh if approximate (Hendrycks & Gimpel 2016)",
    lambda approximate: ("gelu_tanh",) if approximate else ("gelu",),
    approximate=False,
)
tanh = Activation("tanh", "``tanh(x)``", _plain("tanh"))
sigmoid = Activation("sigmoid", "``1 / (1 + exp(-x))``", _plain("sigmoid"))
exponential = Activation("exponential", "``exp(x)``", _plain("exponential"))
hard_sigmoid = Activation("hard_sigmoid", "``min(max(x / 6 + 1/2, 0), 1)``", _plain("hard_sigmoid"))
hard_silu = Activation("hard_silu", "``x * hard_sigmoid(x)``", _plain("hard_silu"))
mish = Activation("mish", "``x * tanh(softplus(x))`` (Misra 2019)", _plain("mish"))
linear = Activation("linear", "``x``", _plain("linear"))
swish, hard_swish = silu, hard_silu
softmax = AxisActivation("softmax", "``exp(x) / sum(exp(x))``", log=False)
log_softmax = AxisActivation("log_softmax", "``x - log(sum(exp(x)))``", log=True)

_ALL = (
    *(relu, leaky_relu, relu6, elu, selu, softplus, softsign, silu, silu_derivative, gelu, tanh, sigmoid),
    *(exponential, hard_sigmoid, hard_silu, mish, linear, softmax, log_softmax),
)
_BY_NAME: dict[str, Activation | AxisActivation] = {a.name: a for a in _ALL}
_ALIASES = {"swish": "silu", "hard_swish": "hard_silu"}


def get(identifier: Any) -> Activation | AxisActivation | WrittenActivation:
    """Return the activation that an argument identifies.

    Parameters
    ----------
    identifier : str, Activation, dict, callable or None
        A name such as "relu", or of a function that the program has registered; a function of this module; a
        value that `serialize` returned; a user's function of a `fastnn.Tensor`, which plans run as a Python
        step; None for `linear`.

    Raises
    ------
    ValueError
        If the name is unknown.
    TypeError
        If the argument is none of these.

    Examples
    --------
    >>> get(lambda x: x * np.tanh(x))(np.array([0.0, 1.0])).round(4)
    array([0.    , 0.7616])
    """
    if identifier is None:
        return linear
    if isinstance(identifier, (Activation, AxisActivation, WrittenActivation)):
        return identifier
    if is_function_config(identifier):
        return WrittenActivation(function_of_config(identifier))
    if isinstance(identifier, dict):
        if not isinstance(identifier.get("name"), str):
            raise ValueError(
                f"activation: expected {{'name': name, 'parameters': ...}}, got {identifier!r:.200}"
            )
        found = get(identifier["name"])
        parameters = identifier.get("parameters", {})
        return found.bind(**parameters) if isinstance(found, Activation) else found
    if isinstance(identifier, str):
        name = _ALIASES.get(identifier, identifier)
        found = get_registered_object(identifier)
        if callable(found) and not isinstance(found, type):
            return WrittenActivation(found)
        if name not in _BY_NAME:
            raise ValueError(unknown_name("activation", identifier, [*_BY_NAME, *_ALIASES]))
        return _BY_NAME[name]
    if callable(identifier):
        return WrittenActivation(identifier)
    raise ArgumentError(f"activation: expected a name or a function, got {identifier!r}")


def serialize(activation: Any) -> str | dict[str, Any]:
    """Return the name of an activation, with its parameters if they are not the defaults.

    Parameters
    ----------
    activation : Activation or callable
        A function of this module, or one of the program, of which a config has the name only.

    Raises
    ------
    TypeError
        If it is a function without a name, such as a lambda.
    """
    if isinstance(activation, WrittenActivation):
        return function_config(activation.function)
    if not isinstance(activation, (Activation, AxisActivation)):
        return function_config(activation)
    if _BY_NAME[activation.name].parameters == activation.parameters:
        return activation.name
    return {"name": activation.name, "parameters": activation.parameters}


def deserialize(config: Any, custom_objects: Mapping[str, Any] | None = None) -> Any:
    """Return the activation of what `serialize` returned.

    Parameters
    ----------
    config : str or dict
        A name, or what `serialize` returned.
    custom_objects : dict, optional
        The program's own functions, by name.

    Examples
    --------
    >>> deserialize(serialize(relu)) is relu
    True
    """
    with CustomObjectScope(custom_objects):
        return get(config)
