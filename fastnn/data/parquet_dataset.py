"""`ParquetDataset`: batches of rows from Parquet files (extra ``parquet``)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from ..extras import extra
from ..registry import unknown_name
from .shard_files import Shard, Shards, find_shards
from .sharded import BUFFER_BYTES, ShardedDataset, place_of
from .windows import Arrays, Field

if TYPE_CHECKING:
    import pyarrow

__all__ = ["ParquetDataset"]

Columns = str | Sequence[str]


class ParquetFiles:
    """The rows of Parquet files by row groups; a `Source`.

    Parameters
    ----------
    shards : list of Shard
    columns : list of (str or list of str)
        The columns of each array: one, whose values are the rows, or several beside each other.
    dtypes : list of dtype or None
        What to read the arrays as; None for what holds the numbers of all their columns.
    """

    def __init__(self, shards: list[Shard], columns: list[Columns], dtypes: list[Any]) -> None:
        self._shards, self._columns = shards, columns
        schema, groups, lengths = None, [], []
        needed = list(dict.fromkeys(name for names in columns for name in _several(names)))
        for i, shard in enumerate(shards):
            with _open(shard) as file:
                found = {name: _type_of(file.schema_arrow, name, shard) for name in needed}
                counts = [file.metadata.row_group(group).num_rows for group in range(file.num_row_groups)]
            schema = schema or found
            for name, kind in found.items():
                if kind != schema[name]:
                    raise ValueError(
                        f"files: expected column {name!r} of type {schema[name]} as in {shards[0].path}, "
                        f"got {kind} in {shard.path}"
                    )
            groups += [(i, group) for group, count in enumerate(counts) if count]
            lengths += [count for count in counts if count]
        assert schema is not None
        self._groups, self.lengths = groups, np.array(lengths, np.int64)
        self.fields = [_field(names, schema, dtype) for names, dtype in zip(columns, dtypes, strict=True)]

    def read(self, block: int, out: Arrays) -> None:
        """Read a row group into an array for each field."""
        i, group = self._groups[block]
        shard = self._shards[i]
        shard.check()
        needed = list(dict.fromkeys(name for names in self._columns for name in _several(names)))
        with _open(shard) as file:
            table = file.read_row_group(group, columns=needed)
        for names, array in zip(self._columns, out, strict=True):
            if isinstance(names, str):
                array[...] = _values(table, names, shard)
            else:
                for j, name in enumerate(names):
                    array[:, j] = _values(table, name, shard)


def _several(columns: Columns) -> Sequence[str]:
    return [columns] if isinstance(columns, str) else columns


def _open(shard: Shard) -> Any:
    """Return a file, of which the footer has been read."""
    import pyarrow
    from pyarrow.parquet import ParquetFile

    try:
        return ParquetFile(shard.path)
    except pyarrow.ArrowInvalid as error:
        raise ValueError(f"{shard.path} is no Parquet file, or has been cut off: {error}") from None


def _type_of(schema: Any, name: str, shard: Shard) -> Any:
    """Return the type of a column."""
    from pyarrow import types

    if name not in schema.names:
        raise ValueError(f"{unknown_name('columns', name, schema.names)} in {shard.path}")
    if schema.names.count(name) > 1:
        raise ValueError(f"columns: expected one column {name!r} in {shard.path}, got several")
    kind = schema.field(name).type
    inner = kind.value_type if types.is_fixed_size_list(kind) else kind
    if not (types.is_integer(inner) or types.is_floating(inner) or types.is_boolean(inner)):
        raise ValueError(f"columns: expected numbers, got {kind} in column {name!r} of {shard.path}")
    return kind


def _field(columns: Columns, schema: dict[str, Any], dtype: Any) -> Field:
    """Return what the rows of an array of these columns are."""
    from pyarrow import types

    kinds = [schema[name] for name in _several(columns)]
    lists = [kind for kind in kinds if types.is_fixed_size_list(kind)]
    if lists and not isinstance(columns, str):
        raise ValueError(
            f"columns: expected a column of lists by itself, such as {columns[0]!r}, got {columns}"
        )
    inner = [kind.value_type if lists else kind for kind in kinds]
    held = np.result_type(*(kind.to_pandas_dtype() for kind in inner)) if dtype is None else np.dtype(dtype)
    if isinstance(columns, str):
        return Field((kinds[0].list_size,) if lists else (), held)
    return Field((len(columns),), held)


def _values(table: pyarrow.Table, name: str, shard: Shard) -> NDArray[Any]:
    """Return the numbers of a column."""
    column = table.column(name).combine_chunks()
    inner = column.flatten() if hasattr(column.type, "list_size") else column
    if column.null_count or inner.null_count:
        raise ValueError(f"columns: expected numbers, got null in column {name!r} of {shard.path}; fill them")
    values: NDArray[Any] = inner.to_numpy(zero_copy_only=False)
    return values.reshape(len(column), -1) if inner is not column else values


class ParquetDataset(ShardedDataset):
    """Batches of the rows of Parquet files that need not fit into memory together.

    Each epoch has every row once, in an order that depends on the seed, the number of the epoch, the files
    and `buffer_bytes` alone: neither on workers nor on where a training was interrupted. The rows come
    window by window. A window is made of row groups from anywhere in the files, and its rows are shuffled: a
    tenth of the buffer or less is a good size for a row group.

    Parameters
    ----------
    files : str, path or sequence of them
        Files; a folder, for all its ``.parquet`` files; or a pattern. Folders and patterns are sorted by
        name.
    columns : str, sequence of str, or dict of such, optional
        The inputs: a list of columns is an array (rows, columns), and a name alone one of (rows,), or of
        (rows, size) where the column holds lists of a fixed size. A dict is for several inputs by name. By
        default all columns but the label and the weights.
    label : the same, optional
        The labels.
    sample_weight : str, optional
        The column of the weights of samples.
    batch_size : int, default 32
        Rows of a batch, which may come from several files; the last batch has what is left.
    shuffle : bool, default True
        Whether each epoch has an order of its own; else that of the files. That of `fit` has no influence.
    seed : int, optional
        Seed of the orders.
    dtype : dtype, optional
        What the inputs are read as, by default a type that holds all columns of an array.
    buffer_bytes : int, default 2**28
        What the rows that have been read may take, in two windows, unless a row group is larger.
    workers, use_multiprocessing, max_queue_size
        See `PyDataset`. Each process has a buffer of its own.

    Attributes
    ----------
    num_rows, epoch : int
        See `NpyDataset`.

    Raises
    ------
    FileNotFoundError
        If a file is not there, or there are none.
    ValueError
        If a file is no Parquet file, has not the columns and types of the first one, or there are no rows;
        while batches are made, if a column has nulls or a file has been changed meanwhile.
    ImportError
        If pyarrow is not installed: the extra ``parquet``.

    Examples
    --------
    >>> dataset = ParquetDataset("trips/*.parquet", label="fare", batch_size=256)  # doctest: +SKIP
    >>> model.fit(dataset, epochs=10)  # doctest: +SKIP
    """

    def __init__(
        self,
        files: Shards,
        columns: Columns | Mapping[str, Columns] | None = None,
        label: Columns | Mapping[str, Columns] | None = None,
        sample_weight: str | None = None,
        batch_size: int = 32,
        shuffle: bool = True,
        seed: int | None = None,
        dtype: DTypeLike | None = None,
        buffer_bytes: int = BUFFER_BYTES,
        workers: int = 1,
        use_multiprocessing: bool = False,
        max_queue_size: int = 10,
    ) -> None:
        with extra("parquet", "Parquet files need pyarrow", "pyarrow"):
            import pyarrow.parquet  # noqa: F401
        shards = find_shards(files, ".parquet", "files")
        taken: list[Columns] = []
        dtypes: list[Any] = []

        def add(given: Any, name: str) -> int:
            names = [given] if isinstance(given, str) else given
            if not isinstance(names, Sequence) or not names or not all(isinstance(n, str) for n in names):
                raise ValueError(f"{name}: expected names of columns, got {given!r:.80}")
            taken.append(given if isinstance(given, str) else list(given))
            dtypes.append(dtype if name.startswith("columns") else None)
            return len(taken) - 1

        y, weights = place_of(label, "label", add), place_of(sample_weight, "sample_weight", add)
        if columns is None:
            used = {name for names in taken for name in _several(names)}
            with _open(shards[0]) as file:
                columns = [name for name in file.schema_arrow.names if name not in used]
        places = (place_of(columns, "columns", add), y, weights)
        super().__init__(
            ParquetFiles(shards, taken, dtypes),
            places,
            batch_size,
            shuffle,
            seed,
            buffer_bytes,
            workers=workers,
            use_multiprocessing=use_multiprocessing,
            max_queue_size=max_queue_size,
        )
