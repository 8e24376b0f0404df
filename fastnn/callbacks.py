"""Callbacks: what happens around training, evaluation and prediction.

The model calls the hooks of each callback in the order of the list, with these `logs`:

- at the end of an epoch, a dictionary of floats: the loss, the metrics, and the same of the validation data
  under names that start with "val_". A callback may add to it; those behind it see that, `History` last.
- at the end of a batch, a mapping of the means over the epoch so far. It may compute them only when it is
  read, so a callback that looks at one batch in a hundred pays for that one; it is valid during the call,
  ``dict(logs)`` keeps what it holds.
- elsewhere None, or what has been found so far.

``self.model.stop_training = True`` in a hook ends the training after the batch or epoch.

>>> class Printer(Callback):
...     def on_epoch_end(self, epoch, logs=None):
...         print(f"{epoch}: {logs['loss']:.2f}")
>>> callbacks = CallbackList([Printer()])
>>> callbacks.on_epoch_end(0, {"loss": 0.5})
0: 0.50
"""

from __future__ import annotations

import contextlib
import csv
import inspect
import math
import os
import re
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from typing import Any, TypeAlias
from weakref import proxy

from .checks import real_number, whole_number
from .registry import unknown_name

__all__ = [
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "TerminateOnNaN",
]

EpochLogs: TypeAlias = dict[str, float] | None
BatchLogs: TypeAlias = Mapping[str, float] | None


class Callback:
    """Base of all callbacks: hooks that do nothing.

    Attributes
    ----------
    model : Model
        The model that calls.
    params : dict
        "verbose", "epochs" and "steps", the number of batches in an epoch, None where it is not known.
    """

    model: Any = None
    params: dict[str, Any] | None = None

    def set_model(self, model: Any) -> None:
        """Set the model that calls."""
        self.model = model

    def set_params(self, params: dict[str, Any]) -> None:
        """Set the parameters of the training, evaluation or prediction that begins."""
        self.params = params

    def on_train_begin(self, logs: EpochLogs = None) -> None:
        """Run before the first epoch."""

    def on_train_end(self, logs: EpochLogs = None) -> None:
        """Run after the last epoch, with its logs."""

    def on_epoch_begin(self, epoch: int, logs: EpochLogs = None) -> None:
        """Run before an epoch; the first is 0."""

    def on_epoch_end(self, epoch: int, logs: EpochLogs = None) -> None:
        """Run after an epoch and its validation."""

    def on_train_batch_begin(self, batch: int, logs: BatchLogs = None) -> None:
        """Run before a batch of training; the first of each epoch is 0."""
        self.on_batch_begin(batch, logs)

    def on_train_batch_end(self, batch: int, logs: BatchLogs = None) -> None:
        """Run after a batch of training."""
        self.on_batch_end(batch, logs)

    def on_batch_begin(self, batch: int, logs: BatchLogs = None) -> None:
        """Run before a batch of training: the older name of `on_train_batch_begin`, which calls it."""

    def on_batch_end(self, batch: int, logs: BatchLogs = None) -> None:
        """Run after a batch of training: the older name of `on_train_batch_end`, which calls it."""

    def on_test_begin(self, logs: EpochLogs = None) -> None:
        """Run before an evaluation, that of validation data included."""

    def on_test_end(self, logs: EpochLogs = None) -> None:
        """Run after an evaluation, with its results."""

    def on_test_batch_begin(self, batch: int, logs: BatchLogs = None) -> None:
        """Run before a batch of an evaluation."""

    def on_test_batch_end(self, batch: int, logs: BatchLogs = None) -> None:
        """Run after a batch of an evaluation."""

    def on_predict_begin(self, logs: EpochLogs = None) -> None:
        """Run before a prediction."""

    def on_predict_end(self, logs: EpochLogs = None) -> None:
        """Run after a prediction."""

    def on_predict_batch_begin(self, batch: int, logs: BatchLogs = None) -> None:
        """Run before a batch of a prediction."""

    def on_predict_batch_end(self, batch: int, logs: BatchLogs = None) -> None:
        """Run after a batch of a prediction."""


_HOOKS = tuple(name for name in vars(Callback) if name.startswith("on_"))
_OLDER_NAME = {"on_train_batch_begin": "on_batch_begin", "on_train_batch_end": "on_batch_end"}


