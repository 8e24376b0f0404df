"""Networks in NumPy as they are usually written: vectorised, one expression for each formula.

This is the baseline that fastnn is measured by: dense layers, convolutions by im2col (the windows of a
picture as the rows of a matrix, so that one product does them all, as in K. Chellapilla, S. Puri and
P. Simard, "High performance convolutional neural networks for document processing", 2006), and maxima over
windows. `tuned.py` is the same once more, by somebody who knows what each call of NumPy costs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Protocol

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view

from .formulas import Array

__all__ = ["Convolution", "Dense", "Flatten", "Layer", "MaxPooling", "Network"]

CLIP = 1e-7


def softmax(z: Array) -> Array:
    """Return exp(z) / sum(exp(z)) over the last axis."""
    e: Array = np.exp(z - z.max(axis=1, keepdims=True))
    p: Array = e / e.sum(axis=1, keepdims=True)
    return p


ACTIVATIONS: dict[str, Callable[[Array], Array]] = {
    "linear": lambda z: z,
    "relu": lambda z: np.maximum(z, 0),
    "tanh": np.tanh,
    "sigmoid": lambda z: 1 / (1 + np.exp(-z)),
    "softmax": softmax,
}

# The gradient of what went into an activation, from that of its output y. That of the last layer is in the
# loss.
GRADIENTS: dict[str, Callable[[Array, Array], Array]] = {
    "linear": lambda dy, y: dy,
    "relu": lambda dy, y: dy * (y > 0),
    "tanh": lambda dy, y: dy * (1 - y * y),
    "sigmoid": lambda dy, y: dy * (y * (1 - y)),
}


class Layer(Protocol):
    """What `Network` is made of.

    Attributes
    ----------
    weights : list of ndarray
    activation : str
        One of `ACTIVATIONS`, that the layer ends in.
    """

    weights: list[Array]
    activation: str

    def forward(self, x: Array) -> Array:
        """Return the output; `backward` will refer to this input."""
        ...

    def backward(self, dz: Array, first: bool) -> tuple[list[Array], Array]:
        """Return the gradients of the weights and of the input, from that of what the activation gets.

        The first layer of a network may return anything for the gradient of the input.
        """
        ...


class Dense:
    """f(x W + b)."""

    def __init__(self, kernel: Array, bias: Array, activation: str = "linear") -> None:
        self.weights, self.activation = [kernel.copy(), bias.copy()], activation

    def forward(self, x: Array) -> Array:
        """Return the output (rows, units) of x (rows, inputs)."""
        self.x = x
        return ACTIVATIONS[self.activation](x @ self.weights[0] + self.weights[1])

    def backward(self, dz: Array, first: bool) -> tuple[list[Array], Array]:
        """See `Layer`."""
        return [self.x.T @ dz, dz.sum(axis=0)], dz if first else dz @ self.weights[0].T


class Convolution:
    """f(x * W + b): the kernel (height, width, channels, filters) stays inside of the picture."""

    def __init__(self, kernel: Array, bias: Array, activation: str = "linear") -> None:
        self.weights, self.activation = [kernel.copy(), bias.copy()], activation

    def forward(self, x: Array) -> Array:
        """Return the output (rows, height, width, filters) of x (rows, height, width, channels)."""
        kernel, bias = self.weights
        height, width, channels, filters = kernel.shape
        windows = sliding_window_view(x, (height, width), axis=(1, 2)).transpose(0, 1, 2, 4, 5, 3)
        self.shape = x.shape
        self.columns = windows.reshape(-1, height * width * channels)
        y: Array = ACTIVATIONS[self.activation](self.columns @ kernel.reshape(-1, filters) + bias)
        return y.reshape(*windows.shape[:3], filters)

    def backward(self, dz: Array, first: bool) -> tuple[list[Array], Array]:
        """See `Layer`; the gradient of the input is col2im, each window's added where it came from."""
        kernel, _ = self.weights
        height, width, channels, filters = kernel.shape
        rows, down, across, _ = dz.shape
        dz = dz.reshape(-1, filters)
        gradients = [(self.columns.T @ dz).reshape(kernel.shape), dz.sum(axis=0)]
        if first:
            return gradients, dz
        windows = (dz @ kernel.reshape(-1, filters).T).reshape(rows, down, across, height, width, channels)
        dx = np.zeros(self.shape, dz.dtype)
        for i in range(height):
            for j in range(width):
                dx[:, i : i + down, j : j + across] += windows[:, :, :, i, j]
        return gradients, dx


