"""`SwapEMAWeights`: evaluate, and save, averages of the weights."""

from __future__ import annotations

from typing import Any

from .callback import Callback, EpochLogs


class SwapEMAWeights(Callback):
    """Replace the weights by the averages that the optimizer keeps of them while the model is evaluated.

    For optimizers with ``use_ema=True``. The weights are restored after each evaluation, or at the beginning
    of the next epoch.

    Parameters
    ----------
    swap_on_epoch : bool, default False
        Whether to replace them at the end of each epoch too, so that callbacks after this one, such as
        `ModelCheckpoint`, save the averages.

    Raises
    ------
    ValueError
        In a hook, if the optimizer keeps no averages.

    Examples
    --------
    >>> import numpy as np
    >>> import fastnn
    >>> model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(1)])
    >>> model.compile(fastnn.optimizers.SGD(0.1, use_ema=True), "mse")
    >>> x, y = np.ones((4, 2)), np.ones(4)
    >>> swap = fastnn.callbacks.SwapEMAWeights()
    >>> history = model.fit(x, y, validation_data=(x, y), epochs=2, verbose=0, callbacks=[swap])
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        self.swap_on_epoch = swap_on_epoch
        self._averages_in_model = False
        self._averages: list[Any] = []

    def _swap(self, averages: bool) -> None:
        if self._averages_in_model != averages:
            self.model.optimizer.swap_averages()
            self._averages_in_model = averages

    def on_epoch_begin(self, epoch: int, logs: EpochLogs = None) -> None:
        """Restore the weights."""
        self._swap(False)

    def on_epoch_end(self, epoch: int, logs: EpochLogs = None) -> None:
        """Replace the weights by their averages if `swap_on_epoch`."""
        self._swap(self.swap_on_epoch)
        if self.swap_on_epoch:
            self._averages = self.model.get_weights()

    def on_train_end(self, logs: EpochLogs = None) -> None:
        """Leave the averages in the model if `swap_on_epoch`."""
        if self._averages_in_model:
            self.model.set_weights(self._averages)
            self._averages_in_model = False

    def on_test_begin(self, logs: EpochLogs = None) -> None:
        """Replace the weights by their averages."""
        self._swap(True)

    def on_test_end(self, logs: EpochLogs = None) -> None:
        """Restore the weights."""
        self._swap(False)

    def on_predict_begin(self, logs: EpochLogs = None) -> None:
        """Replace the weights by their averages."""
        self._swap(True)

    def on_predict_end(self, logs: EpochLogs = None) -> None:
        """Restore the weights."""
        self._swap(False)
