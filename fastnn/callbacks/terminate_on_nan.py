"""`TerminateOnNaN`: end a training whose loss is not finite."""

from __future__ import annotations

import math

from .callback import BatchLogs, Callback


class TerminateOnNaN(Callback):
    """End the training when the loss is no longer finite.

    The loss is checked after each batch.

    Parameters
    ----------
    raise_error : bool, default False
        Whether to raise an error instead of ending the training normally.

    Raises
    ------
    RuntimeError
        In a hook, if `raise_error` and the loss is not finite.

    Examples
    --------
    >>> import warnings
    >>> import numpy as np
    >>> import fastnn
    >>> warnings.filterwarnings("ignore", "loss: it is not a finite number")  # which training warns of too
    >>> model = fastnn.Sequential([fastnn.Input((2,)), fastnn.layers.Dense(1)])
    >>> model.compile("sgd", "mse")
    >>> stop = fastnn.callbacks.TerminateOnNaN()
    >>> history = model.fit(np.full((4, 2), np.nan), np.ones(4), epochs=9, verbose=0, callbacks=[stop])
    Batch 0: the loss is nan, ending the training
    >>> len(history.epoch)
    1
    """

    def __init__(self, raise_error: bool = False) -> None:
        self.raise_error = raise_error

    def on_train_batch_end(self, batch: int, logs: BatchLogs = None) -> None:
        """Check the loss."""
        loss = 0.0 if logs is None else logs.get("loss", 0.0)
        if math.isfinite(loss):
            return
        if self.raise_error:
            raise RuntimeError(f"batch {batch}: the loss is {loss}")
        self._say(f"Batch {batch}: the loss is {loss}, ending the training")
        self.model.stop_training = True
