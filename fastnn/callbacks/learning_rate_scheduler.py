"""`LearningRateScheduler`: set the learning rate of each epoch."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

from ..checks import ArgumentError, real_number
from .callback import Callback, EpochLogs


class LearningRateScheduler(Callback):
    """Set the learning rate at the beginning of each epoch.

    The "learning_rate" of each epoch is added to its logs.

    Parameters
    ----------
    schedule : callable
        A function of the number of the epoch, counted from 0, and the current learning rate, or of the
        number alone, that returns the new learning rate.
    verbose : {0, 1}, default 0
        Whether to print the learning rate.

    Raises
    ------
    TypeError
        If `schedule` cannot be called.
    ValueError
        In a hook, if it returns anything but a number that is not negative.

    Examples
    --------
    >>> import types
    >>> model = types.SimpleNamespace(optimizer=types.SimpleNamespace(learning_rate=0.5))
    >>> callback = LearningRateScheduler(lambda epoch, rate: rate / 2)
    >>> callback.set_model(model)
    >>> callback.on_epoch_begin(0)
    >>> model.optimizer.learning_rate
    0.25
    """

    def __init__(self, schedule: Callable[..., float], verbose: int = 0) -> None:
        if not callable(schedule):
            raise ArgumentError(f"schedule: expected a function of (epoch, learning_rate), got {schedule!r}")
        try:
            inspect.signature(schedule).bind(0, 0.0)
            self._takes_rate = True
        except TypeError:
            self._takes_rate = False
        except ValueError:  # a C function without a signature
            self._takes_rate = True
        self.schedule = schedule
        self.verbose = verbose

    def on_epoch_begin(self, epoch: int, logs: EpochLogs = None) -> None:
        """Set the learning rate."""
        optimizer = self.model.optimizer
        arguments = (epoch, float(optimizer.learning_rate)) if self._takes_rate else (epoch,)
        rate = real_number(self.schedule(*arguments), f"schedule{arguments}", 0)
        optimizer.learning_rate = rate
        if self.verbose:
            self._say(f"Epoch {epoch + 1}: setting the learning rate to {rate:g}")

    def on_epoch_end(self, epoch: int, logs: EpochLogs = None) -> None:
        """Add the learning rate to the logs."""
        log_learning_rate(self.model, logs)


def log_learning_rate(model: Any, logs: EpochLogs) -> float:
    """Add the learning rate to the logs, and return it."""
    rate = float(model.optimizer.learning_rate)
    if logs is not None:
        logs["learning_rate"] = rate
    return rate
