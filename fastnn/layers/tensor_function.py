"""`TensorFunction`: functions of tensors by name, for graphs of other libraries."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import autograd as ops
from ..autograd.derivatives import add
from ..autograd.tensor import Tensor, apply
from .base.layer import Layer, registry
from .base.window import one_of


def _erf(x: NDArray[Any]) -> NDArray[Any]:
    """Return the error function of each element."""
    values = np.array([math.erf(value) for value in x.ravel().tolist()], x.dtype)
    return values.reshape(x.shape)


add(_erf, lambda g, y, x: g * (2 / math.sqrt(math.pi)) * np.exp(-x * x))


def _constant(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function without slope."""

    def call(*args: Any, **arguments: Any) -> Tensor:
        plain = [np.asarray(x) for x in args]
        dtype = next(x.data.dtype for x in args if isinstance(x, Tensor))
        return Tensor(np.asarray(function(*plain, **arguments), dtype), requires_grad=False)

    return call


def _where(condition: Any, x: Any, y: Any) -> Tensor:
    return ops.where(np.asarray(condition) != 0, x, y)


def _take(x: Any, indices: Any, axis: int) -> Tensor:
    return ops.take(x, np.asarray(indices).astype(np.int64), axis)


def _pad(x: Any, widths: Any, mode: str = "constant", value: float = 0.0) -> Tensor:
    if mode == "constant":
        return ops.pad(x, widths, constant_values=value)
    for axis, (before, after) in enumerate(widths):
        if before or after:
            places = np.pad(np.arange(np.shape(x)[axis]), (before, after), mode=mode)  # type: ignore[call-overload]
            x = ops.take(x, places, axis)
    return x if isinstance(x, Tensor) else Tensor(x)


def _cumsum(x: Any, axis: int, exclusive: bool = False, reverse: bool = False) -> Tensor:
    made = ops.cumsum(x, axis)
    if exclusive is not reverse:
        made = made - x  # what is before, or what a reverse sum leaves out
    if reverse:
        made = ops.sum(x, axis=axis, keepdims=True) - made
    return made


