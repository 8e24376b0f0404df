"""Derivatives of NumPy's functions for `fastnn.autograd`, in terms of plain arrays.

`TABLE` has a row for each function f: the function that computes y = f(*args), and for each argument a
*pullback*, the vector-Jacobian product, from the gradient g of y, y and all arguments to the gradient of that
argument. Pullbacks ignore broadcasting: a gradient may have the shape of y, and `unbroadcast` sums it to that
of the argument.
"""

# mypy: disable-error-code="no-any-return"
from __future__ import annotations

import operator
from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

Array = NDArray[Any]
Pullback = Any  # a function of g, y and the arguments, to an array


class Operation:
    """A function of arrays and its derivative.

    Parameters
    ----------
    forward : callable
        Computes the result from the arguments.
    pullbacks : tuple of callable
        Pullbacks of the first arguments, each called with g, y and all arguments.
    every : callable, optional
        For functions of any number of arguments, the pullback of argument i, called with i, g, y and all
        arguments.
    """

    __slots__ = ("every", "forward", "keywords", "name", "positions", "pullbacks")

    def __init__(
        self, name: str, forward: Callable[..., Any], pullbacks: tuple[Pullback, ...], every: Pullback | None
    ) -> None:
        self.name = name
        self.forward, self.pullbacks, self.every = forward, pullbacks, every
        code = (every or pullbacks[0]).__code__
        skipped = 2 if every is None else 3
        self.keywords = set(code.co_varnames[skipped : code.co_argcount + code.co_kwonlyargcount])
        self.positions = None if every is not None else code.co_argcount - skipped

    def pullback(self, i: int) -> Pullback:
        """Return the pullback of argument i."""
        return self.pullbacks[i] if self.every is None else partial(self.every, i)

    def check(self, wanted: list[int], count: int, keywords: dict[str, Any]) -> None:
        """Check that the pullbacks can differentiate a call.

        Raises
        ------
        TypeError
            If they cannot, with the function and the argument.
        """
        for key in keywords:
            if key not in self.keywords:
                raise TypeError(f"{self.name}: its derivative knows no argument {key!r}")
        if self.positions is not None and count > self.positions:
            raise TypeError(
                f"{self.name}: expected at most {self.positions} arguments by position, got {count}"
            )
        for i in wanted:
            if self.every is None and i >= len(self.pullbacks):
                raise TypeError(
                    f"{self.name}: there is no derivative with respect to argument {i}; pass a plain array"
                )


TABLE: dict[Any, Operation] = {}


def add(
    function: Callable[..., Any],
    *pullbacks: Pullback,
    forward: Callable[..., Any] | None = None,
    every: Pullback | None = None,
) -> None:
    """Add a row to the table; `forward` computes the function, by default the function itself."""
    TABLE[function] = Operation(function.__name__, forward or function, pullbacks, every)


def unbroadcast(g: Array, shape: tuple[int, ...]) -> Array:
    """Sum a gradient over the axes along which NumPy repeated an argument of `shape`.

    Examples
    --------
    >>> unbroadcast(np.ones((2, 3)), (3,))
    array([2., 2., 2.])
    >>> unbroadcast(np.ones((2, 3)), (2, 1))
    array([[3.],
           [3.]])
    """
    if g.shape == shape:
        return g
    new = g.ndim - len(shape)
    repeated = [new + i for i, n in enumerate(shape) if n == 1 and g.shape[new + i] != 1]
    total: Array = np.sum(g, axis=(*range(new), *repeated), keepdims=True)
    return total.reshape(shape)


# ---- functions that NumPy does not have ---------------------------------------------------------------


def sigmoid(x: Array) -> Array:
    """Return 1 / (1 + exp(-x)), without overflow."""
    return np.exp(-np.logaddexp(0, -x))


def softplus(x: Array) -> Array:
    """Return log(1 + exp(x)), without overflow."""
    return np.logaddexp(0, x)


def relu(x: Array) -> Array:
    """Return max(x, 0)."""
    return np.maximum(x, 0)


