"""Helpers of the two data sets of house prices."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import real_number, whole_number
from ._fetch import cached, read_arrays

__all__ = ["Part", "Reals", "load", "split"]

Reals = NDArray[np.floating[Any]]
Part = tuple[Reals, Reals]


def load(path: str | os.PathLike[str], address: str, sha256: str, rows: int, columns: int) -> Part:
    """Return x (rows, columns) and y (rows,) of a file."""
    file = cached(path, address, sha256)
    x, y = read_arrays(file, {"x": (rows, columns), "y": (rows,)}, ("float32", "float64"))
    return x, y


def split(x: Reals, y: Reals, test_split: float, seed: int) -> tuple[Part, Part]:
    """Return a training and a test set, with the same rows for a seed as in Keras."""
    share = real_number(test_split, "test_split", 0, below=1)
    order = np.arange(len(x))
    np.random.RandomState(whole_number(seed, "seed", 0, 2**32 - 1)).shuffle(order)
    at = int(len(x) * (1 - share))
    return (x[order[:at]], y[order[:at]]), (x[order[at:]], y[order[at:]])
