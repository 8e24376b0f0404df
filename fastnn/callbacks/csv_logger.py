"""`CSVLogger`: write the logs of each epoch to a CSV file."""

from __future__ import annotations

import csv
import os
from typing import Any

from .callback import Callback, EpochLogs


class CSVLogger(Callback):
    """Write the logs of each epoch as a row of a CSV file.

    The columns are "epoch" and the names in the logs of the first epoch, sorted; if none of these starts with
    ``"val_"``, a ``"val_"`` column is added for each, as validation may start later. Missing values are "NA".

    Parameters
    ----------
    filename : str or path
        The file.
    separator : str, default ","
        The separator of columns.
    append : bool, default False
        Whether to append to an existing file, under its columns, rather than to overwrite it.

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

    _only_first_rank = True

    def __init__(self, filename: str | os.PathLike[str], separator: str = ",", append: bool = False) -> None:
        self.filename = os.fspath(filename)
        self.separator = separator
        self.append = append
        self._columns: list[str] = []

    def on_train_begin(self, logs: EpochLogs = None) -> None:
        """Create the file, or read the columns of the one to append to."""
        with open(self.filename, "a+" if self.append else "w+", newline="", encoding="utf-8") as file:
            file.seek(0)
            self._columns = next(csv.reader(file, delimiter=self.separator), [])

    def get_state(self) -> dict[str, Any]:
        """Return the contents of the file."""
        with open(self.filename, newline="", encoding="utf-8") as file:
            return {"text": file.read()}

    def set_state(self, state: dict[str, Any]) -> None:
        """Restore the contents of the file."""
        with open(self.filename, "w", newline="", encoding="utf-8") as file:
            file.write(state["text"])
        self._columns = next(csv.reader(state["text"].splitlines(), delimiter=self.separator), [])

    def on_epoch_end(self, epoch: int, logs: EpochLogs = None) -> None:
        """Write a row and close the file, so that nothing is lost if the training is interrupted."""
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
