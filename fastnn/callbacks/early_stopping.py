"""`EarlyStopping`: end a training that no longer improves."""

from __future__ import annotations

from typing import Any

from ..checks import real_number, whole_number
from .callback import EpochLogs
from .monitor import MonitorCallback


class EarlyStopping(MonitorCallback):
    """End the training when a value has stopped improving.

    Parameters
    ----------
    monitor : str, default "val_loss"
        Name of the value in the logs.
    min_delta : float, default 0
        Only changes greater than this count as improvements.
    patience : int, default 0
        Number of epochs without improvement after which to stop.
    verbose : {0, 1}, default 0
        Whether to print a message when it stops or restores weights.
    mode : {"auto", "min", "max"}, default "auto"
        Whether lower or higher is better; "auto" decides by the metric or its name.
    baseline : float, optional
        An improvement resets the patience only if it is better than this, too.
    restore_best_weights : bool, default False
        Whether to set the model, at the end of the training, to the weights of the best epoch, whatever the
        `baseline`. Otherwise it keeps those of the last step.
    start_from_epoch : int, default 0
        The first epoch that counts.

    Attributes
    ----------
    best : float or None
        The best value so far.
    best_epoch, stopped_epoch : int
        Numbers of the best epoch and of the one after which the training was stopped, 0 if it was not.
    wait : int
        Number of epochs since the last improvement.

    Raises
    ------
    ValueError
        If an argument is none of these or, at the end of an epoch, if "auto" cannot decide.

    Examples
    --------
    >>> import numpy as np
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(1)])
    >>> model.compile(fastnn.optimizers.SGD(0.0), "mse")  # which learns nothing
    >>> early = fastnn.callbacks.EarlyStopping(monitor="loss", patience=3)
    >>> history = model.fit(np.ones((4, 2)), np.ones(4), epochs=100, verbose=0, callbacks=[early])
    >>> early.best_epoch, len(history.epoch)
    (0, 4)
    """

    _state_names = ("best", "best_weights", "best_epoch", "stopped_epoch", "wait")

    def __init__(
        self,
        monitor: str = "val_loss",
        min_delta: float = 0,
        patience: int = 0,
        verbose: int = 0,
        mode: str = "auto",
        baseline: float | None = None,
        restore_best_weights: bool = False,
        start_from_epoch: int = 0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        self.patience = whole_number(patience, "patience")
        self.verbose = verbose
        self.baseline = None if baseline is None else real_number(baseline, "baseline")
        self.restore_best_weights = restore_best_weights
        self.start_from_epoch = whole_number(start_from_epoch, "start_from_epoch")
        self.best_weights: Any = None
        self._reset()

    def _reset(self) -> None:
        self.best = self.best_weights = None
        self.wait = self.best_epoch = self.stopped_epoch = 0

    def on_train_begin(self, logs: EpochLogs = None) -> None:
        """Reset the state."""
        self._reset()

    def on_epoch_end(self, epoch: int, logs: EpochLogs = None) -> None:
        """Compare the value with the best so far."""
        value = self.current(logs)
        if value is None or epoch < self.start_from_epoch:
            return
        improved = self.improves(value, self.best)
        if self.restore_best_weights and (improved or self.best_weights is None):
            self.best_weights = self.model.get_weights()
            self.best_epoch = epoch
        self.wait += 1
        if improved:
            self.best, self.best_epoch = value, epoch
            if self.baseline is None or self.improves(value, self.baseline):
                self.wait = 0
        elif self.wait >= self.patience and epoch > 0:
            self.stopped_epoch = epoch
            self.model.stop_training = True

    def on_train_end(self, logs: EpochLogs = None) -> None:
        """Restore the best weights if `restore_best_weights`."""
        if self.stopped_epoch and self.verbose:
            self._say(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose:
                self._say(f"Restoring the weights of the best epoch, {self.best_epoch + 1}")
            self.model.set_weights(self.best_weights)