def _reduction(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(x: Any, axis: Any, keepdims: bool = False) -> Tensor:
        made: Tensor = function(x, axis=tuple(axis), keepdims=keepdims)
        return made

    return call


def _lengths(x: Any, lengths: Any) -> NDArray[Any]:
    """Return which steps of sequences there are, by how many."""
    made: NDArray[Any] = np.arange(x.shape[1]) < lengths.reshape(-1, 1)
    return made


def _rounded(x: Any, places: int, lowest: int, largest: float, beyond: str) -> NDArray[Any]:
    """Return numbers of so many binary digits behind the point, or of fewer below 2 ** lowest."""
    x = x.astype(np.float64)
    exponents = np.maximum(np.frexp(x)[1] - 1, lowest)
    step = np.ldexp(np.ones_like(x), exponents - places)
    made = np.rint(x / step) * step
    limit = {"largest": largest, "infinity": math.inf, "nan": math.nan}[beyond]
    result: NDArray[Any] = np.where(np.abs(made) > largest, np.copysign(limit, x), made)
    return result


def _wrapped(x: Any, bits: int, signed: bool) -> NDArray[Any]:
    """Return whole numbers of which only so many bits are kept."""
    low = 2 ** (bits - 1) if signed else 0
    made: NDArray[Any] = (np.trunc(x) + low) % 2**bits - low
    return made


# Functions that casts of numbers consist of.
CASTS: dict[str, Callable[..., NDArray[Any]]] = {
    "nonzero": lambda x: x != 0,
    "rounded": _rounded,
    "trunc": np.trunc,
    "wrapped": _wrapped,
}


def _extreme_place(function: Callable[..., Any]) -> Callable[..., Any]:
    def call(x: Any, axis: int, last: bool = False, keepdims: bool = True) -> Any:
        if not last:
            return function(x, axis=axis, keepdims=keepdims)
        return x.shape[axis] - 1 - function(np.flip(x, axis), axis=axis, keepdims=keepdims)

    return _constant(call)


def _window_places(x: Any, windows: Any, steps: Any) -> NDArray[Any]:
    """Return where the largest elements of windows are, counted with channels in front of other axes."""
    size, channels, axes = math.prod(x.shape[1:-1]), x.shape[-1], len(windows)
    places = np.zeros((), np.int64)
    for i, (part, step) in enumerate(zip(windows, steps, strict=True)):
        x = np.take(x, np.asarray(part), 1 + 2 * i)
        places = np.add.outer(places, np.asarray(part) * step)
    behind = [*range(0, 2 * axes, 2), *range(1, 2 * axes, 2)]
    x = x.transpose(0, *(1 + i for i in behind[:axes]), x.ndim - 1, *(1 + i for i in behind[axes:]))
    x = x.reshape(*x.shape[: axes + 2], -1)
    places = places.transpose(behind).reshape(1, *x.shape[1:-2], 1, -1)
    made: NDArray[Any] = np.take_along_axis(places, x.argmax(-1)[..., None], -1)[..., 0]
    samples = np.arange(len(x)).reshape(-1, *[1] * (axes + 1))
    result: NDArray[Any] = made + size * (np.arange(channels) + channels * samples)
    return result


FUNCTIONS: dict[str, Callable[..., Any]] = {
    **{
        name: getattr(ops, name)
        for name in ("arctan", "cos", "cosh", "expm1", "log", "log1p", "matmul", "sin", "sinh", "sqrt", "tan")
    },
    **{
        name: _reduction(getattr(ops, name))
        for name in ("logsumexp", "max", "mean", "min", "prod", "std", "sum", "var")
    },
    **{
        name: _constant(getattr(np, name))
        for name in ("ceil", "equal", "floor", "isinf", "isnan", "not_equal", "rint", "sign")
    },
    **{name: _constant(function) for name, function in CASTS.items()},
    "arccos": lambda x: apply(np.arccos, x),
    "arcsin": lambda x: apply(np.arcsin, x),
    "argmax": _extreme_place(np.argmax),
    "argmin": _extreme_place(np.argmin),
    "clip": lambda x, minimum, maximum: ops.clip(x, minimum, maximum),
    "cumsum": _cumsum,
    "erf": lambda x: apply(_erf, x),
    "fmod": _constant(np.fmod),
    "lengths": _constant(_lengths),
    "pad": _pad,
    "stack": lambda *tensors, axis: ops.stack(tensors, axis),
    "stop_gradient": _constant(np.positive),
    "take": _take,
    "where": _where,
    "window_places": _constant(_window_places),
}

_MOST = 2**26  # elements of a sample, of all inputs together: 256 MB in float32


@registry.add
class TensorFunction(Layer):
    """A function of tensors, such as a sine, a sum over axes, or elements at indices.

    Parameters
    ----------
    function : str
        Its name in a table: mostly that of NumPy's function.
    operands : list, optional
        What it is called on: None for each input of the layer, and arrays of constants, which broadcast
        against samples; by default the inputs alone.
    arguments : dict, optional
        More arguments by name; axes are counted with that of the batch.
    **kwargs
        See `Layer`.

    Notes
    -----
    Runs NumPy in Python.

    Examples
    --------
    >>> import fastnn, numpy as np
    >>> from fastnn.layers.tensor_function import TensorFunction
    >>> TensorFunction("sum", arguments={"axis": [1]})(np.array([[1.0, 2.0], [3.0, 4.0]]))
    array([3., 7.], dtype=float32)
    """

    _is_operator = True

    def __init__(
        self,
        function: str,
        operands: list[Any] | None = None,
        arguments: dict[str, Any] | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.function = one_of(function, "function", *FUNCTIONS)
        self.operands = None if operands is None else [x if x is None else np.asarray(x) for x in operands]
        self.arguments = dict(arguments or {})

    def _check_input_shape(self, input_shape: Any) -> None:
        """Check that the function may be tried on zeros to find the shape of its output."""
        shapes = [shape[1:] for shape in (input_shape if isinstance(input_shape, list) else [input_shape])]
        if self.function == "pad":
            shapes = [
                [(n or 1) + sum(w) for n, w in zip(shapes[0], self.arguments["widths"][1:], strict=True)]
            ]
        sizes = itertools.zip_longest(*(reversed(shape) for shape in shapes), fillvalue=1)
        if (size := math.prod(max(n or 1 for n in axis) for axis in sizes)) > _MOST:
            raise ValueError(f"inputs: expected samples of at most {_MOST} elements, got {size}")

    def call(self, x: Any) -> Any:
        """Return the function of the inputs and constants."""
        inputs = list(x) if isinstance(x, (list, tuple)) else [x]
        if self.operands is None:
            return FUNCTIONS[self.function](*inputs, **self.arguments)
        waiting = iter(inputs)
        dtype = inputs[0].dtype
        given = [next(waiting) if c is None else self._constant(c, dtype) for c in self.operands]
        return FUNCTIONS[self.function](*given, **self.arguments)

    @staticmethod
    def _constant(array: NDArray[Any], dtype: Any) -> NDArray[Any]:
        return array.astype(dtype) if array.dtype.kind == "f" else array

    def get_config(self) -> dict[str, Any]:
        """Return the arguments."""
        operands = None if self.operands is None else [x if x is None else x.tolist() for x in self.operands]
        own = {"function": self.function, "operands": operands, "arguments": self.arguments}
        return super().get_config() | own
