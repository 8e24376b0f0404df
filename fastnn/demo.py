"""`fastnn demo`: a network learns to read the handwritten digits that come with fastnn.

Every fifth picture is held out. The others are learnt as they are and mixed with each of their four
neighbours, that is, moved by half a pixel: with 1,437 pictures that saves more errors than more neurons do.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from . import callbacks, datasets, layers, num_threads, optimizers, utils
from .kernels.core import runtime
from .models import Sequential
from .models.summary import print_text

__all__ = ["run"]

Array = NDArray[Any]

BATCH = 32
PREDICTIONS = 2000
SHOWN = 2, 3, 8


def run(epochs: int = 20, seed: int = 0, file: Path | None = None) -> float:
    """Train, report, and show some digits.

    Parameters
    ----------
    epochs : int, default 20
        Times through the training pictures.
    seed : int, default 0
        Of the weights, of the order of the pictures and of the dropout.
    file : Path, optional
        Where the model is saved, for `fastnn.models.load_model`.

    Returns
    -------
    float
        The share of the held-out pictures that are read right.
    """
    utils.set_random_seed(seed)
    parts = datasets.digits.load_data()
    (x_train, y_train), (x_test, y_test) = ((x.reshape(-1, 64) / np.float32(16), y) for x, y in parts)
    model = network()
    threads = "1 thread" if num_threads() == 1 else f"{num_threads()} threads"
    print(
        f"{len(x_train):,} pictures of handwritten digits to learn from, {len(x_test)} held out.\n"
        f"A network of {model.count_params():,} weights, on {runtime.isa()[0]} with {threads}."
    )
    x, y = moved(x_train), np.tile(y_train, 5)
    seconds = train(model, x, y, epochs)
    step = seconds / (epochs * -(-len(x) // BATCH))
    one = seconds_of_prediction(model, x_test[:1])
    probabilities = model.predict(x_test)
    read = probabilities.argmax(axis=1)
    accuracy = float((read == y_test).mean())
    print(
        f"\nHeld-out accuracy  {accuracy:.1%}\n"
        f"Training           {seconds:.2f} s, {1e6 * step:.0f} microseconds a step of {BATCH} pictures\n"
        f"Prediction         {1e6 * one:.1f} microseconds for one picture\n"
    )
    print(side_by_side(x_test, y_test, read, probabilities))
    if file is not None:
        model.save(file)
        print_text(f"\nThe model is in {file}: fastnn.models.load_model({str(file)!r})")
    return accuracy


def moved(x: Array) -> Array:
    """Return pictures (n, 64) as they are, then moved by half a pixel to each side: (5 n, 64)."""
    pictures = x.reshape(-1, 8, 8)
    padded = np.pad(pictures, ((0, 0), (1, 1), (1, 1)))
    sides = [padded[:, :8, 1:9], padded[:, 2:, 1:9], padded[:, 1:9, :8], padded[:, 1:9, 2:]]
    return np.concatenate([pictures, *((pictures + side) / 2 for side in sides)]).reshape(-1, 64)


def network() -> Sequential:
    """Return the network, compiled."""
    model = Sequential(
        [
            layers.Input((64,)),
            layers.Dense(128, activation="relu", name="hidden"),
            layers.Dropout(0.3),
            layers.Dense(10, activation="softmax", name="digit"),
        ]
    )
    model.compile(optimizers.Adam(0.002), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def train(model: Sequential, x: Array, y: Array, epochs: int) -> float:
    """Train with one progress bar for all epochs, on a terminal; return the seconds it took."""
    from tqdm import tqdm

    start = time.perf_counter()
    with tqdm(total=epochs, desc="Training", unit="epoch", disable=None, leave=False) as bar:

        def advance(epoch: int, logs: dict[str, float]) -> None:
            bar.update()
            bar.set_postfix_str(f"loss {logs['loss']:.4f}, accuracy {logs['accuracy']:.4f}", refresh=False)

        model.fit(x, y, BATCH, epochs, verbose=0, callbacks=[callbacks.LambdaCallback(on_epoch_end=advance)])
        return time.perf_counter() - start


def seconds_of_prediction(model: Sequential, row: Array) -> float:
    """Return the median time of a call of the model with one row."""
    times = []
    for _ in range(PREDICTIONS):
        start = time.perf_counter()
        model(row)
        times.append(time.perf_counter() - start)
    return float(np.median(times))


def side_by_side(x: Array, y: Array, read: Array, probabilities: Array) -> str:
    """Draw some digits that were read right, then one that was not, and below each what it was read as."""
    first = [np.flatnonzero((y == digit) & (read == digit))[:1] for digit in SHOWN]
    columns = []
    for i in np.concatenate([*first, np.flatnonzero(read != y)[:1]]):
        column = drawing(x[i])
        column += [
            f"{'an' if read[i] == 8 else 'a'} {read[i]}, {probabilities[i, read[i]]:.1%}",
            "" if read[i] == y[i] else f"but it is a {y[i]}",
        ]
        columns.append([line.ljust(16) for line in column])
    return "\n".join("   ".join(lines).rstrip() for lines in zip(*columns, strict=True)).rstrip()


def drawing(x: Array) -> list[str]:
    """Return a picture (64,) as eight lines of text: blocks where the output can show them, else signs."""
    shades = " ░▒▓█"
    try:
        shades.encode(sys.stdout.encoding or "ascii")
    except UnicodeEncodeError:
        shades = " .+#@"
    return ["".join(2 * shades[round(4 * float(pixel))] for pixel in row) for row in x.reshape(8, 8)]
