"""`NpyDataset`: batches of rows from ``.npy`` files; `write_shards` writes such files."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping
from tokenize import TokenError
from typing import Any, Literal

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..checks import whole_number
from .shard_files import Shard, Shards, find_shards
from .sharded import BUFFER_BYTES, ShardedDataset, place_of
from .windows import Arrays, Field, bytes_of

__all__ = ["NpyDataset", "write_shards"]

_HEADERS: dict[Any, Any] = {
    (1, 0): np.lib.format.read_array_header_1_0,
    (2, 0): np.lib.format.read_array_header_2_0,
}
_BLOCKS = 16  # of a window: as many places of the data does it have rows of


class NpyFiles:
    """The rows of ``.npy`` files in blocks; a `Source`.

    Parameters
    ----------
    files : dict of str to list of Shard
        By what errors call them: files with as many rows, shard by shard.
    dtypes : dict of str to dtype or None
        What to read the arrays as; None for the dtype of the files.
    block_bytes : int
        The size of a block; a block is part of one shard.
    """

    def __init__(self, files: dict[str, list[Shard]], dtypes: dict[str, Any], block_bytes: int) -> None:
        self._files = list(files.values())
        self.fields: list[Field] = []
        self._rows: NDArray[np.int64] = np.empty(0, np.int64)  # of each shard
        for name, shards in files.items():
            field, rows = _read_headers(name, shards)
            if self.fields:
                _compare_rows(next(iter(files)), self._files[0], self._rows, name, shards, rows)
            self._rows = rows
            dtype = dtypes[name]
            self.fields.append(field if dtype is None else Field(field.shape, np.dtype(dtype)))
        most = max(1, block_bytes // bytes_of(self.fields))
        starts = [
            (shard, first) for shard, n in enumerate(self._rows.tolist()) for first in range(0, n, most)
        ]
        self._starts = np.array(starts, np.int64).reshape(-1, 2)
        self.lengths = np.minimum(most, self._rows[self._starts[:, 0]] - self._starts[:, 1])

    def read(self, block: int, out: Arrays) -> None:
        """Read a block into an array for each field."""
        shard, start = self._starts[block].tolist()
        for files, array in zip(self._files, out, strict=True):
            files[shard].check()
            array[...] = _mapped(files[shard].path)[start : start + len(array)]


def _mapped(path: str) -> NDArray[Any]:
    """Return the array of a file, of which only the header has been read."""
    with open(path, "rb") as file:
        try:
            version = np.lib.format.read_magic(file)
            if version not in _HEADERS:
                raise ValueError(f"version {version}")
            shape, is_fortran, dtype = _HEADERS[version](file)
        except (
            ValueError,
            EOFError,
            TypeError,
            SyntaxError,
            OverflowError,
            RecursionError,
            TokenError,
        ) as error:
            raise ValueError(f"{path} is no .npy file of numbers, or has been cut off: {error}") from None
        start = file.tell()
        held = os.fstat(file.fileno()).st_size - start
    if dtype.kind not in "fiub" or any(type(n) is not int or n < 0 for n in shape):
        raise ValueError(f"{path} is no .npy file of real numbers: it has shape {shape} and {dtype}")
    if held < math.prod(shape) * dtype.itemsize:
        raise ValueError(f"{path} has been cut off: expected {shape} of {dtype}, got {held} bytes")
    order: Literal["F", "C"] = "F" if is_fortran else "C"
    if not held:
        return np.empty(shape, dtype, order)
    return np.memmap(path, dtype, "r", start, shape, order)


def _read_headers(name: str, shards: list[Shard]) -> tuple[Field, NDArray[np.int64]]:
    """Return what the rows of shards are, and how many there are in each."""
    field, rows = None, []
    for shard in shards:
        array = _mapped(shard.path)
        if not array.ndim or 0 in array.shape[1:]:
            raise ValueError(f"{name}: expected rows of numbers, got shape {array.shape} in {shard.path}")
        rows.append(len(array))
        found = Field(array.shape[1:], array.dtype.newbyteorder("="))
        field = field or found
        if found != field:
            raise ValueError(
                f"{name}: expected rows of shape {field.shape} and {field.dtype} as in {shards[0].path}, "
                f"got {found.shape} and {found.dtype} in {shard.path}"
            )
    assert field is not None
    return field, np.array(rows, np.int64)


def _compare_rows(
    first_name: str,
    first: list[Shard],
    first_rows: NDArray[np.int64],
    name: str,
    shards: list[Shard],
    rows: NDArray[np.int64],
) -> None:
    """Check that two arrays have as many rows in each shard."""
    if len(shards) != len(first):
        raise ValueError(f"{first_name}, {name}: expected as many files, got {len(first)} and {len(shards)}")
    for i, (a, b) in enumerate(zip(first_rows.tolist(), rows.tolist(), strict=True)):
        if a != b:
            raise ValueError(
                f"{first_name}, {name}: expected as many rows in each pair of files, "
                f"got {a} in {first[i].path} and {b} in {shards[i].path}"
            )


class NpyDataset(ShardedDataset):
    """Batches of the rows of ``.npy`` files that need not fit into memory together.

    Each epoch has every row once, in an order that depends on the seed, the number of the epoch, the files
    and `buffer_bytes` alone: neither on workers nor on where a training was interrupted. The rows come
    window by window. A window is made of 16 pieces from anywhere in the files, and its rows are shuffled.

    Parameters
    ----------
    x : str, path, sequence of them, or dict of such
        The inputs (rows, ...) in shards: files; a folder, for all its ``.npy`` files; or a pattern such as
        ``"train/x-*.npy"``. Folders and patterns are sorted by name. A dict is for several inputs by name.
    y : the same, optional
        The labels, in files with as many rows as those of the inputs.
    sample_weight : the same, optional
        The weights of samples.
    batch_size : int, default 32
        Rows of a batch, which may come from several files; the last batch has what is left.
    shuffle : bool, default True
        Whether each epoch has an order of its own; else that of the files. That of `fit` has no influence.
    seed : int, optional
        Seed of the orders.
    dtype : dtype, optional
        What the inputs are read as, by default what the files have.
    buffer_bytes : int, default 2**28
        What the rows that have been read may take, in two windows. A larger one shuffles better.
    workers, use_multiprocessing, max_queue_size
        See `PyDataset`. Each process has a buffer of its own.

    Attributes
    ----------
    num_rows : int
        The number of all rows.
    epoch : int
        The number of the epoch, and so the order, of ``dataset[i]``. A loop over the data set adds one; `fit`
        has its own count.

    Raises
    ------
    FileNotFoundError
        If a file is not there, or there are none.
    ValueError
        If a file is not as its header says, files do not have the same rows, or there are no rows; while
        batches are made, if a file has been changed meanwhile.

    Examples
    --------
    >>> import tempfile
    >>> x = np.arange(20.0).reshape(10, 2)
    >>> files = write_shards(tempfile.mkdtemp(), x, x.sum(axis=1), rows=4)
    >>> dataset = NpyDataset(**files, batch_size=4, seed=1)
    >>> len(dataset), dataset.num_rows
    (3, 10)
    >>> sorted(float(total) for _, y in dataset for total in y)
    [1.0, 5.0, 9.0, 13.0, 17.0, 21.0, 25.0, 29.0, 33.0, 37.0]
    """

    def __init__(
        self,
        x: Shards | Mapping[str, Shards],
        y: Shards | Mapping[str, Shards] | None = None,
        sample_weight: Shards | Mapping[str, Shards] | None = None,
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        dtype: DTypeLike | None = None,
        buffer_bytes: int = BUFFER_BYTES,
        workers: int = 1,
        use_multiprocessing: bool = False,
        max_queue_size: int = 10,
    ) -> None:
        files: dict[str, list[Shard]] = {}
        dtypes: dict[str, Any] = {}

        def add(given: Any, name: str) -> int:
            files[name] = find_shards(given, ".npy", name)
            dtypes[name] = dtype if name.startswith("x") else None
            return len(files) - 1

        given = {"x": x, "y": y, "sample_weight": sample_weight}
        places = tuple(place_of(part, name, add) for name, part in given.items())
        size = whole_number(buffer_bytes, "buffer_bytes", 1)
        super().__init__(
            NpyFiles(files, dtypes, size // 2 // _BLOCKS),
            places,
            batch_size,
            shuffle,
            seed,
            size,
            workers=workers,
            use_multiprocessing=use_multiprocessing,
            max_queue_size=max_queue_size,
        )


def write_shards(
    folder: str | os.PathLike[str], x: Any, y: Any = None, sample_weight: Any = None, rows: int = 65536
) -> dict[str, Any]:
    """Write arrays into ``.npy`` files of some rows each, which `NpyDataset` reads.

    Parameters
    ----------
    folder : str or path
        It is created if necessary. It must not hold files of these names.
    x, y, sample_weight : array_like or dict of them
        (samples, ...); y and the weights are optional. Arrays that are mapped by `numpy.load` are read
        piece by piece.
    rows : int, default 65536
        Rows of a file; the last one has what is left.

    Returns
    -------
    dict
        The paths as arguments of `NpyDataset`: "x", and "y" and "sample_weight" if there are such.

    Raises
    ------
    ValueError
        If the arrays have not the same number of rows, or none.
    FileExistsError
        If there is a file of such a name already.

    Examples
    --------
    >>> import os, tempfile
    >>> folder = tempfile.mkdtemp()
    >>> files = write_shards(folder, np.zeros((5, 2)), rows=3)
    >>> [os.path.basename(path) for path in files["x"]]
    ['x-00000.npy', 'x-00001.npy']
    """
    rows = whole_number(rows, "rows", 1)
    folder = os.fspath(folder)
    given = {"x": x, "y": y, "sample_weight": sample_weight}
    arrays = {
        (name, key): np.asanyarray(array)
        for name, part in given.items()
        if part is not None
        for key, array in (part.items() if isinstance(part, Mapping) else [(None, part)])
    }
    lengths = {np.shape(array)[:1] for array in arrays.values()}
    if len(lengths) != 1 or not next(iter(lengths), (0,)) or not max(lengths)[0]:
        raise ValueError(f"x, y, sample_weight: expected arrays of as many rows, got {sorted(lengths)}")
    for (name, key), array in arrays.items():
        if array.dtype.kind not in "fiub":
            raise ValueError(f"{name}: expected real numbers, got dtype {array.dtype}")
        if key is not None and os.path.basename(key) != key:
            raise ValueError(f"{name}: expected names that can be those of files, got {key!r}")
    os.makedirs(folder, exist_ok=True)
    written: dict[str, Any] = {}
    for (name, key), array in arrays.items():
        stem = name if key is None else f"{name}-{key}"
        paths = []
        for i, start in enumerate(range(0, len(array), rows)):
            paths.append(os.path.join(folder, f"{stem}-{i:05}.npy"))
            with open(paths[-1], "xb") as file:
                np.save(file, array[start : start + rows], allow_pickle=False)
        if key is None:
            written[name] = paths
        else:
            written.setdefault(name, {})[key] = paths
    return written
