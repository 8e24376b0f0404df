"""`History`: the record of a training that `fit` returns."""

from __future__ import annotations

from typing import Any
from weakref import proxy

from .callback import Callback, EpochLogs


class History(Callback):
    """The record that `fit` returns and keeps as the model's `history`.

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
    """

    _state_names = ("history", "epoch")

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def set_model(self, model: Any) -> None:
        """Set the model, by a weak reference, and this as the model's `history`."""
        self.model = proxy(model)
        model.history = self

    def on_epoch_end(self, epoch: int, logs: EpochLogs = None) -> None:
        """Append the values of the logs."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)
