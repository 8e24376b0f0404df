"""A convolutional network in NumPy, written for speed: what an expert gets out of it.

Its dense layers, loss and optimizer are those of `tuned.py`. What makes the convolutions fast, each step
measured against the obvious form:

- A few pictures at a time: their patches, the rows of im2col, stay in the second cache until the product has
  read them. Backward makes them anew, which costs less than to keep them.
- Of few channels patches are columns: NumPy copies runs, and those along a line of the results are longer
  than those along a line of the kernel.
- The gradient of the input is a convolution too, of the gradient of the output in a frame of zeros with the
  kernel turned by half a turn: one copy and one product, where col2im adds each tap by itself.
- Bias, ReLU and its gradient are done on the few pictures as well, and that of ReLU in front of a maximum
  behind it, where there are a quarter as many numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import prod
from typing import Any

import numpy as np
from numpy.lib.stride_tricks import as_strided

from .formulas import Array
from .tuned import MLP

__all__ = ["CNN"]

PATCHES = 1 << 17  # numbers of the patches made at a time: half a megabyte
FEW_CHANNELS = 8
POOL = 2


def pieces(rows: int, some: int) -> Iterator[slice]:
    """Return which pictures are done at a time."""
    return (slice(start, min(start + some, rows)) for start in range(0, rows, some))


class Patches:
    """What a kernel sees of a few pictures, as a matrix.

    Parameters
    ----------
    rows : int
        How many pictures at most.
    shape : tuple of int
        Height, width and channels of a picture.
    size : tuple of int
        Height and width of the kernel.
    dtype : dtype
    """

    def __init__(
        self, rows: int, shape: tuple[int, ...], size: tuple[int, ...], dtype: np.dtype[Any]
    ) -> None:
        self.size, self.turned = size, shape[2] < FEW_CHANNELS
        self.taps = (*size, shape[2])
        self.results = (shape[0] - size[0] + 1, shape[1] - size[1] + 1)
        self.numbers = prod(self.taps)
        self.memory = np.empty(rows * prod(self.results) * self.numbers, dtype)

    def of(self, pictures: Array) -> Array:
        """Return the matrix (rows * results, taps) of pictures (rows, height, width, channels)."""
        results = (len(pictures), *self.results)
        memory = self.memory[: prod(results) * self.numbers]
        row, line, pixel, number = pictures.strides
        steps, taps = (row, line, pixel), (line, pixel, number)
        if self.turned:
            windows = as_strided(pictures, (*self.taps, *results), taps + steps)
            np.copyto(memory.reshape(windows.shape), windows)
            return memory.reshape(self.numbers, -1).T
        windows = as_strided(pictures, (*results, *self.taps), steps + taps)
        np.copyto(memory.reshape(windows.shape), windows)
        return memory.reshape(-1, self.numbers)


class Convolution:
    """max(0, x * W + b) for a number of pictures; its input is not negative, but that of a first one.

    Parameters
    ----------
    rows : int
    shape : tuple of int
        Height, width and channels of a picture.
    weights, gradients : sequence of ndarray
        Kernel (height, width, channels, filters) and bias, and where their gradients go.
    """

    def __init__(
        self, rows: int, shape: tuple[int, ...], weights: Sequence[Array], gradients: Sequence[Array]
    ) -> None:
        self.kernel, self.bias = weights
        self.dkernel, self.dbias = gradients
        dtype, size, filters = self.bias.dtype, self.kernel.shape[:2], self.bias.size
        self.border = size[0] - 1, size[1] - 1
        results = shape[0] - self.border[0], shape[1] - self.border[1], filters
        framed = shape[0] + self.border[0], shape[1] + self.border[1], filters
        self.y: Array = np.empty((rows, *results), dtype)
        self.dy = np.empty_like(self.y)
        numbers = max(self.kernel[..., 0].size * self.y[0, ..., 0].size, size[0] * size[1] * self.y[0].size)
        self.some = max(1, min(rows, PATCHES // numbers))
        self.patches = Patches(self.some, shape, size, dtype)
        self.part = np.empty((self.dkernel[..., 0].size, filters), dtype)
        self.ones = np.ones(self.some * results[0] * results[1], dtype)
        self.sums = np.empty(filters, dtype)
        # For the gradient of the input.
        self.frame = np.zeros((self.some, *framed), dtype)
        self.framed = Patches(self.some, framed, size, dtype)
        self.turned = np.empty((*size, filters, shape[2]), dtype)
        self.mask = np.empty((self.some, *shape), bool)
        self.kept = np.empty((self.some, *shape), dtype)
        self.zero = np.zeros((), dtype)

    def forward(self, x: Array) -> Array:
        """Return the output (rows, height, width, filters), which is overwritten by the next call."""
        self.x = x
        kernel = self.kernel.reshape(-1, self.bias.size)
        for piece in pieces(len(self.y), self.some):
            y = self.y[piece].reshape(-1, self.bias.size)
            np.dot(self.patches.of(x[piece]), kernel, y)
            np.add(y, self.bias, y)
            np.maximum(y, self.zero, out=y)
        return self.y

    def backward(self, dx: Array | None) -> None:
        """Make the gradients of the weights and, in `dx`, of what the input's ReLU got, all from `dy`."""
        self.dkernel.fill(0)
        self.dbias.fill(0)
        dkernel = self.dkernel.reshape(self.part.shape)
        down, across = self.border
        np.copyto(self.turned, self.kernel[::-1, ::-1].transpose(0, 1, 3, 2))
        for piece in pieces(len(self.y), self.some):
            pictures, dy = self.x[piece], self.dy[piece].reshape(-1, self.bias.size)
            np.dot(self.patches.of(pictures).T, dy, self.part)
            np.add(dkernel, self.part, dkernel)
            np.dot(self.ones[: len(dy)], dy, self.sums)
            np.add(self.dbias, self.sums, self.dbias)
            if dx is None:
                continue
            frame, mask, kept = (a[: len(pictures)] for a in (self.frame, self.mask, self.kept))
            np.copyto(
                frame[:, down : frame.shape[1] - down, across : frame.shape[2] - across], self.dy[piece]
            )
            channels = dx.shape[3]
            np.dot(self.framed.of(frame), self.turned.reshape(-1, channels), dx[piece].reshape(-1, channels))
            np.greater(pictures, self.zero, mask)
            np.copyto(kept, mask)
            np.multiply(dx[piece], kept, dx[piece])


