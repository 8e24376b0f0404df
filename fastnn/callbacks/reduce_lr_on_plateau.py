"""`ReduceLROnPlateau`: reduce the learning rate of a training that no longer improves."""

from __future__ import annotations

from ..checks import real_number, whole_number
from .callback import EpochLogs
from .learning_rate_scheduler import log_learning_rate
from .monitor import MonitorCallback


class ReduceLROnPlateau(MonitorCallback):
    """Reduce the learning rate when a value has stopped improving.

    The "learning_rate" of each epoch is added to its logs.

    Parameters
    ----------
    monitor : str, default "val_loss"
        Name of the value in the logs.
    factor : float, default 0.1
        The learning rate is multiplied by it; at least 0 and below 1.
    patience : int, default 10
        Number of epochs without improvement after which to reduce it.
    verbose : {0, 1}, default 0
        Whether to print a message for each reduction.
    mode : {"auto", "min", "max"}, default "auto"
        Whether lower or higher is better; "auto" decides by the metric or its name.
    min_delta : float, default 0.0001
        Only changes greater than this count as improvements.
    cooldown : int, default 0
        Number of epochs after a reduction that do not count towards the patience.
    min_lr : float, default 0.0
        Lower bound of the learning rate.

    Raises
    ------
    ValueError
        If an argument is none of these or, at the end of an epoch, if "auto" cannot decide.

    Examples
    --------
    >>> import numpy as np
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(1)])
    >>> model.compile(fastnn.optimizers.SGD(1e-9), "mse")
    >>> plateau = fastnn.callbacks.ReduceLROnPlateau(monitor="loss", factor=0.5, patience=2)
    >>> history = model.fit(np.ones((4, 2)), np.ones(4), epochs=4, verbose=0, callbacks=[plateau])
    >>> history.history["learning_rate"]
    [1e-09, 1e-09, 1e-09, 5e-10]
    """

    _state_names = ("best", "cooldown_counter", "wait")

    def __init__(
        self,
        monitor: str = "val_loss",
        factor: float = 0.1,
        patience: int = 10,
        verbose: int = 0,
        mode: str = "auto",
        min_delta: float = 1e-4,
        cooldown: int = 0,
        min_lr: float = 0.0,
    ) -> None:
        super().__init__(monitor, mode, min_delta)
        self.factor = real_number(factor, "factor", 0)
        if self.factor >= 1:
            raise ValueError(f"factor: expected a number below 1, got {factor!r}")
        self.patience = whole_number(patience, "patience")
        self.verbose = verbose
        self.cooldown = whole_number(cooldown, "cooldown")
        self.min_lr = real_number(min_lr, "min_lr", 0)
        self.cooldown_counter = self.wait = 0

    def on_train_begin(self, logs: EpochLogs = None) -> None:
        """Reset the state."""
        self.best = None
        self.cooldown_counter = self.wait = 0

    def on_epoch_end(self, epoch: int, logs: EpochLogs = None) -> None:
        """Compare the value with the best so far, and reduce the learning rate if it is time."""
        value = self.current(logs)
        rate = log_learning_rate(self.model, logs)
        if value is None:
            return
        if self.in_cooldown():
            self.cooldown_counter -= 1
            self.wait = 0
        if self.improves(value, self.best):
            self.best, self.wait = value, 0
        elif not self.in_cooldown():
            self.wait += 1
            if self.wait >= self.patience and rate > self.min_lr:
                self.model.optimizer.learning_rate = max(rate * self.factor, self.min_lr)
                self.cooldown_counter, self.wait = self.cooldown, 0
                if self.verbose:
                    new = float(self.model.optimizer.learning_rate)
                    self._say(f"Epoch {epoch + 1}: reducing the learning rate from {rate:g} to {new:g}")

    def in_cooldown(self) -> bool:
        """Return whether epochs do not count towards the patience yet."""
        return self.cooldown_counter > 0
