"""Callbacks that keep the ranks of a training together."""

from __future__ import annotations

from typing import TYPE_CHECKING

from ..callbacks.callback import BatchLogs, Callback, EpochLogs

if TYPE_CHECKING:
    from .ranks import Ranks


class Synchronizer(Callback):
    """Let all ranks begin where the first one does, have its learning rate, and stop together.

    Its hooks run after those of all other callbacks.

    Parameters
    ----------
    ranks : Ranks
    """

    _runs_last = True

    def __init__(self, ranks: Ranks) -> None:
        self._ranks = ranks

    def on_train_begin(self, logs: EpochLogs = None) -> None:
        """Take over weights, state and position of the first rank."""
        self._ranks.follow(self.model)

    def on_epoch_begin(self, epoch: int, logs: EpochLogs = None) -> None:
        """Take over the learning rate of the first rank."""
        update = self.model.optimizer._update
        update.learning_rate = self._ranks.of_first(update.learning_rate)

    def on_epoch_end(self, epoch: int, logs: EpochLogs = None) -> None:
        """Stop if a callback on any rank has asked to."""
        self._agree_on_end()

    def _agree_on_end(self) -> None:
        self.model.stop_training = bool(self._ranks.gather([self.model.stop_training]).any())


class BatchSynchronizer(Synchronizer):
    """The same after each batch, where callbacks listen to batches."""

    def on_train_batch_end(self, batch: int, logs: BatchLogs = None) -> None:
        """Stop if a callback on any rank has asked to."""
        self._agree_on_end()