class MaxPooling:
    """The largest of each 2 x 2 positions of a number of pictures, none of them negative.

    Parameters
    ----------
    rows : int
    shape : tuple of int
        Height, width and channels of a picture.
    dtype : dtype
    """

    def __init__(self, rows: int, shape: tuple[int, ...], dtype: np.dtype[Any]) -> None:
        results = shape[0] // POOL, shape[1] // POOL, shape[2]
        self.y: Array = np.empty((rows, *results), dtype)
        self.dy = np.empty_like(self.y)
        self.some = max(1, min(rows, PATCHES // self.y[0].size))
        self.kept = np.empty((self.some, *results), dtype)
        self.mask = np.empty((self.some, *results), bool)

    def taps(self, x: Array) -> list[Array]:
        """Return the four positions of all windows."""
        down, across = (POOL * n for n in self.y.shape[1:3])
        return [x[:, i:down:POOL, j:across:POOL] for i in range(POOL) for j in range(POOL)]

    def forward(self, x: Array) -> Array:
        """Return the output, which is overwritten by the next call."""
        self.x = x
        for piece in pieces(len(x), self.some):
            y = self.y[piece]
            first, second, *others = self.taps(x[piece])
            np.maximum(first, second, out=y)
            for tap in others:
                np.maximum(y, tap, out=y)
        return self.y

    def backward(self, dx: Array | None) -> None:
        """Give `dy` to each of the largest positions in `dx`."""
        assert dx is not None  # a convolution stands before it
        if dx[0].size != POOL * POOL * self.y[0].size:
            dx.fill(0)
        for piece in pieces(len(dx), self.some):
            y, dy = self.y[piece], self.dy[piece]
            mask, kept = self.mask[: len(y)], self.kept[: len(y)]
            for tap, gradient in zip(self.taps(self.x[piece]), self.taps(dx[piece]), strict=True):
                np.equal(tap, y, mask)
                np.copyto(kept, mask)
                np.multiply(dy, kept, gradient)


class CNN(MLP):
    """Blocks of convolutions with ReLU and a maximum, then dense layers, trained by Adam.

    Parameters
    ----------
    weights : list of ndarray
        Kernel (height, width, channels, filters) or (inputs, units), and bias, of each layer, in the order
        of `get_weights` in Keras. Their dtype, float32 or float64, is the model's.
    shape : tuple of int
        Height, width and channels of a picture.
    blocks : sequence of int
        How many convolutions each block has in front of its maximum of 2 x 2 positions.
    activations, loss, **adam
        Of the dense layers, see `tuned.MLP`.

    Examples
    --------
    >>> weights = [np.ones((1, 1, 1, 1)), np.zeros(1), np.eye(1), np.zeros(1)]
    >>> model = CNN(weights, (2, 2, 1), [1], ["linear"], "mse")
    >>> model.predict(np.array([[[[1.0], [2.0]], [[4.0], [3.0]]]]))
    array([[4.]])
    """

    def __init__(
        self,
        weights: Sequence[Array],
        shape: tuple[int, ...],
        blocks: Sequence[int],
        activations: Sequence[str],
        loss: str,
        **adam: float,
    ) -> None:
        super().__init__(weights, activations, loss, **adam)
        self._shape, self._blocks = shape, tuple(blocks)
        self._stages: dict[int, list[Convolution | MaxPooling]] = {}

    def predict(self, x: Array) -> Array:
        """Return the output of the last layer, a new array, for x (rows, height, width, channels)."""
        return super().predict(self._features(x))

    def loss_and_gradients(self, x: Array, y: Array) -> float:
        """Return the loss of a batch, and leave its gradient for the parameters in `gradients`."""
        features = self._features(x)
        loss = super().loss_and_gradients(features, y)
        stages = self._stages[len(x)]
        below = stages[-1].dy.reshape(features.shape)
        np.dot(self._pass_of(len(x)).first.dy, self._weights[self._dense][0].T, below)
        np.multiply(below, features > 0, below)
        for stage, before in zip(reversed(stages), [*reversed(stages[:-1]), None], strict=True):
            stage.backward(None if before is None else before.dy)
        return loss

    def _features(self, x: Array) -> Array:
        """Return what the dense layers get."""
        for stage in self._stages_of(len(x)):
            x = stage.forward(x)
        return x.reshape(len(x), -1)

    def _stages_of(self, rows: int) -> list[Convolution | MaxPooling]:
        stages = self._stages.get(rows)
        if stages is None:
            stages, shape, at = [], self._shape, 0
            for convolutions in self._blocks:
                for _ in range(convolutions):
                    both = slice(at, at + 2)
                    stages.append(Convolution(rows, shape, self._weights[both], self._gradients[both]))
                    shape, at = stages[-1].y.shape[1:], at + 2
                stages.append(MaxPooling(rows, shape, self.dtype))
                shape = stages[-1].y.shape[1:]
            self._stages[rows] = stages
        return stages
