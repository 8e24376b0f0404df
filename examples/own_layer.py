"""A custom layer, loss and training loop: a factorization machine that predicts ratings.

    python examples/own_layer.py

The layer (Rendle 2010) has a vector for every feature; the interaction of two features is the product of
their vectors. It is trained twice from the same weights, by `fit` and by an explicit
loop, with equal results.
"""

from __future__ import annotations

import argparse

import numpy as np

import fastnn

USERS, FILMS, RANK = 40, 30, 4


class FactorizationMachine(fastnn.layers.Layer):
    """w . x + sum of <v_i, v_j> x_i x_j over all pairs i < j, for rows x."""

    def __init__(self, rank, **kwargs):
        super().__init__(**kwargs)
        self.rank = rank

    def build(self, input_shape):
        """Create the weights."""
        n = input_shape[-1]
        self.w = self.add_weight((n, 1), "zeros", name="w")
        self.v = self.add_weight(
            (n, self.rank), "random_normal", name="v", regularizer=fastnn.regularizers.L2(3e-4)
        )

    def call(self, x):
        """Return (rows, 1)."""
        # The sum over pairs is half of the square of the sum minus the sum of squares.
        pairs = (x @ self.v) ** 2 - x**2 @ self.v**2
        return x @ self.w + pairs.sum(axis=-1, keepdims=True) / 2

    def get_config(self):
        """Return the arguments."""
        return super().get_config() | {"rank": self.rank}


def soft_error(y_true, y_pred):
    """Return about half the square of small errors, and about the absolute value of large ones."""
    return np.sqrt(1 + (y_true - y_pred) ** 2) - 1


def ratings(rng):
    """Return the user and film of each rating as a two-hot vector, and the ratings."""
    user, film = np.divmod(rng.permutation(USERS * FILMS), FILMS)
    taste, kind = rng.normal(size=(USERS, 3)), rng.normal(size=(FILMS, 3))
    x = np.zeros((len(user), USERS + FILMS), "float32")
    x[np.arange(len(user)), user] = x[np.arange(len(user)), USERS + film] = 1
    return x, (taste[user] * kind[film]).sum(-1, keepdims=True).astype("float32")


def train(model, optimizer, x, y, epochs, batch_size=32):
    """Train like `model.fit(x, y, epochs=epochs, batch_size=batch_size, shuffle=False)`."""
    optimizer.build(model.trainable_variables)
    for _ in range(epochs):
        for start in range(0, len(x), batch_size):
            rows = slice(start, start + batch_size)
            optimizer.zero_grad()
            loss = soft_error(y[rows], model(x[rows], training=True)).mean()
            for variable in model.trainable_variables:
                if variable.regularizer is not None:
                    loss = loss + variable.regularizer(variable)
            loss.backward()
            optimizer.step()


def main():
    """Run the program."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--epochs", type=int, default=60)
    options = parser.parse_args()

    fastnn.utils.set_random_seed(1)
    x, y = ratings(np.random.default_rng(1))
    known = len(x) * 3 // 4

    model = fastnn.Sequential([fastnn.Input((USERS + FILMS,)), FactorizationMachine(RANK)])
    twin = fastnn.models.clone_model(model)
    twin.set_weights(model.get_weights())

    model.compile(fastnn.optimizers.Adam(0.02), loss=soft_error)
    model.fit(x[:known], y[:known], epochs=options.epochs, shuffle=False, verbose=0)
    train(twin, fastnn.optimizers.Adam(0.02), x[:known], y[:known], options.epochs)

    print(f"{'constant mean':16} mean error {np.abs(y[known:] - y[:known].mean()).mean():.3f}")
    for name, trained in (("fit", model), ("the loop", twin)):
        print(f"{name:16} mean error {np.abs(y[known:] - trained.predict(x[known:])).mean():.3f}")


if __name__ == "__main__":
    main()
