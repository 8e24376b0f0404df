"""The models that are measured. A row knows how to make both sides, their data and their operations."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from math import prod
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import initializers, layers, models, optimizers
from . import plain, plain_rnn
from .tuned import MLP
from .tuned_cnn import CNN
from .tuned_rnn import RNN

__all__ = ["MODELS", "Model"]

Array = NDArray[Any]

KERNEL = 3
POOL = 2
GATES = {"SimpleRNN": 1, "LSTM": 4, "GRU": 3}


@dataclass(frozen=True)
class Model:
    """A stack of convolutions or a recurrent layer, where there are any, and dense layers, trained by Adam.

    Attributes
    ----------
    name : str
    input : tuple of int
        Shape of a row of data: numbers, or height, width and channels, or steps and inputs.
    layers : tuple of (int, str)
        Units and activation of each dense layer.
    loss : str
        Its name in Keras.
    batch : int
        Rows in a training step and in a prediction of a batch.
    blocks : tuple of tuple of int
        In front of the dense layers: for each block the filters of its 3 x 3 convolutions with ReLU, behind
        which comes the maximum of each 2 x 2 positions.
    recurrent : (str, int), optional
        In front of the dense layers: a cell, one of `GATES`, and its units. Its last state goes on.
    dtype : {"float32", "float64"}
    """

    name: str
    input: tuple[int, ...]
    layers: tuple[tuple[int, str], ...]
    loss: str
    batch: int
    blocks: tuple[tuple[int, ...], ...] = ()
    recurrent: tuple[str, int] | None = None
    dtype: str = "float32"

    @property
    def title(self) -> str:
        """The sizes, as in "20-32-1, batch 32", "28x28x1-32c-p-10, batch 128", "100x8-GRU 50-1, batch 32"."""
        names = ["x".join(map(str, self.input))]
        for block in self.blocks:
            names += [f"{filters}c" for filters in block] + ["p"]
        if self.recurrent:
            names.append("{} {}".format(*self.recurrent))
        names += [str(units) for units, _ in self.layers]
        return f"{'-'.join(names)}, batch {self.batch}"

    def make(self, learning_rate: float = 1e-3) -> tuple[models.Sequential, MLP]:
        """Return the model in fastnn, compiled, and in tuned NumPy, with the same weights, every time."""
        ours = models.Sequential([layers.Input(self.input, dtype=self.dtype)])
        for block in self.blocks:
            for filters in block:
                start = _seeded(ours)
                ours.add(
                    layers.Conv2D(
                        filters, KERNEL, activation="relu", kernel_initializer=start, dtype=self.dtype
                    )
                )
            ours.add(layers.MaxPooling2D(POOL, dtype=self.dtype))
        if self.blocks:
            ours.add(layers.Flatten(dtype=self.dtype))
        if self.recurrent:
            cell, units = self.recurrent
            kernels = {
                name: _seeded(ours, 1 + i)
                for i, name in enumerate(("kernel_initializer", "recurrent_initializer"))
            }
            ours.add(getattr(layers, cell)(units, dtype=self.dtype, **kernels))
        for units, activation in self.layers:
            ours.add(layers.Dense(units, activation, kernel_initializer=_seeded(ours), dtype=self.dtype))
        ours.compile(optimizer=optimizers.Adam(learning_rate), loss=self.loss)
        weights, activations = ours.get_weights(), [activation for _, activation in self.layers]
        if self.blocks:
            blocks = [len(block) for block in self.blocks]
            theirs = CNN(weights, self.input, blocks, activations, self.loss, learning_rate=learning_rate)
            return ours, theirs
        if self.recurrent:
            return ours, RNN(weights, self.recurrent[0], activations, self.loss, learning_rate=learning_rate)
        return ours, MLP(weights, activations, self.loss, learning_rate=learning_rate)

    def make_plain(self, learning_rate: float = 1e-3) -> plain.Network:
        """Return the model in NumPy as it is usually written, with the weights that `make` gives it."""
        weights = self.make()[0].get_weights()
        stack: list[plain.Layer] = []
        if self.recurrent:
            stack.append(getattr(plain_rnn, self.recurrent[0])(*weights[:3]))
            weights = weights[3:]
        pairs = zip(weights[::2], weights[1::2], strict=True)
        for block in self.blocks:
            stack += [plain.Convolution(*next(pairs), activation="relu") for _ in block]
            stack.append(plain.MaxPooling(POOL))
        if self.blocks:
            stack.append(plain.Flatten())
        stack += [plain.Dense(*next(pairs), activation=activation) for _, activation in self.layers]
        return plain.Network(stack, self.loss, learning_rate)

    def data(self, rows: int, seed: int = 0) -> tuple[Array, Array]:
        """Return normal inputs (rows, *input) and labels as the loss takes them."""
        rng = np.random.default_rng(seed)
        x = rng.standard_normal((rows, *self.input), np.float32).astype(self.dtype)
        units = self.layers[-1][0]
        if self.loss == "sparse_categorical_crossentropy":
            return x, rng.integers(0, units, rows)
        if self.loss == "binary_crossentropy":
            return x, rng.integers(0, 2, (rows, units)).astype(self.dtype)
        return x, rng.standard_normal((rows, units), np.float32).astype(self.dtype)

    def flops(self, training: bool) -> int:
        """Return the operations of the matrix products and convolutions of a batch.

        A training step has three for each layer but the first, whose input needs no gradient.
        """
        products = []
        shape = self.input
        for block in self.blocks:
            for filters in block:
                height, width, channels = shape
                shape = (height - KERNEL + 1, width - KERNEL + 1, filters)
                products.append(2 * self.batch * prod(shape) * KERNEL * KERNEL * channels)
            shape = (shape[0] // POOL, shape[1] // POOL, shape[2])
        if self.recurrent:
            (steps, inputs), (cell, units) = self.input, self.recurrent
            products += [2 * self.batch * steps * n * GATES[cell] * units for n in (inputs, units)]
            shape = (units,)
        widths = [prod(shape), *(units for units, _ in self.layers)]
        products += [2 * self.batch * m * n for m, n in pairwise(widths)]
        return 3 * sum(products) - products[0] if training else sum(products)


def _seeded(model: models.Sequential, more: int = 0) -> initializers.Initializer:
    """Return how the next layer of a model gets its weights."""
    return initializers.GlorotUniform(len(model.layers) + more)


MODELS = {
    model.name: model
    for model in (
        Model(
            "mlp_mnist",
            (784,),
            ((128, "relu"), (64, "relu"), (10, "softmax")),
            "sparse_categorical_crossentropy",
            128,
        ),
        Model(
            "ann_100",
            (100,),
            ((64, "relu"), (32, "relu"), (10, "softmax")),
            "sparse_categorical_crossentropy",
            32,
        ),
        Model("tabular", (20,), ((32, "relu"), (1, "sigmoid")), "binary_crossentropy", 32),
        Model(
            "mlp_wide",
            (1024,),
            ((1024, "relu"), (1024, "relu"), (10, "softmax")),
            "sparse_categorical_crossentropy",
            256,
        ),
        Model(
            "cnn_mnist",
            (28, 28, 1),
            ((64, "relu"), (10, "softmax")),
            "sparse_categorical_crossentropy",
            128,
            blocks=((32,),),
        ),
        Model(
            "cnn_deep",
            (32, 32, 3),
            ((128, "relu"), (10, "softmax")),
            "sparse_categorical_crossentropy",
            64,
            blocks=((32, 32), (64, 64)),
        ),
        Model("rnn_100", (100, 1), ((1, "linear"),), "mse", 32, recurrent=("SimpleRNN", 50)),
        Model("lstm_100", (100, 8), ((1, "sigmoid"),), "binary_crossentropy", 32, recurrent=("LSTM", 50)),
        Model("gru_100", (100, 8), ((1, "sigmoid"),), "binary_crossentropy", 32, recurrent=("GRU", 50)),
    )
}
