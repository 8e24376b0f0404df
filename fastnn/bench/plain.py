"""A multilayer perceptron in NumPy as it is usually written: vectorised, one expression for each formula.

This is the baseline that fastnn is measured by. `tuned.py` is the same network once more, by somebody who
knows what each call of NumPy costs.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

from .formulas import Array

__all__ = ["MLP"]

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

# Of the hidden layers, from their output.
GRADIENTS: dict[str, Callable[[Array], Array]] = {
    "linear": np.ones_like,
    "relu": lambda y: y > 0,
    "tanh": lambda y: 1 - y * y,
    "sigmoid": lambda y: y * (1 - y),
}


class MLP:
    """A stack of dense layers, trained by Adam: see `tuned.MLP`, whose arguments and methods these are.

    Examples
    --------
    >>> model = MLP([np.eye(2), np.zeros(2)], ["linear"], "mse")
    >>> model.train_step(np.array([[1.0, -1.0]]), np.array([[1.0, 1.0]]))
    2.0
    """

    def __init__(
        self, weights: Sequence[Array], activations: Sequence[str], loss: str, learning_rate: float = 1e-3
    ) -> None:
        self.weights = [w.copy() for w in weights]
        self.activations, self.loss, self.learning_rate = list(activations), loss, learning_rate
        self.m = [np.zeros_like(w) for w in weights]
        self.v = [np.zeros_like(w) for w in weights]
        self.steps = 0

    def get_weights(self) -> list[Array]:
        """Return copies of kernel and bias of each layer."""
        return [w.copy() for w in self.weights]

    def forward(self, x: Array) -> list[Array]:
        """Return the input and the output of every layer."""
        outputs = [x]
        for w, b, name in zip(self.weights[::2], self.weights[1::2], self.activations, strict=True):
            outputs.append(ACTIVATIONS[name](outputs[-1] @ w + b))
        return outputs

    def predict(self, x: Array) -> Array:
        """Return the output of the last layer."""
        return self.forward(x)[-1]

    def loss_and_gradient(self, p: Array, y: Array) -> tuple[float, Array]:
        """Return the loss of predictions and its gradient by what went into the last activation."""
        if self.loss == "sparse_categorical_crossentropy":
            rows = np.arange(len(y))
            dz = p.copy()
            dz[rows, y] -= 1
            return float(-np.log(np.clip(p[rows, y], CLIP, 1 - CLIP)).mean()), dz / len(y)
        if self.loss == "binary_crossentropy":
            q = np.clip(p, CLIP, 1 - CLIP)
            return float(-(y * np.log(q) + (1 - y) * np.log(1 - q)).mean()), (p - y) / y.size
        return float(((p - y) ** 2).mean()), 2 * (p - y) / y.size

    def train_step(self, x: Array, y: Array) -> float:
        """Take one step of Adam on a batch; return the loss before it."""
        outputs = self.forward(x)
        loss, dz = self.loss_and_gradient(outputs[-1], y)
        gradients: list[Array] = []
        for i in reversed(range(len(self.activations))):
            gradients = [outputs[i].T @ dz, dz.sum(axis=0), *gradients]
            if i:
                dz = (dz @ self.weights[2 * i].T) * GRADIENTS[self.activations[i - 1]](outputs[i])
        self.steps += 1
        rate = self.learning_rate * np.sqrt(1 - 0.999**self.steps) / (1 - 0.9**self.steps)
        for w, g, m, v in zip(self.weights, gradients, self.m, self.v, strict=True):
            m += 0.1 * (g - m)
            v += 0.001 * (g * g - v)
            w -= np.asarray(rate, w.dtype) * m / (np.sqrt(v) + 1e-7)
        return loss
