"""Recurrent layers in NumPy, written for speed: see `tuned` for what holds there as well.

What makes them fast, beside arrays that are allocated once:

- Rows of data are the columns of every matrix, so that each gate of a step lies in one piece.
- sigmoid(z) = 1/2 + tanh(z / 2) / 2, and the halves are taken into the weights: NumPy's tanh is its fastest
  function, and all gates together are one call of it.
- Backward, everything that does not wait for the step behind it is computed for all steps at once: a factor
  for each gate. What is left in the loop is six calls.
- The gradients of weights are one product over all steps.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from .formulas import Array
from .tuned import MLP

__all__ = ["GRU", "LSTM", "RNN", "SimpleRNN"]


class Recurrent:
    """A layer's arrays for a number of rows, and the products that all cells share.

    Parameters
    ----------
    shape : tuple of int
        Rows, steps and inputs.
    weights, gradients : list of ndarray
        Kernel, recurrent kernel and bias in the order of Keras, and where their gradients go.
    """

    order: Sequence[int] = (0,)  # in which the gates of Keras stand here, ...
    halved = 0  # ... how many of them, the first ones, go through a sigmoid

    def __init__(self, shape: tuple[int, ...], weights: list[Array], gradients: list[Array]) -> None:
        rows, steps, inputs = shape
        units, width = weights[1].shape
        gates, dtype = width // units, weights[0].dtype

        def array(*shape: int) -> Array:
            return np.zeros(shape, dtype)

        self.weights, self.gradients, self.units = weights, gradients, units
        self.x, self.columns = array(steps, inputs, rows), array(inputs, steps, rows)
        self.h, self.before = array(steps + 1, units, rows), array(units, steps, rows)
        self.z, self.product = array(steps, gates, units, rows), array(gates, units, rows)
        self.dz, self.turned = array(steps, gates, units, rows), array(gates, units, steps, rows)
        self.a, self.b, self.dh = array(units, rows), array(units, rows), array(units, rows)
        self.kernel, self.recurrent, self.straight = (
            array(width, inputs),
            array(width, units),
            array(units, width),
        )
        self.bias = array(gates, units, 1)
        self.by_gate = array(width, inputs), array(width, units)
        self.half, self.one = np.array(0.5, dtype), np.array(1, dtype)

    def take(self, into: Array, weight: Array) -> None:
        """Copy a weight (n, gates units) to (gates units, n), gates in their order here and halved."""
        into = into.reshape(len(self.order), self.units, -1)
        parts = weight.T.reshape(into.shape)
        for at, gate in enumerate(self.order):
            if at < self.halved:
                np.multiply(parts[gate], self.half, into[at])
            else:
                np.copyto(into[at], parts[gate])

    def straighten(self) -> None:
        """Put the recurrent kernel into `straight`, gates in their order here."""
        shape = self.units, len(self.order), self.units
        np.copyto(self.straight.reshape(shape), self.weights[1].reshape(shape)[:, self.order])

    def give(self, gradient: Array, by_gate: Array) -> None:
        """Copy a gradient back to the order of Keras."""
        parts = gradient.T.reshape(len(self.order), self.units, -1)
        for at, gate in enumerate(self.order):
            parts[gate] = by_gate.reshape(parts.shape)[at]

    def begin(self, x: Array, bias: Array) -> None:
        """Put the share of the inputs into `z`, and the weights in their place."""
        kernel, recurrent, _ = self.weights
        self.take(self.kernel, kernel)
        self.take(self.recurrent, recurrent)
        self.take(self.bias, bias[None])
        np.copyto(self.x, x.transpose(1, 2, 0))
        np.matmul(self.kernel, self.x, self.z.reshape(len(self.z), len(self.kernel), -1))
        np.add(self.z, self.bias, self.z)

    def squash(self, y: Array) -> None:
        """Make sigmoids of what has been halved."""
        np.tanh(y, y)
        np.multiply(y, self.half, y)
        np.add(y, self.half, y)

    def step_back(self, dz: Array) -> None:
        """Put the gradient of the state before into `dh`, from that of the gates."""
        np.dot(self.straight, dz.reshape(self.straight.shape[1], -1), self.dh)

    def last(self) -> Array:
        """Return the state after the last step, (rows, units)."""
        h: Array = self.h[-1].T
        return h

    def turn(self) -> Array:
        """Put the gradients of all steps side by side; return their sums, those of a bias."""
        np.copyto(self.turned, self.dz.transpose(1, 2, 0, 3))
        sums: Array = np.add.reduce(self.turned.reshape(len(self.kernel), -1), axis=1)
        return sums

    def multiply(self, which: int, values: Array, columns: Array) -> None:
        """Put the gradient of a kernel in its place: one product over steps and rows."""
        by_gate = self.by_gate[which]
        np.copyto(columns, values.transpose(1, 0, 2))
        np.dot(self.turned.reshape(len(by_gate), -1), columns.reshape(len(columns), -1).T, by_gate)
        self.give(self.gradients[which], by_gate)

    def forward(self, x: Array) -> Array:
        """Return the last state (rows, units) of x (rows, steps, inputs)."""
        raise NotImplementedError

    def backward(self, dh: Array) -> None:
        """Leave the gradients of the weights, from that of the last state (rows, units)."""
        raise NotImplementedError


class SimpleRNN(Recurrent):
    """h = tanh(x W + h U + b)."""

    def forward(self, x: Array) -> Array:
        """See `Recurrent`."""
        self.begin(x, self.weights[2])
        recurrent, product = self.recurrent, self.product[0]
        for z, h, after in zip(self.z[:, 0], self.h[:-1], self.h[1:], strict=True):
            np.dot(recurrent, h, product)
            np.add(z, product, product)
            np.tanh(product, after)
        return self.last()

    def backward(self, dh: Array) -> None:
        """See `Recurrent`."""
        self.straighten()
        slope = self.z[:, 0]
        np.multiply(self.h[1:], self.h[1:], slope)
        np.subtract(self.one, slope, slope)
        np.copyto(self.dh, dh.T)
        for t in reversed(range(len(slope))):
            np.multiply(self.dh, slope[t], self.dz[t, 0])
            self.step_back(self.dz[t])
        self.give(self.gradients[2][None], self.turn())
        self.multiply(0, self.x, self.columns)
        self.multiply(1, self.h[:-1], self.before)


class LSTM(Recurrent):
    """Gates stand in the order i, f, o, g."""

    order = (0, 1, 3, 2)
    halved = 3

    def __init__(self, shape: tuple[int, ...], weights: list[Array], gradients: list[Array]) -> None:
        super().__init__(shape, weights, gradients)
        self.c = np.zeros_like(self.h)
        self.squashed, self.slope = np.zeros_like(self.h[1:]), np.zeros_like(self.h[1:])
        self.factor, self.dc = np.zeros_like(self.z), np.zeros_like(self.dh)

    def forward(self, x: Array) -> Array:
        """See `Recurrent`."""
        self.begin(x, self.weights[2])
        recurrent, product, a = self.recurrent, self.product, self.a
        flat = product.reshape(len(recurrent), -1)
        steps = zip(self.z, self.h[:-1], self.h[1:], self.c[:-1], self.c[1:], self.squashed, strict=True)
        for z, h, after, c, c_after, squashed in steps:
            np.dot(recurrent, h, flat)
            np.add(z, product, z)
            np.tanh(z, z)
            sigmoids = z[:3]
            np.multiply(sigmoids, self.half, sigmoids)
            np.add(sigmoids, self.half, sigmoids)
            np.multiply(z[1], c, c_after)
            np.multiply(z[0], z[3], a)
            np.add(c_after, a, c_after)
            np.tanh(c_after, squashed)
            np.multiply(z[2], squashed, after)
        return self.last()

    def backward(self, dh: Array) -> None:
        """See `Recurrent`."""
        self.straighten()
        z, factor, slope, dc, a = self.z, self.factor, self.slope, self.dc, self.a
        i, f, o, g = (z[:, gate] for gate in range(4))
        np.subtract(self.one, z[:, :3], factor[:, :3])
        np.multiply(factor[:, :3], z[:, :3], factor[:, :3])
        for gate, other in enumerate((g, self.c[:-1], self.squashed)):
            np.multiply(factor[:, gate], other, factor[:, gate])
        np.multiply(g, g, factor[:, 3])
        np.subtract(self.one, factor[:, 3], factor[:, 3])
        np.multiply(factor[:, 3], i, factor[:, 3])
        np.multiply(self.squashed, self.squashed, slope)
        np.subtract(self.one, slope, slope)
        np.multiply(slope, o, slope)
        np.copyto(self.dh, dh.T)
        dc.fill(0)
        for t in reversed(range(len(z))):
            dz = self.dz[t]
            np.multiply(self.dh, slope[t], a)
            np.add(dc, a, dc)
            np.multiply(factor[t], dc, dz)
            np.multiply(factor[t, 2], self.dh, dz[2])
            np.multiply(dc, f[t], dc)
            self.step_back(dz)
        self.give(self.gradients[2][None], self.turn())
        self.multiply(0, self.x, self.columns)
        self.multiply(1, self.h[:-1], self.before)


class GRU(Recurrent):
    """Gates stand in the order of Keras: z, r and the candidate k, whose share of the state is q."""

    order = (0, 1, 2)
    halved = 2

    def __init__(self, shape: tuple[int, ...], weights: list[Array], gradients: list[Array]) -> None:
        super().__init__(shape, weights, gradients)
        self.q, self.slope, self.factor = (
            np.zeros_like(self.h[1:]),
            np.zeros_like(self.h[1:]),
            np.zeros_like(self.z),
        )
        self.states_bias = np.zeros_like(self.bias)

    def forward(self, x: Array) -> Array:
        """See `Recurrent`."""
        self.begin(x, self.weights[2][0])
        self.take(self.states_bias, self.weights[2][1][None])
        recurrent, product, a = self.recurrent, self.product, self.a
        flat = product.reshape(len(recurrent), -1)
        for z, h, after, q in zip(self.z, self.h[:-1], self.h[1:], self.q, strict=True):
            np.dot(recurrent, h, flat)
            np.add(product, self.states_bias, product)
            np.add(z[:2], product[:2], z[:2])
            self.squash(z[:2])
            np.copyto(q, product[2])
            np.multiply(z[1], q, a)
            np.add(z[2], a, z[2])
            np.tanh(z[2], z[2])
            np.subtract(h, z[2], a)
            np.multiply(z[0], a, a)
            np.add(z[2], a, after)
        return self.last()

    def backward(self, dh: Array) -> None:
        """See `Recurrent`."""
        self.straighten()
        z, factor, slope, a = self.z, self.factor, self.slope, self.a
        update, reset, k = (z[:, gate] for gate in range(3))
        # slope: of k; factors: of z, and of r and q by that of k
        np.multiply(k, k, slope)
        np.subtract(self.one, slope, slope)
        np.subtract(self.one, update, factor[:, 0])
        np.multiply(slope, factor[:, 0], slope)
        np.multiply(factor[:, 0], update, factor[:, 0])
        np.subtract(self.h[:-1], k, factor[:, 2])
        np.multiply(factor[:, 0], factor[:, 2], factor[:, 0])
        np.subtract(self.one, reset, factor[:, 1])
        np.multiply(factor[:, 1], reset, factor[:, 1])
        np.multiply(factor[:, 1], self.q, factor[:, 1])
        np.copyto(factor[:, 2], reset)
        np.copyto(self.dh, dh.T)
        own = self.q  # is not needed any more: the gradient of k
        for t in reversed(range(len(z))):
            dz = self.dz[t]
            np.multiply(self.dh, slope[t], own[t])
            np.multiply(self.dh, factor[t, 0], dz[0])
            np.multiply(factor[t, 1:], own[t], dz[1:])
            np.multiply(self.dh, update[t], a)
            self.step_back(dz)
            np.add(self.dh, a, self.dh)
        bias = self.gradients[2]
        self.give(bias[1:], self.turn())
        self.multiply(1, self.h[:-1], self.before)
        np.copyto(self.dz[:, 2], own)
        self.give(bias[:1], self.turn())
        self.multiply(0, self.x, self.columns)


CELLS: dict[str, type[Recurrent]] = {"SimpleRNN": SimpleRNN, "LSTM": LSTM, "GRU": GRU}


class RNN(MLP):
    """A recurrent layer that returns its last state, then dense layers, trained by Adam.

    Parameters
    ----------
    weights : list of ndarray
        Kernel, recurrent kernel and bias, then kernel and bias of each dense layer, in the order of
        `get_weights` in Keras. Their dtype, float32 or float64, is the model's.
    cell : str
        "SimpleRNN", "LSTM" or "GRU".
    activations, loss, **adam
        Of the dense layers, see `tuned.MLP`.

    Examples
    --------
    >>> weights = [np.ones((1, 1)), np.zeros((1, 1)), np.zeros(1), np.eye(1), np.zeros(1)]
    >>> RNN(weights, "SimpleRNN", ["linear"], "mse").predict(np.array([[[0.0], [1.0]]])).round(3)
    array([[0.762]])
    """

    def __init__(
        self, weights: Sequence[Array], cell: str, activations: Sequence[str], loss: str, **adam: Any
    ) -> None:
        super().__init__(weights, activations, loss, **adam)
        self._cell = CELLS[cell]
        self._layers: dict[tuple[int, ...], Recurrent] = {}

    def predict(self, x: Array) -> Array:
        """Return the output of the last layer, a new array, for x (rows, steps, inputs)."""
        return super().predict(self._layer_of(x).forward(x))

    def loss_and_gradients(self, x: Array, y: Array) -> float:
        """Return the loss of a batch, and leave its gradient for the parameters in `gradients`."""
        layer = self._layer_of(x)
        state = layer.forward(x)
        loss = super().loss_and_gradients(state, y)
        layer.backward(np.dot(self._pass_of(len(x)).first.dy, self._weights[self._dense][0].T))
        return loss

    def _layer_of(self, x: Array) -> Recurrent:
        found = self._layers.get(x.shape)
        if found is None:
            found = self._layers[x.shape] = self._cell(x.shape, self._weights[:3], self._gradients[:3])
        return found