def _overrides(callback: Callback, hook: str) -> bool:
    """Whether a hook, in the class or on the object itself, is not the one that does nothing."""
    method = getattr(callback, hook)
    if getattr(method, "__func__", method) is not getattr(Callback, hook):
        return True
    return hook in _OLDER_NAME and _overrides(callback, _OLDER_NAME[hook])


def _in_turn(hook: str, methods: list[Callable[..., None]]) -> Callable[..., None]:
    """Return a hook that calls others with all arguments: not every callback has a default for the logs."""

    def numbered(index: int, logs: BatchLogs = None) -> None:
        for method in methods:
            method(index, logs)

    def plain(logs: EpochLogs = None) -> None:
        for method in methods:
            method(logs)

    return numbered if "batch" in hook or "epoch" in hook else plain


class CallbackList(Callback):
    """Several callbacks as one, called in their order.

    Who is called is settled when the list is made, so that a hook that no callback defines costs next to
    nothing; `listens` tells whether any does.

    Parameters
    ----------
    callbacks : Callback or iterable of Callback, optional
    add_history : bool, default False
        Whether to append a `History` unless there is one.
    add_progbar : bool, default False
        Whether to append what shows progress unless there is one: a `ProgbarLogger` if a bar is wanted and
        possible, else a callback that prints a line for each epoch.
    model : Model, optional
        What becomes the callbacks' `model`.
    **params
        What becomes the callbacks' `params`: "verbose", "epochs", "steps".

    Attributes
    ----------
    callbacks : list of Callback

    Raises
    ------
    TypeError
        If something in the list is not a callback.

    Examples
    --------
    >>> seen = []
    >>> listener = LambdaCallback(on_epoch_end=lambda epoch, logs: seen.append(logs["loss"]))
    >>> callbacks = CallbackList([listener], epochs=1, steps=None, verbose=0)
    >>> callbacks.on_epoch_end(0, {"loss": 0.5})
    >>> seen, callbacks.listens("on_epoch_end"), callbacks.listens("on_train_batch_end")
    ([0.5], True, False)
    """

    def __init__(
        self,
        callbacks: Callback | Iterable[Callback] | None = None,
        add_history: bool = False,
        add_progbar: bool = False,
        model: Any = None,
        **params: Any,
    ) -> None:
        if callbacks is None:
            callbacks = []
        self.callbacks = [callbacks] if isinstance(callbacks, Callback) else list(callbacks)
        for callback in self.callbacks:
            if not isinstance(callback, Callback):
                raise TypeError(f"callbacks: expected instances of Callback, got {callback!r}")
        if add_history and not any(isinstance(c, History) for c in self.callbacks):
            self.callbacks.append(History())
        if add_progbar and not any(isinstance(c, _EpochLogger) for c in self.callbacks):
            self.callbacks.append(ProgbarLogger() if _shows_bar(params) else _EpochLogger())
        if model is not None:
            self.set_model(model)
        self.set_params(params)
        self._heard = set()
        for hook in _HOOKS:
            methods = [getattr(c, hook) for c in self.callbacks if _overrides(c, hook)]
            setattr(self, hook, _in_turn(hook, methods))
            if methods:
                self._heard.add(hook)

    def set_model(self, model: Any) -> None:
        """Set the model of all callbacks."""
        super().set_model(model)
        for callback in self.callbacks:
            callback.set_model(model)

    def set_params(self, params: dict[str, Any]) -> None:
        """Set the parameters of all callbacks."""
        super().set_params(params)
        for callback in self.callbacks:
            callback.set_params(params)

    def listens(self, hook: str) -> bool:
        """Return whether any callback defines a hook, so that there is a reason to call it.

        Parameters
        ----------
        hook : str
            Such as "on_train_batch_end".
        """
        return hook in self._heard


class History(Callback):
    """The record that `fit` returns and keeps as the model's `history`.

    Attributes
    ----------
    history : dict of list
        What the logs held at the end of each epoch, by name.
    epoch : list of int
        The numbers of these epochs.

    Examples
    --------
    >>> record = History()
    >>> record.on_epoch_end(0, {"loss": 0.5, "val_loss": 0.75})
    >>> record.on_epoch_end(1, {"loss": 0.25, "val_loss": 0.5})
    >>> record.epoch, record.history
    ([0, 1], {'loss': [0.5, 0.25], 'val_loss': [0.75, 0.5]})
    """

    def __init__(self) -> None:
        self.history: dict[str, list[float]] = {}
        self.epoch: list[int] = []

    def set_model(self, model: Any) -> None:
        """Set the model, and this as its record, which alone does not keep it alive."""
        self.model = proxy(model)
        model.history = self

    def on_epoch_end(self, epoch: int, logs: EpochLogs = None) -> None:
        """Append what the logs hold."""
        self.epoch.append(epoch)
        for name, value in (logs or {}).items():
            self.history.setdefault(name, []).append(value)


