"""Recurrent layers in NumPy as they are usually written: a loop over time, one line for each formula.

Weights and formulas are those of Keras. The product with the inputs is taken for all steps at once, in front
of the loop, as most people do. `tuned_rnn.py` is the same once more, by somebody who counts the calls.
"""

from __future__ import annotations

import numpy as np

from .formulas import Array

__all__ = ["GRU", "LSTM", "Recurrent", "SimpleRNN"]


def sigmoid(z: Array) -> Array:
    """Return 1 / (1 + exp(-z))."""
    y: Array = 1 / (1 + np.exp(-z))
    return y


class Recurrent:
    """The loop over time of a layer that returns its last state.

    Parameters
    ----------
    kernel, recurrent_kernel, bias : ndarray
        As `get_weights` of the layer in Keras returns them.
    """

    activation = "linear"  # that of the state is done at each step
    x: Array

    def __init__(self, kernel: Array, recurrent_kernel: Array, bias: Array) -> None:
        self.weights = [kernel.copy(), recurrent_kernel.copy(), bias.copy()]
        self.units = len(recurrent_kernel)

    def project(self, x: Array) -> Array:
        """Return the share of the inputs (rows, steps, inputs) in what the activations get."""
        projected: Array = x @ self.weights[0] + self.weights[2]
        return projected

    def start(self, rows: int) -> Array:
        """Return a state of zeros."""
        return np.zeros((rows, self.units), self.weights[0].dtype)

    def add(self, gradients: list[Array], t: int, h: Array, dz: Array) -> None:
        """Add what step t has to the gradients, from that of what its activations get."""
        gradients[0] += self.x[:, t].T @ dz
        gradients[1] += h.T @ dz
        gradients[2] += dz.sum(axis=0)

    def forward(self, x: Array) -> Array:
        """Return the last state (rows, units) of x (rows, steps, inputs)."""
        raise NotImplementedError

    def backward(self, dz: Array, first: bool) -> tuple[list[Array], Array]:
        """See `plain.Layer`. The layer is the first one."""
        raise NotImplementedError


class SimpleRNN(Recurrent):
    """h = tanh(x W + h U + b)."""

    def forward(self, x: Array) -> Array:
        """See `Recurrent`."""
        self.x, projected, h = x, self.project(x), self.start(len(x))
        self.states = [h]
        for t in range(x.shape[1]):
            h = np.tanh(projected[:, t] + h @ self.weights[1])
            self.states.append(h)
        return h

    def backward(self, dz: Array, first: bool) -> tuple[list[Array], Array]:
        """See `Recurrent`."""
        gradients, dh = [np.zeros_like(w) for w in self.weights], dz
        for t in reversed(range(self.x.shape[1])):
            dz = dh * (1 - self.states[t + 1] ** 2)
            self.add(gradients, t, self.states[t], dz)
            dh = dz @ self.weights[1].T
        return gradients, dh


class LSTM(Recurrent):
    """i, f, g, o = x W + h U + b; c = sigmoid(f) c + sigmoid(i) tanh(g); h = sigmoid(o) tanh(c)."""

    def forward(self, x: Array) -> Array:
        """See `Recurrent`."""
        self.x, projected = x, self.project(x)
        h = c = self.start(len(x))
        self.kept = []
        for t in range(x.shape[1]):
            i, f, g, o = np.split(projected[:, t] + h @ self.weights[1], 4, axis=1)
            i, f, g, o = sigmoid(i), sigmoid(f), np.tanh(g), sigmoid(o)
            before, c = (h, c), f * c + i * g
            squashed = np.tanh(c)
            self.kept.append((*before, i, f, g, o, squashed))
            h = o * squashed
        return h

    def backward(self, dz: Array, first: bool) -> tuple[list[Array], Array]:
        """See `Recurrent`."""
        gradients, dh, dc = [np.zeros_like(w) for w in self.weights], dz, np.zeros_like(dz)
        for t in reversed(range(self.x.shape[1])):
            h, c, i, f, g, o, squashed = self.kept[t]
            dc = dc + dh * o * (1 - squashed**2)
            di, df, dg, do = dc * g, dc * c, dc * i, dh * squashed
            dz = np.concatenate(
                [di * i * (1 - i), df * f * (1 - f), dg * (1 - g**2), do * o * (1 - o)], axis=1
            )
            self.add(gradients, t, h, dz)
            dh, dc = dz @ self.weights[1].T, dc * f
        return gradients, dh


class GRU(Recurrent):
    """z, r = sigmoid(x W + h U + b + b'); k = tanh(x W + b + r (h U + b')); h = z h + (1 - z) k."""

    def project(self, x: Array) -> Array:
        """See `Recurrent`: of the two biases, that of the inputs."""
        projected: Array = x @ self.weights[0] + self.weights[2][0]
        return projected

    def forward(self, x: Array) -> Array:
        """See `Recurrent`."""
        self.x, projected, h = x, self.project(x), self.start(len(x))
        self.kept = []
        for t in range(x.shape[1]):
            xz, xr, xk = np.split(projected[:, t], 3, axis=1)
            hz, hr, hk = np.split(h @ self.weights[1] + self.weights[2][1], 3, axis=1)
            z, r = sigmoid(xz + hz), sigmoid(xr + hr)
            k = np.tanh(xk + r * hk)
            self.kept.append((h, z, r, k, hk))
            h = z * h + (1 - z) * k
        return h

    def backward(self, dz: Array, first: bool) -> tuple[list[Array], Array]:
        """See `Recurrent`."""
        gradients, dh = [np.zeros_like(w) for w in self.weights], dz
        for t in reversed(range(self.x.shape[1])):
            h, z, r, k, hk = self.kept[t]
            dk = dh * (1 - z) * (1 - k**2)
            both = [dh * (h - k) * z * (1 - z), dk * hk * r * (1 - r)]
            inputs, states = np.concatenate([*both, dk], axis=1), np.concatenate([*both, dk * r], axis=1)
            gradients[0] += self.x[:, t].T @ inputs
            gradients[1] += h.T @ states
            gradients[2] += inputs.sum(axis=0), states.sum(axis=0)
            dh = dh * z + states @ self.weights[1].T
        return gradients, dh
