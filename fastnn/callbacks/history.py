"""`History`: the record of a training that `fit` returns."""

from __future__ import annotations

from html import escape
from typing import Any
from weakref import proxy

from .callback import Callback, EpochLogs

# A longer table shows so many of its first and last rows.
_ROWS = 10


class History(Callback):
    """The record that `fit` returns and keeps as the model's `history`; a notebook shows it as a table.

    Attributes
    ----------
    history : dict of list
        The values of the logs at the end of each epoch, by name.
    epoch : list of int
        The numbers of the epochs.

    Examples
    --------
    >>> record = History()
    >>> record.on_epoch_end(0, {"loss": 0.5, "val_loss": 0.75})
    >>> record.on_epoch_end(1, {"loss": 0.25, "val_loss": 0.5})
    >>> record.epoch, record.history
    ([0, 1], {'loss': [0.5, 0.25], 'val_loss': [0.75, 0.5]})
    >>> record
    History(epochs=2, values=['loss', 'val_loss'])
    """

    _state_names = ("history", "epoch", "_at")

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []
        self._at: dict[str, list[int]] = {}  # the epochs of each value: validation may leave some out

    def set_model(self, model: Any) -> None:
        """Set the model, by a weak reference, and this as the model's `history`."""
        self.model = proxy(model)
        model.history = self

    def on_epoch_end(self, epoch: int, logs: EpochLogs = None) -> None:
        """Append the values of the logs."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
            self._at.setdefault(name, []).append(epoch)

    def _epochs_of(self, name: str) -> list[int]:
        """Return the epochs that the values of a name are of: the last ones of values put there by hand."""
        at, count = self._at.get(name, []), len(self.history[name])
        return at if len(at) == count else self.epoch[-count:]

    def __repr__(self) -> str:
        return f"{type(self).__name__}(epochs={len(self.epoch)}, values={list(self.history)})"

    def _repr_html_(self) -> str:
        """Return the history as a table with a row for each epoch; of many, for the first and last ones."""
        columns = {
            name: dict(zip(self._epochs_of(name), values, strict=False))
            for name, values in self.history.items()
        }
        head = "".join(f"<th>{escape(name)}</th>" for name in ["epoch", *columns])
        rows = [
            f"<tr><th>{epoch + 1}</th>"
            + "".join(f"<td>{_cell(column.get(epoch))}</td>" for column in columns.values())
            + "</tr>"
            for epoch in self.epoch
        ]
        if len(rows) > 2 * _ROWS:
            rows[_ROWS:-_ROWS] = ["<tr>" + "<td>...</td>" * (1 + len(columns)) + "</tr>"]
        return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _cell(value: Any) -> str:
    """Return a number with the digits that a progress bar shows, anything else as text, None as nothing."""
    return "" if value is None else f"{value:.5g}" if isinstance(value, float) else escape(str(value))