def logsumexp(x: Array, axis: Any = None, *, keepdims: bool = False) -> Array:
    """Return log(sum(exp(x))) over axes, without overflow."""
    top = np.max(x, axis=axis, keepdims=True)
    top = np.where(np.isfinite(top), top, 0).astype(x.dtype)
    y = np.log(np.sum(np.exp(x - top), axis=axis, keepdims=True)) + top
    return y if keepdims else np.squeeze(y, axis=tuple(range(x.ndim)) if axis is None else axis)


def log_softmax(x: Array, axis: Any = -1) -> Array:
    """Return x - logsumexp(x) over axes."""
    return x - logsumexp(x, axis, keepdims=True)


def softmax(x: Array, axis: Any = -1) -> Array:
    """Return exp(x) / sum(exp(x)) over axes."""
    return np.exp(log_softmax(x, axis))


def getitem(x: Array, index: Any) -> Array:
    """Return x[index]."""
    return np.asarray(x[index])


def cast(x: Array, dtype: Any) -> Array:
    """Return x in another dtype."""
    return x.astype(dtype)


def concatenate(*arrays: Array, axis: int | None = 0) -> Array:
    """Return the arrays one after the other along an axis."""
    return np.concatenate(arrays, axis=axis)


def stack(*arrays: Array, axis: int = 0) -> Array:
    """Return the arrays side by side along a new axis."""
    return np.stack(arrays, axis=axis)


# ---- helpers of pullbacks -----------------------------------------------------------------------------


def _spread(g: Array, x: Array, axis: Any, keepdims: bool) -> Array:
    """Broadcast the result of a reduction of x, or its gradient, to the shape of x."""
    if not keepdims and axis is not None:
        g = np.expand_dims(g, axis)
    return np.broadcast_to(g, x.shape)


def _extreme(g: Array, y: Array, x: Array, axis: Any = None, *, keepdims: bool = False) -> Array:
    """Pull back max and min: all elements equal to the extreme share the gradient equally."""
    chosen = (x == _spread(y, x, axis, keepdims)) | (x != x)
    return _spread(g, x, axis, keepdims) * chosen / np.sum(chosen, axis=axis, keepdims=True)


def _larger(a: Array, b: Array) -> Array:
    """Return the share of a in the gradient of max(a, b): 1, 0, or one half where they are equal."""
    return np.where(np.equal(a, b), 0.5, np.greater(a, b) | np.isnan(a))


def _smaller(a: Array, b: Array) -> Array:
    return np.where(np.equal(a, b), 0.5, np.less(a, b) | np.isnan(a))


def _prod(g: Array, y: Array, x: Array, axis: Any = None, *, keepdims: bool = False) -> Array:
    """Pull back prod: the product of the elements before and after each, without division by zeros."""
    axes = range(x.ndim) if axis is None else np.atleast_1d(axis) % x.ndim
    kept = [i for i in range(x.ndim) if i not in axes]
    order = [*kept, *axes]
    turned = np.transpose(x, order)
    flat = turned.reshape(*turned.shape[: len(kept)], -1)
    one = np.ones_like(flat[..., :1])
    before = np.cumprod(np.concatenate([one, flat[..., :-1]], -1), -1)
    behind = np.cumprod(np.concatenate([one, flat[..., :0:-1]], -1), -1)[..., ::-1]
    others = np.transpose((before * behind).reshape(turned.shape), np.argsort(order))
    return _spread(g, x, axis, keepdims) * others


