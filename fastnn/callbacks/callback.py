"""`Callback`, the base of callbacks: hooks and their arguments."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import NoneType
from typing import TYPE_CHECKING, Any, ClassVar, TypeAlias

from ..absent import no_attribute
from ..pickling import Picklable

EpochLogs: TypeAlias = dict[str, float] | None
BatchLogs: TypeAlias = Mapping[str, float] | None


class Callback(Picklable):
    """Base of all callbacks, with hooks that do nothing.

    Attributes
    ----------
    model : Model
        The model that calls the hooks.
    params : dict
        "verbose", "epochs" and "steps", the number of batches in an epoch, None if it is unknown.

    Examples
    --------
    >>> import numpy as np
    >>> import fastnn
    >>> class Losses(fastnn.callbacks.Callback):
    ...     def on_epoch_end(self, epoch, logs=None):
    ...         print(epoch, sorted(logs))
    >>> model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> history = model.fit(np.ones((4, 2)), np.ones(4), epochs=2, verbose=0, callbacks=[Losses()])
    0 ['loss']
    1 ['loss']
    """

    if not TYPE_CHECKING:  # which would take any attribute to be there

        def __getattr__(self, name: str) -> Any:
            """Raise an error that names the missing attribute."""
            raise no_attribute(self, name)

    model: Any = None
    params: dict[str, Any] | None = None

    # Copies belong to no model until a training calls them.
    _pickle_defaults: ClassVar[dict[str, Callable[[], Any]]] = {"model": NoneType}

    # Names of the attributes that `get_state` returns: what a resumed training needs.
    _state_names: tuple[str, ...] = ()

    # Whether the hooks run after those of all other callbacks, whatever the order of the list.
    _runs_last = False

    # Whether the callback writes or shows something, which one of several ranks does.
    _only_first_rank = False

    def _say(self, message: str) -> None:
        """Print a line, on one of several ranks."""
        from .progress import say

        if not getattr(getattr(self.model, "_ranks", None), "rank", 0):
            say(message)

    def get_state(self) -> dict[str, Any]:
        """Return the state that `BackupAndRestore` saves.

        Returns
        -------
        dict
            Numbers, strings and arrays, in lists and dictionaries.
        """
        return {name: getattr(self, name) for name in self._state_names}

    def set_state(self, state: dict[str, Any]) -> None:
        """Restore the state that `get_state` returned."""
        for name in self._state_names:
            setattr(self, name, state[name])

    def set_model(self, model: Any) -> None:
        """Set the model that calls the hooks."""
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
        """Run before an evaluation, also on validation data."""

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


HOOKS = tuple(name for name in vars(Callback) if name.startswith("on_"))