class LambdaCallback(Callback):
    """A callback made of functions.

    Parameters
    ----------
    on_epoch_begin, on_epoch_end, on_train_begin, on_train_end : callable, optional
        What these hooks call, with their arguments in order.
    on_train_batch_begin, on_train_batch_end : callable, optional
        The same.
    **kwargs
        Any other hook.

    Raises
    ------
    TypeError
        If there is no such hook, or its value cannot be called.

    Examples
    --------
    >>> callback = LambdaCallback(on_epoch_begin=lambda epoch, logs: print("epoch", epoch))
    >>> CallbackList([callback]).on_epoch_begin(3)
    epoch 3
    """

    def __init__(
        self,
        on_epoch_begin: Callable[..., Any] | None = None,
        on_epoch_end: Callable[..., Any] | None = None,
        on_train_begin: Callable[..., Any] | None = None,
        on_train_end: Callable[..., Any] | None = None,
        on_train_batch_begin: Callable[..., Any] | None = None,
        on_train_batch_end: Callable[..., Any] | None = None,
        **kwargs: Callable[..., Any] | None,
    ) -> None:
        named = {
            "on_epoch_begin": on_epoch_begin,
            "on_epoch_end": on_epoch_end,
            "on_train_begin": on_train_begin,
            "on_train_end": on_train_end,
            "on_train_batch_begin": on_train_batch_begin,
            "on_train_batch_end": on_train_batch_end,
        }
        for hook, function in (named | kwargs).items():
            if hook not in _HOOKS:
                raise TypeError(unknown_name("hook", hook, _HOOKS))
            if function is None:
                continue
            if not callable(function):
                raise TypeError(f"{hook}: expected a function, got {function!r}")
            setattr(self, hook, function)


def _say(message: str) -> None:
    """Print a line; a progress bar on the screen makes room for it."""
    tqdm = sys.modules.get("tqdm")
    with contextlib.nullcontext() if tqdm is None else tqdm.tqdm.external_write_mode():
        print(message, flush=True)


class _EpochLogger(Callback):
    """Prints a line at the end of each epoch, and of an evaluation outside a training."""

    def __init__(self) -> None:
        self._training = False
        self._title = ""
        self._start = 0.0

    def on_train_begin(self, logs: EpochLogs = None) -> None:
        self._training = True

    def on_train_end(self, logs: EpochLogs = None) -> None:
        self._training = False

    def on_epoch_begin(self, epoch: int, logs: EpochLogs = None) -> None:
        self._begin(f"Epoch {epoch + 1}/{(self.params or {}).get('epochs', '?')}")

    def on_epoch_end(self, epoch: int, logs: EpochLogs = None) -> None:
        self._end(logs)

    def on_test_begin(self, logs: EpochLogs = None) -> None:
        if not self._training:
            self._begin("Test")

    def on_test_end(self, logs: EpochLogs = None) -> None:
        if not self._training:
            self._end(logs)

    def _begin(self, title: str) -> None:
        self._title = title
        self._start = time.perf_counter()

    def _end(self, logs: EpochLogs) -> None:
        if (self.params or {}).get("verbose", 1):
            seconds = time.perf_counter() - self._start
            _say(" - ".join([self._title, f"{seconds:.2f}s", *_items(logs or {})]))


def _items(logs: Mapping[str, Any]) -> list[str]:
    """Return "name: value" for each value, or the mean of an array, to four decimals or, if small, digits."""
    means = {name: value.mean() if hasattr(value, "mean") else value for name, value in logs.items()}
    return [
        f"{name}: {value:.4f}" if abs(value) >= 1e-3 or value == 0 else f"{name}: {value:.4e}"
        for name, value in means.items()
    ]


def _shows_bar(params: dict[str, Any]) -> bool:
    return params.get("verbose", 1) in (1, "auto") and sys.stdout is not None and sys.stdout.isatty()


# Seconds from one drawing of a bar to the next.
_INTERVAL = 0.1


