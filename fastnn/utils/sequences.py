"""Sequences as arrays: padding to one length, and windows of a time series."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, DTypeLike, NDArray

from ..checks import whole_number
from ..data.dataset import SeededDataset
from .random import seed_of


def pad_sequences(
    sequences: Sequence[ArrayLike],
    maxlen: int | None = None,
    dtype: DTypeLike = "int32",
    padding: str = "pre",
    truncating: str = "pre",
    value: Any = 0.0,
) -> NDArray[Any]:
    """Pad or truncate sequences to one length.

    Parameters
    ----------
    sequences : sequence of array_like
        Sequences (steps, ...) of different lengths.
    maxlen : int, optional
        The length; by default that of the longest sequence.
    dtype : default "int32"
        Dtype of the result; `object` for strings.
    padding, truncating : {"pre", "post"}, default "pre"
        Whether to add, or remove, steps at the beginning or at the end.
    value : float or str, default 0.0
        Value of the added steps.

    Returns
    -------
    ndarray
        (sequences, maxlen, ...).

    Examples
    --------
    >>> pad_sequences([[1], [2, 3], [4, 5, 6]])
    array([[0, 0, 1],
           [0, 2, 3],
           [4, 5, 6]], dtype=int32)
    >>> pad_sequences([[1], [2, 3], [4, 5, 6]], maxlen=2, padding="post")
    array([[1, 0],
           [2, 3],
           [5, 6]], dtype=int32)
    """
    for name, given in (("padding", padding), ("truncating", truncating)):
        if given not in ("pre", "post"):
            raise ValueError(f"{name}: expected 'pre' or 'post', got {given!r}")
    if not hasattr(sequences, "__len__"):
        raise ValueError(f"sequences: expected a list of sequences, got {sequences!r:.80}")
    for i, sequence in enumerate(sequences):
        if not hasattr(sequence, "__len__"):
            raise ValueError(f"sequences: expected a list of sequences, got {sequence!r:.80} in place {i}")
    lengths = [len(sequence) for sequence in sequences]  # type: ignore[arg-type]
    longest = max(lengths, default=0) if maxlen is None else whole_number(maxlen, "maxlen", 1)
    kind = np.dtype(dtype)
    if isinstance(value, str) and kind.kind not in "OUS":
        raise ValueError(
            f"value: expected a number for dtype {kind}, got {value!r}; strings need dtype=object"
        )
    step = next((np.asarray(s).shape[1:] for s, n in zip(sequences, lengths, strict=True) if n), ())
    padded = np.full((len(lengths), longest, *step), value, kind)
    for i, (sequence, n) in enumerate(zip(sequences, lengths, strict=True)):
        kept = np.asarray(sequence, kind)
        kept = kept[-longest:] if truncating == "pre" else kept[:longest]
        if not n:
            continue
        if kept.shape[1:] != step:
            raise ValueError(f"sequences: expected steps of shape {step}, got {kept.shape[1:]} in place {i}")
        if padding == "pre":
            padded[i, longest - len(kept) :] = kept
        else:
            padded[i, : len(kept)] = kept
    return padded


class TimeseriesDataset(SeededDataset):
    """Batches of windows of a series, created on demand; see `timeseries_dataset_from_array`.

    Each epoch has the same windows, in a new order with `shuffle`.
    """

    def __init__(
        self,
        data: NDArray[Any],
        targets: NDArray[Any] | None,
        starts: NDArray[np.int64],
        steps: NDArray[np.int64],
        batch_size: int | None,
        seed: int | None,
    ) -> None:
        super().__init__(seed)
        self._data, self._targets = data, targets
        self._starts, self._steps = starts, steps
        self._batch_size = batch_size

    def __len__(self) -> int:
        return -(-len(self._starts) // (self._batch_size or 1))

    def __getitem__(self, index: int) -> Any:
        size = self._batch_size or 1
        chosen = self._starts[self._order(len(self._starts))[index * size : (index + 1) * size]]
        windows = self._data[chosen[:, None] + self._steps]
        targets = None if self._targets is None else self._targets[chosen]
        if self._batch_size is None:
            windows, targets = windows[0], None if targets is None else targets[0]
        return windows if targets is None else (windows, targets)


def timeseries_dataset_from_array(
    data: ArrayLike,
    targets: ArrayLike | None,
    sequence_length: int,
    sequence_stride: int = 1,
    sampling_rate: int = 1,
    batch_size: int | None = 128,
    shuffle: bool = False,
    seed: int | None = None,
    start_index: int | None = None,
    end_index: int | None = None,
    format: str = "tf",
) -> TimeseriesDataset:
    """Create a data set of windows of a time series.

    Window i begins at step `start_index` + i * `sequence_stride` and contains every `sampling_rate`-th step;
    its target is that of its first step.

    Parameters
    ----------
    data : array_like
        The series (steps, ...).
    targets : array_like or None
        (steps, ...): target i belongs to the window that begins at step i. None for batches without targets.
    sequence_length : int
        Number of steps of a window.
    sequence_stride : int, default 1
        Number of steps between the beginnings of windows.
    sampling_rate : int, default 1
        Number of steps between the steps of a window.
    batch_size : int or None, default 128
        Number of windows in a batch; the last batch may be smaller. None for single windows without a batch
        dimension.
    shuffle : bool, default False
        Whether each iteration yields the windows in a new order.
    seed : int, optional
        Seed of that order.
    start_index, end_index : int, optional
        Use only steps from `start_index` up to, but excluding, `end_index`.
    format
        Ignored; kept for Keras compatibility.

    Returns
    -------
    iterable
        Batches of windows (batch, sequence_length, ...), or pairs of these and targets, for `fit` and the
        like. It has a length.

    Examples
    --------
    >>> series = np.arange(10)
    >>> batches = timeseries_dataset_from_array(series[:-3], series[3:], sequence_length=3, batch_size=2)
    >>> len(batches)
    3
    >>> next(iter(batches))
    (array([[0, 1, 2],
           [1, 2, 3]]), array([3, 4]))
    """
    series = np.asarray(data)
    wanted = None if targets is None else np.asarray(targets)
    if not series.ndim or (wanted is not None and not wanted.ndim):
        raise ValueError("data, targets: expected arrays of at least one dimension")
    length = whole_number(sequence_length, "sequence_length", 1)
    first = 0 if start_index is None else whole_number(start_index, "start_index", 0, max(0, len(series) - 1))
    end = len(series)
    if end_index is not None:
        end = whole_number(end_index, "end_index", first + 1, max(first + 1, len(series) - 1))
    stride = whole_number(sequence_stride, "sequence_stride", 1, max(1, len(series) - 1))
    rate = whole_number(sampling_rate, "sampling_rate", 1, max(1, len(series) - 1))
    size = None if batch_size is None else whole_number(batch_size, "batch_size", 1)
    count = end - first - (length - 1) * rate
    if wanted is not None:
        count = min(count, len(wanted) - first)
    starts = first + np.arange(0, max(0, count), stride, dtype=np.int64)
    steps = np.arange(0, length * rate, rate, dtype=np.int64)
    return TimeseriesDataset(series, wanted, starts, steps, size, seed_of(seed) if shuffle else None)