class MaxPooling:
    """The largest of each size x size positions; what is left over at the end counts for nothing."""

    activation = "linear"

    def __init__(self, size: int) -> None:
        self.weights: list[Array] = []
        self.size = size

    def forward(self, x: Array) -> Array:
        """Return the output (rows, height // size, width // size, channels)."""
        size, (rows, height, width, channels) = self.size, x.shape
        down, across = height // size, width // size
        self.shape = x.shape
        self.windows = x[:, : down * size, : across * size].reshape(rows, down, size, across, size, channels)
        y: Array = self.windows.max(axis=(2, 4))
        self.y = y
        return y

    def backward(self, dz: Array, first: bool) -> tuple[list[Array], Array]:
        """See `Layer`; each of several largest ones gets the gradient."""
        largest = self.windows == self.y[:, :, None, :, None]
        inside = (largest * dz[:, :, None, :, None]).reshape(
            dz.shape[0], dz.shape[1] * self.size, dz.shape[2] * self.size, dz.shape[3]
        )
        if inside.shape == self.shape:
            return [], inside
        dx = np.zeros(self.shape, dz.dtype)
        dx[:, : inside.shape[1], : inside.shape[2]] = inside
        return [], dx


class Flatten:
    """All numbers of a row in one line."""

    activation = "linear"

    def __init__(self) -> None:
        self.weights: list[Array] = []

    def forward(self, x: Array) -> Array:
        """Return the output (rows, numbers)."""
        self.shape = x.shape
        return x.reshape(len(x), -1)

    def backward(self, dz: Array, first: bool) -> tuple[list[Array], Array]:
        """See `Layer`."""
        return [], dz.reshape(self.shape)


class Network:
    """A stack of layers, trained by Adam: see `tuned.MLP`, whose methods these are.

    Parameters
    ----------
    layers : sequence of Layer
    loss : str
        "mse", or a cross-entropy behind the activation it belongs to: "binary_crossentropy" behind a
        sigmoid, "sparse_categorical_crossentropy" behind a softmax.
    learning_rate : float, default 1e-3

    Examples
    --------
    >>> model = Network([Dense(np.eye(2), np.zeros(2))], "mse")
    >>> model.train_step(np.array([[1.0, -1.0]]), np.array([[1.0, 1.0]]))
    2.0
    """

    def __init__(self, layers: Sequence[Layer], loss: str, learning_rate: float = 1e-3) -> None:
        self.layers, self.loss, self.learning_rate = list(layers), loss, learning_rate
        self.weights = [w for layer in layers for w in layer.weights]
        self.m = [np.zeros_like(w) for w in self.weights]
        self.v = [np.zeros_like(w) for w in self.weights]
        self.steps = 0

    def get_weights(self) -> list[Array]:
        """Return copies of the weights of each layer."""
        return [w.copy() for w in self.weights]

    def predict(self, x: Array) -> Array:
        """Return the output of the last layer."""
        for layer in self.layers:
            x = layer.forward(x)
        return x

    def loss_and_gradient(self, p: Array, y: Array) -> tuple[float, Array]:
        """Return the loss of predictions and its gradient for what went into the last activation."""
        if self.loss == "sparse_categorical_crossentropy":
            rows = np.arange(len(y))
            dz = p.copy()
            dz[rows, y] -= 1
            return float(-np.log(np.clip(p[rows, y], CLIP, 1 - CLIP)).mean()), dz / len(y)
        if self.loss == "binary_crossentropy":
            q = np.clip(p, CLIP, 1 - CLIP)
            return float(-(y * np.log(q) + (1 - y) * np.log(1 - q)).mean()), (p - y) / y.size
        dz = GRADIENTS[self.layers[-1].activation](2 * (p - y) / y.size, p)
        return float(((p - y) ** 2).mean()), dz

    def gradients(self, x: Array, y: Array) -> tuple[float, list[Array]]:
        """Return the loss of a batch and its gradients for the weights."""
        outputs = [x]
        for layer in self.layers:
            outputs.append(layer.forward(outputs[-1]))
        loss, dz = self.loss_and_gradient(outputs[-1], y)
        gradients: list[Array] = []
        for i in reversed(range(len(self.layers))):
            own, dz = self.layers[i].backward(dz, first=i == 0)
            gradients = [*own, *gradients]
            if i:
                dz = GRADIENTS[self.layers[i - 1].activation](dz, outputs[i])
        return loss, gradients

    def train_step(self, x: Array, y: Array) -> float:
        """Take one step of Adam on a batch; return the loss before it."""
        loss, gradients = self.gradients(x, y)
        self.steps += 1
        rate = self.learning_rate * np.sqrt(1 - 0.999**self.steps) / (1 - 0.9**self.steps)
        for w, g, m, v in zip(self.weights, gradients, self.m, self.v, strict=True):
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            w -= np.asarray(rate, w.dtype) * m / (np.sqrt(v) + 1e-7)
        return loss
