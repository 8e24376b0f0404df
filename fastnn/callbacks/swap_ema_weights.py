"""`SwapEMAWeights`: evaluations, and files, of the averages of weights."""

from __future__ import annotations

from .callback import Callback, EpochLogs


class SwapEMAWeights(Callback):
    """Puts the averages that the optimizer keeps of the weights in their place where the model is evaluated.

    For an optimizer with ``use_ema=True``. After each evaluation, or at the beginning of the next epoch, the
    weights are back.

    Parameters
    ----------
    swap_on_epoch : bool, default False
        Whether to put them there at the end of each epoch too, so that callbacks behind this one, such as
        `ModelCheckpoint`, save them.

    Raises
    ------
    ValueError
        In a hook, if the optimizer keeps no averages.
    """

    def __init__(self, swap_on_epoch: bool = False) -> None:
        self.swap_on_epoch = swap_on_epoch
        self._averages_in_model = False

    def _swap(self, averages: bool) -> None:
        if self._averages_in_model != averages:
            self.model.optimizer.swap_averages()
            self._averages_in_model = averages

    def on_epoch_begin(self, epoch: int, logs: EpochLogs = None) -> None:
        """Bring the weights back."""
        self._swap(False)

    def on_epoch_end(self, epoch: int, logs: EpochLogs = None) -> None:
        """Put the averages in their place, if they are to stay."""
        self._swap(self.swap_on_epoch)

    def on_train_end(self, logs: EpochLogs = None) -> None:
        """Bring the weights back; an optimizer with averages then makes them the model's for good."""
        self._swap(False)

    def on_test_begin(self, logs: EpochLogs = None) -> None:
        """Put the averages in their place."""
        self._swap(True)

    def on_test_end(self, logs: EpochLogs = None) -> None:
        """Bring the weights back."""
        self._swap(False)

    def on_predict_begin(self, logs: EpochLogs = None) -> None:
        """Put the averages in their place."""
        self._swap(True)

    def on_predict_end(self, logs: EpochLogs = None) -> None:
        """Bring the weights back."""
        self._swap(False)
