"""Sparse matrices of SciPy as samples, made dense batch by batch; and what the methods `adapt` read."""

from __future__ import annotations

import copy
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .dataset import PyDataset
from .shuffle import EpochShuffler
from .validation import as_real, has_shape

__all__ = ["SparseBatches", "batches_to_adapt", "dense_parts", "is_sparse", "sparse_batches"]

_BATCH_SIZE = 32
_ROWS = 1024  # that are dense at once, where nobody asks for batches


def is_sparse(x: Any) -> bool:
    """Return whether something is a sparse matrix of SciPy, without importing SciPy."""
    return hasattr(x, "tocsr") and hasattr(x, "toarray")


class SparseBatches(PyDataset):
    """Batches of a sparse matrix.

    Parameters
    ----------
    x : sparse matrix
        (samples, features).
    y, sample_weight : array_like, optional
        (samples, ...).
    batch_size : int, default 32
    """

    def __init__(
        self,
        x: Any,
        y: Any = None,
        sample_weight: Any = None,
        batch_size: int | None = None,
    ) -> None:
        super().__init__()
        self._x = x.tocsr()
        others = {"y": y, "sample_weight": sample_weight}
        self._others = {name: np.asarray(part) for name, part in others.items() if part is not None}
        samples = self._x.shape[0]
        for name, part in self._others.items():
            if len(part) != samples:
                raise ValueError(f"x, {name}: expected equal lengths, got {samples} and {len(part)}")
        self._batch_size = _BATCH_SIZE if batch_size is None else batch_size
        self._order = np.arange(samples)

    def __len__(self) -> int:
        return -(-len(self._order) // self._batch_size)

    def __getitem__(self, index: int) -> tuple[Any, ...]:
        rows = self._order[index * self._batch_size : (index + 1) * self._batch_size]
        y, weights = (self._others.get(name) for name in ("y", "sample_weight"))
        batch = self._x[rows].toarray(), None if y is None else y[rows]
        return batch if weights is None else (*batch, weights[rows])

    def _begin_pass(self, shuffler: EpochShuffler, shuffle: bool) -> tuple[PyDataset, Iterable[int]]:
        """Return the matrix with its samples in the order that arrays would have."""
        made = copy.copy(self)
        if shuffle:
            made._order = shuffler.order(len(self._order))
        return made, range(len(self))


def sparse_batches(x: Any, y: Any, sample_weight: Any, batch_size: int | None) -> tuple[Any, Any, Any]:
    """Return x, y and weights as they are, or if x is sparse its batches, which have y and weights."""
    if not is_sparse(x):
        return x, y, sample_weight
    return SparseBatches(x, y, sample_weight, batch_size), None, None


def dense_parts(x: Any) -> Iterator[NDArray[Any]]:
    """Yield the rows of a sparse matrix in dense parts, or an array as it is."""
    if not is_sparse(x):
        yield x
        return
    rows = x.tocsr()
    for start in range(0, x.shape[0], _ROWS):
        yield rows[start : start + _ROWS].toarray()


def batches_to_adapt(data: Any, dtype: str) -> Iterator[NDArray[Any]]:
    """Yield arrays of samples.

    Parameters
    ----------
    data : array_like, data frame, sparse matrix, or iterable of batches
        Of a batch that is a tuple the first element counts.
    dtype : str
        Of the arrays.
    """
    whole = is_sparse(data) or has_shape(data) or hasattr(data, "__array__")
    batches: Iterable[Any] = dense_parts(data) if whole else data
    for batch in batches:
        yield as_real(batch[0] if isinstance(batch, tuple) else batch, dtype, "data")
