"""`CSVLogger`: the logs of each epoch as a row of a table."""

from __future__ import annotations

import csv
import os
from typing import Any

from .callback import Callback, EpochLogs


class CSVLogger(Callback):
    """Writes the logs of each epoch as a row of a CSV file.

    The columns are "epoch" and the names in the logs of the first epoch, sorted, with a "val_" column for
    each if none is there yet, since validation may start later; what the logs do not hold is "NA".

    Parameters
    ----------
    filename : str or path
        The file.
    separator : str, default ","
        What stands between columns.
    append : bool, default False
        Whether to write behind what the file holds, under its columns, rather than to start it anew.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> path = pathlib.Path(tempfile.mkdtemp(), "log.csv")
    >>> logger = CSVLogger(path)
    >>> logger.on_train_begin()
    >>> logger.on_epoch_end(0, {"loss": 0.5, "val_loss": 0.75})
    >>> path.read_text().split()
    ['epoch,loss,val_loss', '0,0.5,0.75']
    """

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        self.filename = os.fspath(filename)
        self.separator = separator
        self.append = append
        self._columns: list[str] = []

    def on_train_begin(self, logs: EpochLogs = None) -> None:
        """Make the file, or read the columns of the one to append to."""
        with open(self.filename, "a+" if self.append else "w+", newline="", encoding="utf-8") as file:
            file.seek(0)
            self._columns = next(csv.reader(file, delimiter=self.separator), [])

    def get_state(self) -> dict[str, Any]:
        """Return what the file holds."""
        with open(self.filename, newline="", encoding="utf-8") as file:
            return {"text": file.read()}

    def set_state(self, state: dict[str, Any]) -> None:
        """Let the file hold that again."""
        with open(self.filename, "w", newline="", encoding="utf-8") as file:
            file.write(state["text"])
        self._columns = next(csv.reader(state["text"].splitlines(), delimiter=self.separator), [])

    def on_epoch_end(self, epoch: int, logs: EpochLogs = None) -> None:
        """Write a row; the file is closed again, so that nothing is lost if the training breaks off."""
        row: dict[str, float] = {"epoch": epoch, **(logs or {})}
        with open(self.filename, "a", newline="", encoding="utf-8") as file:
            first = not self._columns
            if first:
                names = sorted(row.keys() - {"epoch"})
                validated = any(name.startswith("val_") for name in names)
                later = [] if validated else [f"val_{name}" for name in names if name != "learning_rate"]
                self._columns = ["epoch", *names, *later]
            writer = csv.DictWriter(
                file, self._columns, restval="NA", extrasaction="ignore", delimiter=self.separator
            )
            if first:
                writer.writeheader()
            writer.writerow(row)
