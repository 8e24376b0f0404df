"""Callbacks: hooks that are called around training, evaluation and prediction.

The model calls the hooks of each callback in the order of the list, with these `logs`:

- at the end of an epoch, a dictionary of floats: the loss, the metrics, and those of the validation data
  under names that start with ``"val_"``. A callback may add values, which later callbacks see, `History`
  last.
- at the end of a batch, a mapping of the means over the epoch so far. They may be computed only when they are
  read, so that a callback that reads the logs of one batch in a hundred costs little. The mapping is valid
  during the call; ``dict(logs)`` makes a copy.
- elsewhere an empty dictionary, or the values so far.

``self.model.stop_training = True`` in a hook ends the training after the batch or epoch.

>>> import fastnn
>>> class Printer(fastnn.callbacks.Callback):
...     def on_epoch_end(self, epoch, logs=None):
...         print(f"{epoch}: {logs['loss']:.2f}")
>>> callbacks = fastnn.callbacks.CallbackList([Printer()])
>>> callbacks.on_epoch_end(0, {"loss": 0.5})
0: 0.50
"""

from .._lazy import lazy_exports

__getattr__, __dir__, __all__ = lazy_exports(
    __name__,
    {
        ".backup_and_restore": "BackupAndRestore",
        ".callback": "Callback",
        ".callback_list": "CallbackList",
        ".csv_logger": "CSVLogger",
        ".early_stopping": "EarlyStopping",
        ".history": "History",
        ".lambda_callback": "LambdaCallback",
        ".learning_rate_scheduler": "LearningRateScheduler",
        ".model_checkpoint": "ModelCheckpoint",
        ".monitor": "MonitorCallback",
        ".progress": "ProgbarLogger",
        ".reduce_lr_on_plateau": "ReduceLROnPlateau",
        ".swap_ema_weights": "SwapEMAWeights",
        ".tensorboard": "TensorBoard",
        ".terminate_on_nan": "TerminateOnNaN",
    },
)
