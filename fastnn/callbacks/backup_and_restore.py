"""`BackupAndRestore`: resume an interrupted training."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path
from typing import Any

from .callback import BatchLogs, Callback, EpochLogs
from .frequency import Frequency


class BackupAndRestore(Callback):
    """Save the state of a training, so that the same program, started again, resumes it.

    The resumed training equals an uninterrupted one bit for bit, also from the middle of an epoch: weights,
    optimizer, order of the samples, random numbers, losses, metrics and the state of other callbacks are
    restored. The program must use the same data, model and arguments again. A `utils.PyDataset` is asked for
    the batches that are left; what changes in it from epoch to epoch is for its `get_state` and `set_state`.
    Another iterable has to yield the same batches again; those that have been trained on are skipped, in the
    pass through the data that was interrupted, or of an iterator all.

    Parameters
    ----------
    backup_dir : str or path
        A folder for the backup; it is created if necessary.
    save_freq : "epoch" or int, default "epoch"
        When to save: after each epoch and its validation, or after this many batches, counted over epochs.
    double_checkpoint : bool, default False
        Whether to keep the previous backup too, and to resume from it if the latest cannot be read. A backup
        replaces another atomically, so that an interruption alone damages neither.
    delete_checkpoint : bool, default True
        Whether to remove the backup when the training has ended.

    Raises
    ------
    ValueError
        If an argument is none of these.
    ModelFileError
        At the start of the training, if the backup cannot be read or is one of another model.

    Notes
    -----
    Its hooks run after those of all other callbacks.

    Examples
    --------
    >>> import fastnn, numpy as np, pathlib, tempfile
    >>> x, folder = np.ones((8, 3)), pathlib.Path(tempfile.mkdtemp(), "backup")
    >>> model = fastnn.Sequential([fastnn.Input((3,)), fastnn.layers.Dense(1)])
    >>> model.compile("adam", "mse")
    >>> history = model.fit(x, x[:, 0], epochs=3, verbose=0, callbacks=[BackupAndRestore(folder)])
    >>> folder.exists()
    False
    """

    _runs_last = True
    _only_first_rank = True
    _state_names = ("seen",)

    def __init__(
        self,
        backup_dir: str | os.PathLike[str],
        save_freq: str | int = "epoch",
        double_checkpoint: bool = False,
        delete_checkpoint: bool = True,
    ) -> None:
        if not os.fspath(backup_dir):
            raise ValueError(f"backup_dir: expected the name of a folder, got {backup_dir!r}")
        self.backup_dir = os.fspath(backup_dir)
        self.save_freq = save_freq
        self.double_checkpoint = double_checkpoint
        self.delete_checkpoint = delete_checkpoint
        self._frequency = Frequency(save_freq)
        self._restored: dict[str, Any] | None = None

    @property
    def _latest(self) -> Path:
        return Path(self.backup_dir, "latest.fastnn")

    @property
    def _previous(self) -> Path:
        return Path(self.backup_dir, "previous.fastnn")

    @property
    def seen(self) -> int:
        """Number of batches since the last backup."""
        return self._frequency.seen

    @seen.setter
    def seen(self, value: int) -> None:
        self._frequency.seen = value

    def on_train_begin(self, logs: EpochLogs = None) -> None:
        """Restore the backup, if there is one."""
        from ..saving.backup import restore_backup

        self._frequency.seen = 0
        self._restored = None
        for path in Path(self.backup_dir).glob(".fastnn-*.tmp"):
            path.unlink()  # left by a program that was killed while it saved
        backups = [path for path in (self._latest, self._previous) if path.exists()]
        for path in backups:
            try:
                self._restored = restore_backup(self.model, path)
                break
            except ValueError:
                if path is backups[-1]:
                    raise

    def on_epoch_begin(self, epoch: int, logs: EpochLogs = None) -> None:
        """Restore the backup again in the middle of an epoch, after other callbacks have begun the epoch."""
        if self._restored is not None and self.model._progress.step:
            from ..saving.backup import apply_backup

            apply_backup(self.model, self._restored)
        self._restored = None

    def on_train_batch_end(self, batch: int, logs: BatchLogs = None) -> None:
        """Save if a backup is due."""
        if self._frequency.due():
            self._save()

    def on_epoch_end(self, epoch: int, logs: EpochLogs = None) -> None:
        """Save if backups are made after each epoch."""
        if self._frequency.batches is None:
            self._save()

    def on_train_end(self, logs: EpochLogs = None) -> None:
        """Remove the backup if `delete_checkpoint`, and the folder if nothing else is in it."""
        if self.delete_checkpoint:
            for path in (self._latest, self._previous):
                path.unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                os.rmdir(self.backup_dir)

    def _save(self) -> None:
        from ..saving.backup import write_backup

        os.makedirs(self.backup_dir, exist_ok=True)
        if self.double_checkpoint and self._latest.exists():
            os.replace(self._latest, self._previous)
        write_backup(self.model, self._latest)