class ProgbarLogger(_EpochLogger):
    """Shows the progress of epochs, evaluations and predictions on standard output.

    With verbose=1 on a terminal an epoch is a bar that makes way, at its end, for the line that verbose=2,
    or an output that is not a terminal, gets: its number, its seconds and its logs. With verbose=0 nothing
    is shown. The bar reads the logs of a batch only when it is drawn, at most about ten times a second.
    Validation is part of its epoch, and a prediction leaves no line.
    """

    _bar: Any = None

    def on_train_batch_end(self, batch: int, logs: BatchLogs = None) -> None:
        """Advance the bar."""
        self._advance(batch, logs)

    def on_test_batch_end(self, batch: int, logs: BatchLogs = None) -> None:
        """Advance the bar of an evaluation."""
        if not self._training:
            self._advance(batch, logs)

    def on_predict_begin(self, logs: EpochLogs = None) -> None:
        """Open a bar."""
        self._begin("Predict")

    def on_predict_batch_end(self, batch: int, logs: BatchLogs = None) -> None:
        """Advance the bar."""
        self._advance(batch, None)

    def on_predict_end(self, logs: EpochLogs = None) -> None:
        """Close the bar."""
        self._close()

    def _begin(self, title: str) -> None:
        super()._begin(title)
        params = self.params or {}
        if not _shows_bar(params):
            return
        from tqdm import tqdm

        # miniters=1 makes tqdm look at the clock at each batch instead of guessing how many it may skip.
        self._bar = tqdm(
            total=params.get("steps"),
            desc=title,
            unit="batch",
            leave=False,
            file=sys.stdout,
            dynamic_ncols=True,
            mininterval=_INTERVAL,
            miniters=1,
        )

    def _advance(self, batch: int, logs: BatchLogs) -> None:
        if self._bar is not None and self._bar.update(batch + 1 - self._bar.n) and logs is not None:
            self._bar.set_postfix_str(" - ".join(_items(logs)))

    def _end(self, logs: EpochLogs) -> None:
        self._close()
        super()._end(logs)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None


class TerminateOnNaN(Callback):
    """Ends the training when the loss is no longer finite.

    It reads the loss after each batch.

    Parameters
    ----------
    raise_error : bool, default False
        Whether to raise an error rather than to end as after the last epoch.

    Raises
    ------
    RuntimeError
        In a hook, if `raise_error` and the loss is not finite.
    """

    def __init__(self, raise_error: bool = False) -> None:
        self.raise_error = raise_error

    def on_train_batch_end(self, batch: int, logs: BatchLogs = None) -> None:
        """Look at the loss."""
        loss = 0.0 if logs is None else logs.get("loss", 0.0)
        if math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(f"batch {batch}: the loss is {loss}")
        _say(f"Batch {batch}: the loss is {loss}, ending the training")
        self.model.stop_training = True


# How names end of which higher or lower values are better.
_BETTER_HIGH = ("acc", "accuracy", "auc", "precision", "recall", "f1_score", "r2_score", "iou", "similarity")
_BETTER_LOW = ("loss", "error", "mse", "mae", "mape", "msle", "entropy", "hinge", "poisson", "divergence")


class MonitorCallback(Callback):
    """Base of the callbacks that watch one value of the logs at the end of each epoch.

    Parameters
    ----------
    monitor : str, default "val_loss"
        Name of the value.
    mode : {"auto", "min", "max"}, default "auto"
        Whether lower or higher is better. "auto" takes the `_direction`, "up" or "down", of the model's
        metric of that name or else goes by the name: losses and errors are better when lower; accuracies,
        AUC, precision, recall and the like when higher.
    min_delta : float, default 0
        What a change must exceed to be an improvement; its sign counts nothing.

    Raises
    ------
    ValueError
        If an argument is none of these or, at the end of an epoch, "auto" cannot tell.
    """

    def __init__(self, monitor: str = "val_loss", mode: str = "auto", min_delta: float = 0) -> None:
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"mode: expected 'auto', 'min' or 'max', got {mode!r}")
        self.monitor = monitor
        self.mode = mode
        self.min_delta = abs(real_number(min_delta, "min_delta"))
        self.best: float | None = None

    def improves(self, value: float, best: float | None) -> bool:
        """Return whether a value is better than the best so far; NaN never is."""
        sign = 1 if self._higher_is_better() else -1
        if best is None:
            return not math.isnan(value)
        return sign * (value - best) > self.min_delta

    def current(self, logs: EpochLogs) -> float | None:
        """Return the value that is watched, or None, with a warning, if the logs do not hold it."""
        logs = logs or {}
        if self.monitor not in logs:
            warnings.warn(
                f"{type(self).__name__}: expected {self.monitor!r} among the logs, which hold "
                f"{', '.join(map(repr, logs)) or 'nothing'}",
                stacklevel=2,
            )
        return logs.get(self.monitor)

    def _higher_is_better(self) -> bool:
        if self.mode != "auto":
            return self.mode == "max"
        name = self.monitor.removeprefix("val_")
        for metric in getattr(self.model, "metrics", ()):
            if getattr(metric, "name", None) == name and hasattr(metric, "_direction"):
                return bool(metric._direction == "up")
        name = re.sub(r"_\d+$", "", name)
        if name.endswith(_BETTER_HIGH + _BETTER_LOW):
            return name.endswith(_BETTER_HIGH)
        raise ValueError(
            f"mode: 'auto' cannot tell whether a higher or a lower {self.monitor!r} is better; "
            "expected 'max' or 'min'"
        )


