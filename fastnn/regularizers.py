"""Regularizers: penalties on weights that are added to the loss.

Any function from a weight to a number can be used, written with functions of NumPy or `fastnn.autograd`:

>>> import fastnn, numpy as np
>>> layer = fastnn.layers.Dense(8, kernel_regularizer=lambda w: 0.01 * np.square(w.sum(axis=0)).sum())
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any, overload

import numpy as np
from numpy.typing import NDArray

from .attributes import PlannedAttributes
from .autograd import Tensor
from .checks import ArgumentError, is_overridden, real_number
from .configurable import Configurable
from .conversion import as_numbers
from .registry import FunctionRegistry

if TYPE_CHECKING:
    from .kernels.core.plan import Plan
    from .kernels.core.steps import Value
    from .variables import Variable

__all__ = [
    "L1",
    "L1L2",
    "L2",
    "OrthogonalRegularizer",
    "Regularizer",
    "deserialize",
    "get",
    "l1",
    "l1_l2",
    "l2",
    "orthogonal_regularizer",
    "registry",
    "serialize",
]


class Regularizer(PlannedAttributes, Configurable):
    """Base of all regularizers.

    A subclass defines `__call__`, from a tensor of `fastnn.autograd` to a tensor of one number, and
    `get_config`. Models differentiate it by autograd; L1 and L2 penalties are computed in C.

    Examples
    --------
    >>> @registry.add
    ... class Spread(Regularizer):
    ...     def __call__(self, x):
    ...         return 0.1 * np.square(x - np.mean(x)).sum()
    >>> round(float(get("spread")(np.array([1.0, 3.0]))), 2)
    0.2
    """

    def _plans_depend_on(self, name: str) -> bool:
        """Return whether plans may depend on an attribute: not on those that a program's own call reads."""
        return not is_overridden(self, "__call__") and super()._plans_depend_on(name)

    def __call__(self, x: Any) -> Any:
        """Return the penalty on a weight.

        Parameters
        ----------
        x : Tensor or array_like
            The weight, of any shape.

        Returns
        -------
        Tensor or float
            A tensor for a tensor.
        """
        return 0.0


registry = FunctionRegistry("regularizer", Regularizer)


@registry.add("l1_l2")
class L1L2(Regularizer):
    """The penalty ``l1 * sum(|x|) + l2 * sum(x^2)``, the elastic net of Zou and Hastie (2005).

    Parameters
    ----------
    l1, l2 : float, default 0.0
        The factors, not negative.

    Raises
    ------
    ValueError
        If a factor is not such a number.

    Examples
    --------
    >>> L1L2(l1=0.5, l2=0.25)([1.0, -2.0])
    2.75
    """

    def __init__(self, l1: float | None = 0.0, l2: float | None = 0.0) -> None:
        self.l1 = 0.0 if l1 is None else real_number(l1, "l1", 0)
        self.l2 = 0.0 if l2 is None else real_number(l2, "l2", 0)

    def __call__(self, x: Any) -> Any:
        """Return the penalty; see `Regularizer`."""
        if isinstance(x, Tensor):
            return self.l1 * abs(x).sum() + self.l2 * np.square(x).sum()
        array = as_numbers(x, "x").astype(np.float64)
        return self.l1 * float(np.abs(array).sum()) + self.l2 * float(np.square(array).sum())

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {"l1": self.l1, "l2": self.l2}


@registry.add
class L1(L1L2):
    """The penalty ``l1 * sum(|x|)``, which makes many weights exactly zero (Tibshirani 1996).

    Parameters
    ----------
    l1 : float, default 0.01
        The factor, not negative.

    Examples
    --------
    >>> L1(0.5)([1.0, -2.0])
    1.5
    """

    def __init__(self, l1: float = 0.01) -> None:
        super().__init__(l1=real_number(l1, "l1", 0))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {"l1": self.l1}


@registry.add
class L2(L1L2):
    """The penalty l2 * sum(x^2), which keeps weights small (Hoerl and Kennard 1970).

    Parameters
    ----------
    l2 : float, default 0.01
        The factor, not negative.

    Examples
    --------
    >>> L2(0.5)([1.0, -2.0])
    2.5
    """

    def __init__(self, l2: float = 0.01) -> None:
        super().__init__(l2=real_number(l2, "l2", 0))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {"l2": self.l2}