def _half_variance_gradient(x: Array, axis: Any, ddof: int) -> Array:
    """Return half of the gradient of the variance of x."""
    mean = np.mean(x, axis=axis, keepdims=True)
    return (x - mean) / (x.size // max(1, mean.size) - ddof)


def _matmul_left(g: Array, y: Array, a: Array, b: Array) -> Array:
    if b.ndim == 1:
        return g[..., None] * b
    if a.ndim == 1:
        return np.squeeze(np.expand_dims(g, -2) @ np.swapaxes(b, -1, -2), -2)
    return g @ np.swapaxes(b, -1, -2)


def _matmul_right(g: Array, y: Array, a: Array, b: Array) -> Array:
    if a.ndim == 1:
        return a * g if b.ndim == 1 else a[:, None] * np.expand_dims(g, -2)
    if b.ndim == 1:
        return np.squeeze(np.swapaxes(a, -1, -2) @ g[..., None], -1)
    if b.ndim == 2:  # one matrix product for all matrices of a
        return a.reshape(-1, a.shape[-1]).T @ g.reshape(-1, g.shape[-1])
    return np.swapaxes(a, -1, -2) @ g


def _labels(subscripts: str, operands: tuple[Array, ...]) -> list[str]:
    """Return the labels of all axes of each operand of `einsum`, and of its result, without ellipses."""
    inputs, arrow, output = subscripts.replace(" ", "").partition("->")
    if not arrow:
        once = sorted(c for c in set(inputs) - set(",.") if inputs.count(c) == 1)
        output = ("..." if "..." in inputs else "") + "".join(once)
    spare = [c for c in "ABCDEFGHIJKLMNOPQRSTUVWXYZ" if c not in subscripts]
    found, most = [], 0
    for labels, x in zip(inputs.split(","), operands, strict=True):
        more = x.ndim - len(labels.replace("...", ""))
        most = max(most, more)
        found.append(labels.replace("...", "".join(spare[-more:]) if more else ""))
    return [*found, output.replace("...", "".join(spare[-most:]) if most else "")]


def _einsum(i: int, g: Array, y: Array, subscripts: str, *operands: Array) -> Array:
    """Pull back einsum: the same sum with g in place of operand i; ones replace axes that only it has."""
    *inputs, output = _labels(subscripts, operands)
    mine, x = inputs.pop(i - 1), operands[i - 1]
    if len(set(mine)) < len(mine):
        raise ValueError(f"subscripts: no derivative where an operand repeats a label, got {subscripts!r}")
    alone = [c for c in mine if c not in output and not any(c in labels for labels in inputs)]
    ones = np.ones([x.shape[mine.index(c)] for c in alone], g.dtype)
    spelled = ",".join([output, *inputs, "".join(alone)]) + "->" + mine
    return np.asarray(np.einsum(spelled, g, *operands[: i - 1], *operands[i:], ones))


def _getitem(g: Array, y: Array, x: Array, index: Any) -> Array:
    """Pull back indexing: add g to zeros at the indices; repeated indices accumulate."""
    dx = np.zeros(x.shape, g.dtype)
    parts = index if isinstance(index, tuple) else (index,)
    if all(part is None or part is Ellipsis or isinstance(part, (int, slice)) for part in parts):
        dx[index] = g
    else:
        np.add.at(dx, index, g)
    return dx


def _concatenate(i: int, g: Array, y: Array, *arrays: Array, axis: int | None = 0) -> Array:
    if axis is None:
        sizes = [a.size for a in arrays]
        return g[sum(sizes[:i]) : sum(sizes[: i + 1])].reshape(arrays[i].shape)
    start = sum(a.shape[axis] for a in arrays[:i])
    return np.take(g, range(start, start + arrays[i].shape[axis]), axis)


def _cumsum(g: Array, y: Array, x: Array, axis: int | None = None) -> Array:
    if axis is None:
        return np.cumsum(g[::-1])[::-1].reshape(x.shape)
    return np.flip(np.cumsum(np.flip(g, axis), axis), axis)


def _repeat(g: Array, y: Array, x: Array, repeats: int, axis: int | None = None) -> Array:
    """Pull back repeat: sum over the adjacent copies of each element."""
    if np.ndim(repeats):
        raise ValueError(f"repeats: there is a derivative for one number of them only, got {repeats!r}")
    if axis is None:
        return g.reshape(*x.shape, repeats).sum(-1)
    axis %= x.ndim
    return g.reshape(*x.shape[: axis + 1], repeats, *x.shape[axis + 1 :]).sum(axis + 1)


def _pad(g: Array, y: Array, x: Array, pad_width: Any, *, constant_values: Any = 0) -> Array:
    widths = np.broadcast_to(pad_width, (x.ndim, 2))
    return g[tuple(slice(before, before + n) for (before, _), n in zip(widths, x.shape, strict=True))]


# ---- the table ----------------------------------------------------------------------------------------

# arithmetic
add(np.add, lambda g, y, a, b: g, lambda g, y, a, b: g)
add(np.subtract, lambda g, y, a, b: g, lambda g, y, a, b: -g)
add(np.multiply, lambda g, y, a, b: g * b, lambda g, y, a, b: g * a)
add(np.divide, lambda g, y, a, b: g / b, lambda g, y, a, b: -g * y / b)
add(np.negative, lambda g, y, x: -g)
add(np.positive, lambda g, y, x: g)
add(np.remainder, lambda g, y, a, b: g, lambda g, y, a, b: -g * np.floor_divide(a, b))
add(
    np.power,
    lambda g, y, a, b: g * b * np.power(a, np.where(np.equal(b, 0), 1, np.subtract(b, 1)).astype(g.dtype)),
    lambda g, y, a, b: g * y * np.log(np.where(np.greater(a, 0), a, 1)),
    forward=operator.pow,
)
add(np.square, lambda g, y, x: g * 2 * x)
add(np.reciprocal, lambda g, y, x: -g * y * y)
add(np.matmul, _matmul_left, _matmul_right)
add(np.einsum, every=_einsum)

# functions of each element
add(np.exp, lambda g, y, x: g * y)
add(np.exp2, lambda g, y, x: g * y * np.log(2).astype(g.dtype))
add(np.expm1, lambda g, y, x: g * (y + 1))
add(np.log, lambda g, y, x: g / x)
add(np.log2, lambda g, y, x: g / (x * np.log(2).astype(g.dtype)))
add(np.log10, lambda g, y, x: g / (x * np.log(10).astype(g.dtype)))
add(np.log1p, lambda g, y, x: g / (x + 1))
add(np.sqrt, lambda g, y, x: g / (2 * y))
add(np.absolute, lambda g, y, x: g * np.sign(x))
add(np.sin, lambda g, y, x: g * np.cos(x))
add(np.cos, lambda g, y, x: -g * np.sin(x))
add(np.tan, lambda g, y, x: g * (1 + y * y))
add(np.arcsin, lambda g, y, x: g / np.sqrt(1 - x * x))
add(np.arccos, lambda g, y, x: -g / np.sqrt(1 - x * x))
add(np.arctan, lambda g, y, x: g / (1 + x * x))
add(np.sinh, lambda g, y, x: g * np.cosh(x))
add(np.cosh, lambda g, y, x: g * np.sinh(x))
add(np.tanh, lambda g, y, x: g * (1 - y * y))
add(sigmoid, lambda g, y, x: g * y * (1 - y))
add(softplus, lambda g, y, x: g * sigmoid(x))
add(relu, lambda g, y, x: g * (x > 0))
add(np.logaddexp, lambda g, y, a, b: g * np.exp(a - y), lambda g, y, a, b: g * np.exp(b - y))
add(np.arctan2, lambda g, y, a, b: g * b / (a * a + b * b), lambda g, y, a, b: -g * a / (a * a + b * b))
add(np.hypot, lambda g, y, a, b: g * a / y, lambda g, y, a, b: g * b / y)
add(cast, lambda g, y, x, dtype: g)

# selection
add(np.maximum, lambda g, y, a, b: g * _larger(a, b), lambda g, y, a, b: g * _larger(b, a))
add(np.minimum, lambda g, y, a, b: g * _smaller(a, b), lambda g, y, a, b: g * _smaller(b, a))
add(
    np.clip,
    lambda g, y, x, a_min=None, a_max=None: (
        g
        * (True if a_min is None else np.greater_equal(x, a_min))
        * (True if a_max is None else np.less_equal(x, a_max))
    ),
)
add(
    np.where,
    lambda g, y, condition, a, b: np.zeros(np.shape(condition)),
    lambda g, y, condition, a, b: np.where(condition, g, 0),
    lambda g, y, condition, a, b: np.where(condition, 0, g),
)

# reductions over axes
add(np.sum, lambda g, y, x, axis=None, *, keepdims=False: _spread(g, x, axis, keepdims))
add(
    np.mean,
    lambda g, y, x, axis=None, *, keepdims=False: _spread(g, x, axis, keepdims) / (x.size // max(1, y.size)),
)
for extreme in (np.max, np.min, np.amax, np.amin):
    add(extreme, _extreme)
add(np.prod, _prod)
add(
    np.var,
    lambda g, y, x, axis=None, *, ddof=0, keepdims=False: (
        2 * _spread(g, x, axis, keepdims) * _half_variance_gradient(x, axis, ddof)
    ),
)
add(
    np.std,
    lambda g, y, x, axis=None, *, ddof=0, keepdims=False: (
        _spread(g / y, x, axis, keepdims) * _half_variance_gradient(x, axis, ddof)
    ),
)
add(np.cumsum, _cumsum)
add(
    logsumexp,
    lambda g, y, x, axis=None, *, keepdims=False: (
        _spread(g, x, axis, keepdims) * np.exp(x - _spread(y, x, axis, keepdims))
    ),
)
add(softmax, lambda g, y, x, axis=-1: y * (g - np.sum(g * y, axis=axis, keepdims=True)))
add(log_softmax, lambda g, y, x, axis=-1: g - np.exp(y) * np.sum(g, axis=axis, keepdims=True))

# rearrangement of elements
add(getitem, _getitem)
add(np.reshape, lambda g, y, x, shape: g.reshape(x.shape))
add(np.ravel, lambda g, y, x: g.reshape(x.shape))
add(np.expand_dims, lambda g, y, x, axis: g.reshape(x.shape))
add(np.squeeze, lambda g, y, x, axis=None: g.reshape(x.shape))
add(np.transpose, lambda g, y, x, axes=None: np.transpose(g, None if axes is None else np.argsort(axes)))
add(np.swapaxes, lambda g, y, x, axis1, axis2: np.swapaxes(g, axis1, axis2))
add(np.moveaxis, lambda g, y, x, source, destination: np.moveaxis(g, destination, source))
add(np.flip, lambda g, y, x, axis=None: np.flip(g, axis))
add(np.roll, lambda g, y, x, shift, axis=None: np.roll(g, np.negative(shift), axis))
add(np.tril, lambda g, y, x, k=0: np.tril(g, k))
add(np.triu, lambda g, y, x, k=0: np.triu(g, k))
add(np.broadcast_to, lambda g, y, x, shape: g)
add(np.repeat, _repeat)
add(np.pad, _pad)
add(concatenate, every=_concatenate)
add(stack, every=lambda i, g, y, *arrays, axis=0: np.take(g, i, axis))

# Functions whose derivative is zero or undefined: their results are plain arrays.
PLAIN = {
    *(np.equal, np.not_equal, np.less, np.less_equal, np.greater, np.greater_equal, np.isclose, np.allclose),
    *(np.array_equal, np.isnan, np.isinf, np.isfinite, np.logical_and, np.logical_or, np.logical_not),
    *(np.logical_xor, np.any, np.all, np.count_nonzero, np.nonzero, np.floor, np.ceil, np.rint, np.trunc),
    *(np.round, np.around, np.sign, np.signbit, np.floor_divide, np.argmax, np.argmin, np.argsort),
    *(np.argwhere, np.searchsorted, np.shape, np.ndim, np.size, np.zeros_like, np.ones_like, np.empty_like),
    *(np.full_like, np.result_type, np.can_cast, np.array_repr, np.array_str, np.array2string),
}