class EarlyStopping(MonitorCallback):
    """Ends the training when a value has stopped to improve.

    Parameters
    ----------
    monitor : str, default "val_loss"
        Name of the value in the logs.
    min_delta : float, default 0
        What a change must exceed to be an improvement.
    patience : int, default 0
        After how many epochs without improvement to stop.
    verbose : {0, 1}, default 0
        Whether to print what is done.
    mode : {"auto", "min", "max"}, default "auto"
        Whether lower or higher is better; "auto" goes by the metric or its name.
    baseline : float, optional
        What an improvement must also be better than for the patience to start anew.
    restore_best_weights : bool, default False
        Whether to set the model, at the end of the training, to the weights of the best epoch; the best is
        counted without regard to `baseline`. Otherwise it keeps those of the last step.
    start_from_epoch : int, default 0
        The first epoch to look at.

    Attributes
    ----------
    best : float or None
        The best value so far.
    best_epoch, stopped_epoch : int
        Numbers of the best epoch and of the one after which training ended, 0 if it ran to its end.
    wait : int
        Epochs since the last improvement.

    Raises
    ------
    ValueError
        If an argument is none of these or, at the end of an epoch, "auto" cannot tell.
    """

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
        """Start anew."""
        self._reset()

    def on_epoch_end(self, epoch: int, logs: EpochLogs = None) -> None:
        """Look at the value."""
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
        """Restore the best weights, if that is wanted."""
        if self.stopped_epoch and self.verbose:
            _say(f"Epoch {self.stopped_epoch + 1}: early stopping")
        if self.best_weights is not None:
            if self.verbose:
                _say(f"Restoring the weights of the best epoch, {self.best_epoch + 1}")
            self.model.set_weights(self.best_weights)


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
    """

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
        rate = _log_learning_rate(self.model, logs)
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
                    _say(f"Epoch {epoch + 1}: reducing the learning rate from {rate:g} to {new:g}")

    def in_cooldown(self) -> bool:
        """Return whether a reduction is still too fresh to wait for the next."""
        return self.cooldown_counter > 0


class LearningRateScheduler(Callback):
    """Sets the learning rate at the beginning of each epoch.

    The logs of each epoch get the "learning_rate" that it ran with.

    Parameters
    ----------
    schedule : callable
        From the number of the epoch, counted from 0, and the learning rate to the new learning rate; or
        from the number alone.
    verbose : {0, 1}, default 0
        Whether to print what is done.

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
            raise TypeError(f"schedule: expected a function of (epoch, learning_rate), got {schedule!r}")
        try:
            inspect.signature(schedule).bind(0, 0.0)
            self._takes_rate = True
        except TypeError:
            self._takes_rate = False
        except ValueError:  # a function of C that does not tell
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
            _say(f"Epoch {epoch + 1}: setting the learning rate to {rate:g}")

    def on_epoch_end(self, epoch: int, logs: EpochLogs = None) -> None:
        """Put the learning rate into the logs."""
        _log_learning_rate(self.model, logs)


def _log_learning_rate(model: Any, logs: EpochLogs) -> float:
    rate = float(model.optimizer.learning_rate)
    if logs is not None:
        logs["learning_rate"] = rate
    return rate


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
