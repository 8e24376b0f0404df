"""Activations and losses of the NumPy baseline, in place and without allocation."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["ACTIVATIONS", "FUSED", "LOSSES", "Array", "Buffers", "linear", "linear_gradient"]

Array = NDArray[Any]

CLIP = 1e-7
FEW_ROWS = 16

# The losses that take over the final activation.
FUSED = {
    "sparse_categorical_crossentropy": "softmax",
    "categorical_crossentropy": "softmax",
    "binary_crossentropy": "sigmoid",
}


class Buffers:
    """What one layer computes with for a number of rows.

    Parameters
    ----------
    rows, units : int
    dtype : dtype

    Attributes
    ----------
    y : ndarray, shape (rows, units)
        Its output.
    dy : ndarray, shape (rows, units)
        The gradient of the loss with respect to its output, then to what went into its activation.
    a, b, mask : ndarray, shape (rows, units)
        For intermediate results.
    flat_y, flat_dy : ndarray, shape (rows * units,)
        Views of `y` and `dy`.
    turned : ndarray, shape (units, rows)
        For maxima over units: NumPy reduces the first axis of a narrow array several times as fast.
    row, column : ndarray, shapes (rows,) and (rows, 1)
        One number for each row, seen in two shapes.
    """

    def __init__(self, rows: int, units: int, dtype: np.dtype[Any]) -> None:
        def constant(value: float) -> Array:
            return np.array(value, dtype)

        self.y, self.dy, self.a, self.b = np.empty((4, rows, units), dtype)
        self.flat_y, self.flat_dy = self.y.reshape(-1), self.dy.reshape(-1)
        self.mask = np.empty((rows, units), bool)
        self.turned = np.empty((units, rows), dtype)
        self.row = np.empty(rows, dtype)
        self.column = self.row[:, None]
        self.first = np.arange(0, rows * units, units)
        self.ones, self.rows_of_ones = np.ones(units, dtype), np.ones(rows, dtype)
        self.zero, self.one = constant(0), constant(1)
        self.lowest = constant(math.log(np.finfo(dtype).tiny))
        self.clip, self.log_clip, self.minus_log_clip = map(constant, (CLIP, math.log(CLIP), -math.log(CLIP)))
        self.per_row, self.per_value = constant(1 / rows), constant(1 / (rows * units))
        self.two_per_value = constant(2 / (rows * units))


# An activation is a pair: y = f(y) in place, and dy *= f' in place, given the output y.


def linear(y: Array, s: Buffers) -> None:
    """Leave `y` as it is."""


def linear_gradient(dy: Array, y: Array, s: Buffers) -> None:
    """Leave `dy` as it is."""


def relu(y: Array, s: Buffers) -> None:
    np.maximum(y, s.zero, out=y)


def relu_gradient(dy: Array, y: Array, s: Buffers) -> None:
    np.greater(y, s.zero, s.mask)
    np.copyto(s.a, s.mask)  # reals times booleans would be converted piece by piece
    np.multiply(dy, s.a, dy)


def tanh(y: Array, s: Buffers) -> None:
    np.tanh(y, y)


def tanh_gradient(dy: Array, y: Array, s: Buffers) -> None:
    np.multiply(y, y, s.a)
    np.subtract(s.one, s.a, s.a)
    np.multiply(dy, s.a, dy)


def sigmoid(y: Array, s: Buffers) -> None:
    np.maximum(y, s.lowest, out=y)  # below it exp(-y) overflows
    np.negative(y, y)
    np.exp(y, y)
    np.add(y, s.one, y)
    np.reciprocal(y, y)


def sigmoid_gradient(dy: Array, y: Array, s: Buffers) -> None:
    np.subtract(s.one, y, s.a)
    np.multiply(s.a, y, s.a)
    np.multiply(dy, s.a, dy)


def softmax(y: Array, s: Buffers) -> None:
    if len(y) > FEW_ROWS:
        np.copyto(s.turned, y.T)
        np.maximum.reduce(s.turned, axis=0, out=s.row)
    else:
        np.maximum.reduce(y, axis=1, out=s.row)
    np.subtract(y, s.column, y)
    np.exp(y, y)
    np.dot(y, s.ones, s.row)
    np.divide(y, s.column, y)


def softmax_gradient(dy: Array, y: Array, s: Buffers) -> None:
    np.multiply(dy, y, s.a)
    np.dot(s.a, s.ones, s.row)
    np.subtract(dy, s.column, dy)
    np.multiply(dy, y, dy)


ACTIVATIONS: dict[str, tuple[Callable[[Array, Buffers], None], Callable[[Array, Array, Buffers], None]]] = {
    "linear": (linear, linear_gradient),
    "relu": (relu, relu_gradient),
    "tanh": (tanh, tanh_gradient),
    "sigmoid": (sigmoid, sigmoid_gradient),
    "softmax": (softmax, softmax_gradient),
}


# A loss takes the prediction in s.y, or the logits where it takes the activation over; it leaves their
# gradient in s.dy and returns the mean over rows.


def mean_squared_error(target: Array, s: Buffers) -> float:
    np.subtract(s.y, target, s.a)
    np.multiply(s.a, s.two_per_value, s.dy)
    return float(np.vdot(s.a, s.a) / s.a.size)


def binary_crossentropy(target: Array, s: Buffers) -> float:
    """With d = 1 + exp(-z): p = 1 / d, -log(p) = log(d), -log(1 - p) = log(d) + z."""
    z = s.y
    np.maximum(z, s.log_clip, out=z)
    np.minimum(z, s.minus_log_clip, out=z)
    np.negative(z, s.a)
    np.exp(s.a, s.a)
    np.add(s.a, s.one, s.a)
    np.log(s.a, s.b)
    np.reciprocal(s.a, s.a)
    np.subtract(s.a, target, s.dy)
    np.multiply(s.dy, s.per_value, s.dy)
    np.subtract(s.one, target, s.a)
    return float((np.add.reduce(s.b, None) + np.vdot(s.a, z)) / z.size)


def categorical_crossentropy(target: Array, s: Buffers) -> float:
    softmax(s.y, s)
    np.subtract(s.y, target, s.dy)
    np.multiply(s.dy, s.per_row, s.dy)
    np.maximum(s.y, s.clip, out=s.a)
    np.log(s.a, s.a)
    return -float(np.vdot(target, s.a) / len(s.a))


def sparse_categorical_crossentropy(target: Array, s: Buffers) -> float:
    softmax(s.y, s)
    index = s.first + target
    p = s.flat_y[index]
    np.multiply(s.y, s.per_row, s.dy)
    s.flat_dy[index] -= s.per_row
    np.maximum(p, s.clip, out=p)
    np.log(p, p)
    return -float(np.dot(p, s.rows_of_ones) / len(p))


LOSSES: dict[str, Callable[[Array, Buffers], float]] = {
    "mse": mean_squared_error,
    "binary_crossentropy": binary_crossentropy,
    "categorical_crossentropy": categorical_crossentropy,
    "sparse_categorical_crossentropy": sparse_categorical_crossentropy,
}
