"""`ReduceLROnPlateau`: a lower learning rate for a training that no longer improves."""

from __future__ import annotations

from ..checks import real_number, whole_number
from .callback import EpochLogs
from .learning_rate_scheduler import log_learning_rate
from .monitor import MonitorCallback
from .progress import say


class ReduceLROnPlateau(MonitorCallback):
    """Lowers the learning rate when a value has stopped to improve.

    The logs of each epoch get the "learning_rate" that it ran with.

    Parameters
    ----------
    monitor : str, default "val_loss"
        Name of the value in the logs.
    factor : float, default 0.1
        What the learning rate is multiplied by; not negative, below 1.
    patience : int, default 10
        After how many epochs without improvement to lower it.
    verbose : {0, 1}, default 0
        Whether to print what is done.
    mode : {"auto", "min", "max"}, default "auto"
        Whether lower or higher is better; "auto" goes by the metric or its name.
    min_delta : float, default 0.0001
        What a change must exceed to be an improvement.
    cooldown : int, default 0
        How many epochs after a reduction do not count as waiting.
    min_lr : float, default 0.0
        The learning rate does not fall below it.

    Raises
    ------
    ValueError
        If an argument is none of these or, at the end of an epoch, "auto" cannot tell.

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

    kept = ("best", "cooldown_counter", "wait")

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
        """Start anew."""
        self.best = None
        self.cooldown_counter = self.wait = 0

    def on_epoch_end(self, epoch: int, logs: EpochLogs = None) -> None:
        """Look at the value."""
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
                    say(f"Epoch {epoch + 1}: reducing the learning rate from {rate:g} to {new:g}")

    def in_cooldown(self) -> bool:
        """Return whether a reduction is still too fresh to wait for the next."""
        return self.cooldown_counter > 0