@registry.add
class OrthogonalRegularizer(Regularizer):
    """The factor times the mean of ``|cosine|`` over all pairs of rows, or columns, of a matrix.

    It is 0 if they are orthogonal to each other.

    Parameters
    ----------
    factor : float, default 0.01
        The factor, not negative.
    mode : {"rows", "columns"}, default "rows"
        The vectors that the penalty drives to be orthogonal.

    Raises
    ------
    ValueError
        If an argument is none of these or, in a call, the weight is not a matrix.

    Examples
    --------
    >>> round(float(OrthogonalRegularizer(1.0)(np.array([[1.0, 0.0], [1.0, 1.0]]))), 4)
    0.7071
    """

    def __init__(self, factor: float = 0.01, mode: str = "rows") -> None:
        self.factor = real_number(factor, "factor", 0)
        if mode not in ("rows", "columns"):
            raise ValueError(f"mode: expected 'rows' or 'columns', got {mode!r}")
        self.mode = mode

    def __call__(self, x: Any) -> Any:
        """Return the penalty; see `Regularizer`."""
        x = x if isinstance(x, Tensor) else as_numbers(x, "x").astype(np.float64)
        if len(x.shape) != 2:
            raise ValueError(f"x: expected a matrix to be orthogonal, got an array of shape {x.shape}")
        rows = x if self.mode == "rows" else np.transpose(x)
        n = rows.shape[0]
        units = rows / np.sqrt(np.maximum(np.square(rows).sum(axis=1, keepdims=True), 1e-24))
        cosines = np.abs(units @ np.transpose(units)) * (1 - np.eye(n, dtype=x.dtype))
        return self.factor * cosines.sum() / max(1, n * (n - 1))

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        return {"factor": self.factor, "mode": self.mode}


def emit(plan: Plan, variable: Variable) -> None:
    """Append the penalty on a weight to a plan, before the layers.

    Raises
    ------
    TypeError
        When the plan is run, if the regularizer returns anything but one number.
    """
    from .kernels.ops import regularization

    penalty = variable.regularizer
    factors = _factors(penalty)
    if factors is not None:
        if any(factors):
            regularization.emit(plan, variable, *factors)
    elif penalty is not None:
        regularization.emit_own(plan, variable, lambda out: _differentiate(penalty, variable.value, out))


def emit_activity(plan: Plan, y: Value, penalty: Callable[..., Any]) -> Value:
    """Append the penalty on an output, divided by the batch size, and return the output for its readers."""
    from .kernels.ops import activity_regularization, fan_out, python_op

    factors = _factors(penalty)
    if factors is not None:
        activity_regularization.emit(plan, y, *factors)
        return y

    def mean(_: Any, outputs: Tensor, *__: Any) -> Any:
        return penalty(outputs) / len(outputs)

    read, penalized = fan_out.emit(plan, y, 2)
    python_op.emit_loss(plan, penalized, penalized, None, mean, "loss", 1.0, False)
    return read


def _factors(penalty: Any) -> tuple[float, float] | None:
    """Return l1 and l2 of a penalty that kernels compute, or None for any other."""
    own = not isinstance(penalty, L1L2) or type(penalty).__call__ is not L1L2.__call__
    return None if own else (penalty.l1, penalty.l2)


def _differentiate(penalty: Callable[..., Any], value: NDArray[Any], out: NDArray[Any]) -> float:
    """Return a penalty and write its gradient to `out`."""
    w = Tensor(value, requires_grad=True)
    y = penalty(w)
    shape = y.shape if isinstance(y, Tensor) else np.shape(y)
    if shape != ():
        raise ArgumentError(
            f"regularizer: expected one number from {penalty!r:.80}, got an array of shape {shape}"
        )
    if isinstance(y, Tensor) and y.requires_grad:
        y.backward()
    out[...] = 0 if w.grad is None else w.grad
    return float(y)


@overload
def get(identifier: None) -> None: ...


@overload
def get(identifier: Any) -> Callable[..., Any]: ...


def get(identifier: Any) -> Any:
    """Return the regularizer that an argument identifies.

    Parameters
    ----------
    identifier : str, dict, type, Regularizer, callable or None
        A name such as "l2"; a config that `serialize` returned; a class; an object, a function from a tensor
        to a number or None, which are returned as they are.

    Returns
    -------
    Regularizer, callable or None
        The regularizer; None for None.

    Raises
    ------
    ValueError
        If the name is unknown.
    TypeError
        If the argument is none of these.

    Examples
    --------
    >>> get("l2").l2
    0.01
    """
    return registry.get(identifier)


# Other names of the classes in Keras.
l1 = L1
l2 = L2
l1_l2 = L1L2
orthogonal_regularizer = OrthogonalRegularizer

serialize = registry.serialize
deserialize = registry.deserialize
