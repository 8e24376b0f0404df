"""`ModelCheckpoint`: save the model after each epoch, or when it is the best so far."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Any

from ..checks import real_number
from .callback import BatchLogs, EpochLogs
from .frequency import Frequency
from .monitor import MonitorCallback


class ModelCheckpoint(MonitorCallback):
    """Save the model during training.

    A file is replaced atomically, so that it is complete at any time.

    Parameters
    ----------
    filepath : str or path
        The file. The name may contain "{epoch:02d}", counted from 1, "{batch}", and names in the logs:
        "{epoch:02d}-{val_loss:.2f}.fastnn". Folders are created.
    monitor : str, default "val_loss"
        Name of the value in the logs by which the best model is chosen.
    verbose : {0, 1}, default 0
        Whether to print a message for each save.
    save_best_only : bool, default False
        Whether to save only when the value has improved.
    save_weights_only : bool, default False
        Whether to use `save_weights` rather than `save`.
    mode : {"auto", "min", "max"}, default "auto"
        Whether lower or higher is better; "auto" decides by the metric or its name.
    save_freq : "epoch" or int, default "epoch"
        When to save: after each epoch and its validation, or after this many batches, counted over epochs.
    initial_value_threshold : float, optional
        The value that the first model saved must improve on.

    Attributes
    ----------
    best : float or None
        The best value so far.

    Raises
    ------
    ValueError
        If an argument is none of these or, when the model is saved, if `filepath` contains a name that is not
        in the logs.

    Examples
    --------
    >>> import fastnn, numpy as np, pathlib, tempfile
    >>> folder = pathlib.Path(tempfile.mkdtemp())
    >>> model = fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> checkpoint = ModelCheckpoint(folder / "{epoch:02d}.fastnn")
    >>> _ = model.fit(np.ones((4, 3)), np.ones(4), epochs=2, verbose=0, callbacks=[checkpoint])
    >>> sorted(path.name for path in folder.iterdir())
    ['01.fastnn', '02.fastnn']
    """

    _state_names = ("best", "seen")
    _only_first_rank = True

    def __init__(
        self,
        filepath: str | os.PathLike[str],
        monitor: str = "val_loss",
        verbose: int = 0,
        save_best_only: bool = False,
        save_weights_only: bool = False,
        mode: str = "auto",
        save_freq: str | int = "epoch",
        initial_value_threshold: float | None = None,
    ) -> None:
        super().__init__(monitor, mode)
        self.filepath = os.fspath(filepath)
        self.verbose = verbose
        self.save_best_only = save_best_only
        self.save_weights_only = save_weights_only
        self.save_freq = save_freq
        self._frequency = Frequency(save_freq)
        self._epoch = 0
        if initial_value_threshold is not None:
            self.best = real_number(initial_value_threshold, "initial_value_threshold")

    @property
    def seen(self) -> int:
        """Number of batches since the last save."""
        return self._frequency.seen

    @seen.setter
    def seen(self, value: int) -> None:
        self._frequency.seen = value

    def on_epoch_begin(self, epoch: int, logs: EpochLogs = None) -> None:
        """Record the number of the epoch."""
        self._epoch = epoch

    def on_train_batch_end(self, batch: int, logs: BatchLogs = None) -> None:
        """Save the model if a save is due."""
        if self._frequency.due():
            self._save({"batch": batch + 1, **(logs or {})})

    def on_epoch_end(self, epoch: int, logs: EpochLogs = None) -> None:
        """Save the model if it is saved after each epoch."""
        self._epoch = epoch
        if self._frequency.batches is None:
            self._save(logs or {})

    def _save(self, logs: Mapping[str, Any]) -> None:
        start = f"Epoch {self._epoch + 1}: "
        if self.save_best_only:
            value = self.current(dict(logs))
            if value is not None:
                change = f"{self.monitor} {{}} from {'None' if self.best is None else f'{self.best:.5f}'}"
                if not self.improves(value, self.best):
                    self._say(start + change.format("did not improve"))
                    return
                start += f"{change.format('improved')} to {value:.5f}, "
                self.best = value
        try:
            filepath = self.filepath.format(**{"epoch": self._epoch + 1, **logs})
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise ValueError(
                f"filepath: {self.filepath!r} cannot be filled from the epoch and the logs, which hold "
                f"{', '.join(map(repr, logs)) or 'nothing'}: {error}"
            ) from None
        if folder := os.path.dirname(filepath):
            os.makedirs(folder, exist_ok=True)
        if self.save_weights_only:
            self.model.save_weights(filepath, overwrite=True)
        else:
            self.model.save(filepath, overwrite=True)
        self._say(f"{start}saving the model to {filepath}")

    def _say(self, message: str) -> None:
        if self.verbose:
            super()._say(message)
