"""A multilayer perceptron in NumPy, written for speed: what an expert gets out of it.

Formulas are those of Keras and of fastnn: `x W + b` and an activation for each layer; Adam with the
"epsilon hat" of Kingma & Ba (2015), section 2; probabilities taken into [1e-7, 1 - 1e-7] before a logarithm.

What makes it fast, each step measured against the obvious form:

- Every array but a prediction is allocated once for each number of rows, and every call has its output.
- All parameters lie in one array and all gradients in another, so Adam is ten passes over flat memory. Its
  averages are kept without their factors 1 - beta, which go into the step size: two passes less.
- `np.dot` costs less than `np.matmul` for small matrices, a product with a vector of ones less than a sum
  over rows, and the largest number of each of many short rows less where they are columns.
- Constants are arrays of no dimension: a Python number would be converted at each call.
- A final softmax or sigmoid is taken together with its cross-entropy, whose gradient is p - t.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np

from .formulas import ACTIVATIONS, FUSED, LOSSES, Array, Buffers, linear, linear_gradient

__all__ = ["MLP", "Adam"]


class Adam:
    """m += (1 - beta_1) (g - m), v += (1 - beta_2) (g^2 - v), w -= lr m / (sqrt(v) + epsilon).

    Both averages are corrected for their start at zero, in the step size.

    Parameters
    ----------
    w, g : ndarray, shape (n,)
        The parameters, changed in place, and where their gradient will be. A step uses `g` up.
    learning_rate, beta_1, beta_2, epsilon : float
        As in Keras.
    """

    def __init__(
        self,
        w: Array,
        g: Array,
        learning_rate: float = 1e-3,
        beta_1: float = 0.9,
        beta_2: float = 0.999,
        epsilon: float = 1e-7,
    ) -> None:
        self.learning_rate, self.beta_1, self.beta_2 = learning_rate, beta_1, beta_2
        self.steps = 0
        self._w, self._g = w, g
        self._m, self._v = np.zeros((2, w.size), w.dtype)  # m / (1 - beta_1) and v / (1 - beta_2)
        self._keep_m, self._keep_v = np.array(beta_1, w.dtype), np.array(beta_2, w.dtype)
        self._epsilon = np.array(epsilon / math.sqrt(1 - beta_2), w.dtype)
        self._rate = np.empty((), w.dtype)

    def step(self) -> None:
        """Take one step along the gradient in `g`."""
        self.steps += 1
        correction = math.sqrt(1 - self.beta_2**self.steps) / (1 - self.beta_1**self.steps)
        w, g, m, v, rate = self._w, self._g, self._m, self._v, self._rate
        rate[()] = self.learning_rate * correction * (1 - self.beta_1) / math.sqrt(1 - self.beta_2)
        np.multiply(m, self._keep_m, m)
        np.add(m, g, m)
        np.multiply(g, g, g)
        np.multiply(v, self._keep_v, v)
        np.add(v, g, v)
        np.sqrt(v, g)
        np.add(g, self._epsilon, g)
        np.divide(m, g, g)
        np.multiply(g, rate, g)
        np.subtract(w, g, w)


class Pass:
    """The calls of a forward and a backward pass on some number of rows, with all their operands.

    Parameters
    ----------
    rows : int
    weights, gradients : list of ndarray
        Kernel and bias of each layer, and where their gradients go.
    activations : sequence of str
    fused : bool
        Whether the loss takes the last activation over.
    """

    def __init__(
        self, rows: int, weights: list[Array], gradients: list[Array], activations: Sequence[str], fused: bool
    ) -> None:
        kernels, biases = weights[::2], weights[1::2]
        layers = [Buffers(rows, bias.size, bias.dtype) for bias in biases]
        functions = [ACTIVATIONS[name] for name in activations]
        self.first, self.last = layers[0], layers[-1]
        self.forward = [
            (kernel, bias, s.y, activate, s)
            for kernel, bias, s, (activate, _) in zip(kernels, biases, layers, functions, strict=True)
        ]
        # A prediction goes into a new array.
        self.predict = [*self.forward[:-1], (kernels[-1], biases[-1], None, functions[-1][0], layers[-1])]
        if fused:
            self.forward[-1] = (kernels[-1], biases[-1], layers[-1].y, linear, layers[-1])
        self.last_gradient = linear_gradient if fused else functions[-1][1]
        # From the last layer down to the second; the first has its input to turn, and no gradient of it.
        self.backward = [
            (below.y.T, s.rows_of_ones, s.dy, *gradients[i : i + 2], kernel.T, gradient, below)
            for i, s, kernel, below, (_, gradient) in reversed(
                list(zip(range(2, len(weights), 2), layers[1:], kernels[1:], layers, functions, strict=False))
            )
        ]


class MLP:
    """A stack of dense layers, trained by Adam.

    Parameters
    ----------
    weights : list of ndarray
        Kernel (inputs, units) and bias (units,) of each layer, in the order of `get_weights` in Keras.
        Their dtype, float32 or float64, is the model's.
    activations : sequence of str
        One for each layer: "linear", "relu", "tanh", "sigmoid" or "softmax".
    loss : str
        "mse", or a cross-entropy behind the activation it belongs to: "binary_crossentropy" behind a
        sigmoid, "categorical_crossentropy" or "sparse_categorical_crossentropy" behind a softmax.
    **adam
        Arguments of `Adam`.

    Raises
    ------
    ValueError
        If an activation or the loss is none of these, or the two do not go together.

    Examples
    --------
    >>> model = MLP([np.eye(2), np.zeros(2)], ["relu"], "mse")
    >>> model.predict(np.array([[1.0, -1.0]]))
    array([[1., 0.]])
    >>> model.train_step(np.array([[1.0, -1.0]]), np.array([[1.0, 2.0]]))
    2.0
    """

    def __init__(
        self, weights: Sequence[Array], activations: Sequence[str], loss: str, **adam: float
    ) -> None:
        for name in activations:
            if name not in ACTIVATIONS:
                raise ValueError(f"activations: expected some of {', '.join(ACTIVATIONS)}, got {name!r}")
        if loss not in LOSSES:
            raise ValueError(f"loss: expected one of {', '.join(LOSSES)}, got {loss!r}")
        if loss in FUSED and activations[-1] != FUSED[loss]:
            raise ValueError(f"loss: {loss!r} needs {FUSED[loss]!r} in front of it, got {activations[-1]!r}")
        self.dtype = weights[0].dtype
        self.parameters = np.concatenate([np.ravel(w) for w in weights])
        self.gradients = np.empty_like(self.parameters)
        self.adam = Adam(self.parameters, self.gradients, **adam)
        ends = np.cumsum([w.size for w in weights])[:-1]
        shapes = [w.shape for w in weights]
        self._weights, self._gradients = (
            [part.reshape(shape) for part, shape in zip(np.split(flat, ends), shapes, strict=True)]
            for flat in (self.parameters, self.gradients)
        )
        self._activations = tuple(activations)
        self._dense = slice(len(weights) - 2 * len(activations), None)  # the weights of the dense layers
        self._loss, self._fused = LOSSES[loss], loss in FUSED
        self._passes: dict[int, Pass] = {}

    def get_weights(self) -> list[Array]:
        """Return copies of kernel and bias of each layer."""
        return [w.copy() for w in self._weights]

    def set_weights(self, weights: Sequence[Array]) -> None:
        """Set kernel and bias of each layer."""
        for own, new in zip(self._weights, weights, strict=True):
            own[:] = new

    def predict(self, x: Array) -> Array:
        """Return the output of the last layer.

        Parameters
        ----------
        x : ndarray, shape (rows, inputs)
            Of the model's dtype.

        Returns
        -------
        ndarray, shape (rows, units)
            A new array.
        """
        for kernel, bias, y, activate, s in self._pass_of(len(x)).predict:
            x = np.dot(x, kernel, y)
            np.add(x, bias, x)
            activate(x, s)
        return x

    def train_step(self, x: Array, y: Array) -> float:
        """Take one step of Adam on a batch.

        Parameters
        ----------
        x : ndarray, shape (rows, inputs)
            Of the model's dtype.
        y : ndarray, shape (rows, units) or (rows,)
            Labels of the model's dtype, or class numbers for "sparse_categorical_crossentropy".

        Returns
        -------
        float
            The loss before the step.
        """
        loss = self.loss_and_gradients(x, y)
        self.adam.step()
        return loss

    def loss_and_gradients(self, x: Array, y: Array) -> float:
        """Return the loss of a batch, and leave its gradient for the parameters in `gradients`."""
        run = self._pass_of(len(x))
        input = x
        for kernel, bias, output, activate, s in run.forward:
            np.dot(input, kernel, output)
            np.add(output, bias, output)
            activate(output, s)
            input = output
        loss = self._loss(y, run.last)
        run.last_gradient(run.last.dy, run.last.y, run.last)
        for turned, ones, dy, dkernel, dbias, kernel_turned, gradient, below in run.backward:
            np.dot(turned, dy, dkernel)
            np.dot(ones, dy, dbias)
            np.dot(dy, kernel_turned, below.dy)
            gradient(below.dy, below.y, below)
        kernel_gradient, bias_gradient = self._gradients[self._dense][:2]
        np.dot(x.T, run.first.dy, kernel_gradient)
        np.dot(run.first.rows_of_ones, run.first.dy, bias_gradient)
        return loss

    def _pass_of(self, rows: int) -> Pass:
        found = self._passes.get(rows)
        if found is None:
            dense = self._dense
            found = Pass(rows, self._weights[dense], self._gradients[dense], self._activations, self._fused)
            self._passes[rows] = found
        return found
