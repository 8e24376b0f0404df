"""Predict for every row of a CSV or Parquet file, however large.

    python examples/score_table.py model.fastnn customers.csv scores.parquet

The rows are read, predicted and written piece by piece, so the program needs the memory of one piece. The new
file has the columns of the old one and one or more columns "prediction". It appears when it is complete: what
was there before stays until then. The columns that the model takes are those that its metadata list,

    model.metadata = {"columns": ["age", "income", "rate"]}

or else all that hold numbers, in their order. It needs pandas, and pyarrow for files that end in .parquet.
"""

import argparse
import os
import sys
import tempfile
from pathlib import Path

import numpy as np
import pandas as pd

import fastnn


def pieces_of(path, rows):
    """Yield data frames of at most so many rows."""
    if path.suffix != ".parquet":
        yield from pd.read_csv(path, chunksize=rows)
        return
    import pyarrow.parquet

    with pyarrow.parquet.ParquetFile(path) as file:
        for batch in file.iter_batches(batch_size=rows):
            yield batch.to_pandas()


class CsvWriter:
    """Appends data frames to a CSV file."""

    def __init__(self, path):
        self._path, self._first = path, True

    def write(self, frame):
        """Append rows."""
        frame.to_csv(self._path, mode="a", header=self._first, index=False)
        self._first = False

    def close(self):
        """Leave the file, in which everything is."""


class ParquetWriter:
    """Appends data frames to a Parquet file, a row group each."""

    def __init__(self, path):
        self._path, self._writer = path, None

    def write(self, frame):
        """Append rows."""
        import pyarrow.parquet

        table = pyarrow.Table.from_pandas(frame, preserve_index=False)
        if self._writer is None:
            self._writer = pyarrow.parquet.ParquetWriter(self._path, table.schema)
        self._writer.write_table(table)

    def close(self):
        """Write the end of the file."""
        if self._writer is not None:
            self._writer.close()


def scored(model, frame):
    """Return the rows of a data frame with what the model predicts for them."""
    columns = (model.metadata or {}).get("columns") or frame.select_dtypes("number").columns.tolist()
    missing = [column for column in columns if column not in frame]
    if missing:
        raise ValueError(f"the table has no columns {', '.join(missing)}, which the model takes")
    x = frame[columns].to_numpy("float32")
    y = np.asarray(model.predict(x, batch_size=4096, verbose=0)).reshape(len(frame), -1)
    names = ["prediction"] if y.shape[1] == 1 else [f"prediction_{i}" for i in range(y.shape[1])]
    return frame.assign(**dict(zip(names, y.T, strict=True)))


def score(model, source, target, rows):
    """Write the file of predictions, and return the number of rows."""
    kind = ParquetWriter if target.suffix == ".parquet" else CsvWriter
    with tempfile.TemporaryDirectory(dir=target.parent, prefix=f".{target.name}.") as folder:
        new, done = Path(folder, "new"), 0
        writer = kind(new)
        try:
            for frame in pieces_of(source, rows):
                writer.write(scored(model, frame))
                done += len(frame)
                print(f"\r{done:,} rows", end="", file=sys.stderr, flush=True)
        finally:
            writer.close()
            print(file=sys.stderr)
        if not done:
            raise ValueError(f"{source} has no rows")
        os.replace(new, target)
    return done


def main():
    """Read the arguments and do it."""
    parser = argparse.ArgumentParser(description="Predict for every row of a table.")
    parser.add_argument("model", help="a file that model.save has written")
    parser.add_argument("source", type=Path, help="a CSV file, or one that ends in .parquet")
    parser.add_argument("target", type=Path, help="what to write, of either kind")
    parser.add_argument("--rows", type=int, default=50_000, help="of a piece; default: 50000")
    options = parser.parse_args()
    try:
        score(fastnn.models.load_model(options.model), options.source, options.target, options.rows)
    except (OSError, ValueError) as error:
        sys.exit(f"score_table: {error}")


if __name__ == "__main__":
    main()
