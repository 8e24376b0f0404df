"""The models that are measured. A row knows how to make both sides, their data and their operations."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .. import initializers, layers, models, optimizers
from . import plain
from .tuned import MLP

__all__ = ["MODELS", "DenseModel"]

Array = NDArray[Any]


@dataclass(frozen=True)
class DenseModel:
    """A stack of dense layers, trained by Adam.

    Attributes
    ----------
    name : str
    inputs : int
        Numbers in a row of data.
    layers : tuple of (int, str)
        Units and activation of each layer.
    loss : str
        Its name in Keras.
    batch : int
        Rows in a training step and in a prediction of a batch.
    """

    name: str
    inputs: int
    layers: tuple[tuple[int, str], ...]
    loss: str
    batch: int

    @property
    def title(self) -> str:
        """The sizes, as in "20-32-1, batch 32"."""
        return f"{'-'.join(map(str, self.widths))}, batch {self.batch}"

    @property
    def widths(self) -> list[int]:
        """Numbers in a row between the layers, input and output included."""
        return [self.inputs, *(units for units, _ in self.layers)]

    def make(self, learning_rate: float = 1e-3) -> tuple[models.Sequential, MLP]:
        """Return the model in fastnn, compiled, and in NumPy, with the same weights, every time."""
        ours = models.Sequential(
            [layers.Input((self.inputs,))]
            + [
                layers.Dense(units, activation, kernel_initializer=initializers.GlorotUniform(seed))
                for seed, (units, activation) in enumerate(self.layers)
            ]
        )
        ours.compile(optimizer=optimizers.Adam(learning_rate), loss=self.loss)
        activations = [activation for _, activation in self.layers]
        return ours, MLP(ours.get_weights(), activations, self.loss, learning_rate=learning_rate)

    def make_plain(self, learning_rate: float = 1e-3) -> plain.MLP:
        """Return the model in NumPy as it is usually written, with the weights that `make` gives it."""
        activations = [activation for _, activation in self.layers]
        weights = self.make()[0].get_weights()
        return plain.MLP(weights, activations, self.loss, learning_rate)

    def data(self, rows: int, seed: int = 0) -> tuple[Array, Array]:
        """Return normal inputs (rows, inputs) and labels as the loss takes them."""
        rng = np.random.default_rng(seed)
        x = rng.standard_normal((rows, self.inputs), np.float32)
        units = self.layers[-1][0]
        if self.loss == "sparse_categorical_crossentropy":
            return x, rng.integers(0, units, rows)
        if self.loss == "binary_crossentropy":
            return x, rng.integers(0, 2, (rows, units)).astype(np.float32)
        return x, rng.standard_normal((rows, units), np.float32)

    def flops(self, training: bool) -> int:
        """Return the operations of the matrix products of a batch.

        A training step has three products for each layer but the first, whose input needs no gradient.
        """
        products = [2 * self.batch * m * n for m, n in pairwise(self.widths)]
        return 3 * sum(products) - products[0] if training else sum(products)


MODELS = {
    model.name: model
    for model in (
        DenseModel(
            "mlp_mnist",
            784,
            ((128, "relu"), (64, "relu"), (10, "softmax")),
            "sparse_categorical_crossentropy",
            128,
        ),
        DenseModel(
            "ann_100",
            100,
            ((64, "relu"), (32, "relu"), (10, "softmax")),
            "sparse_categorical_crossentropy",
            32,
        ),
        DenseModel("tabular", 20, ((32, "relu"), (1, "sigmoid")), "binary_crossentropy", 32),
        DenseModel(
            "mlp_wide",
            1024,
            ((1024, "relu"), (1024, "relu"), (10, "softmax")),
            "sparse_categorical_crossentropy",
            256,
        ),
    )
}
