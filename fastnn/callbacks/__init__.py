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

from .backup_and_restore import BackupAndRestore
from .callback import Callback
from .callback_list import CallbackList
from .csv_logger import CSVLogger
from .early_stopping import EarlyStopping
from .history import History
from .lambda_callback import LambdaCallback
from .learning_rate_scheduler import LearningRateScheduler
from .model_checkpoint import ModelCheckpoint
from .monitor import MonitorCallback
from .progress import ProgbarLogger
from .reduce_lr_on_plateau import ReduceLROnPlateau
from .swap_ema_weights import SwapEMAWeights
from .tensorboard import TensorBoard
from .terminate_on_nan import TerminateOnNaN

__all__ = [
    "BackupAndRestore",
    "CSVLogger",
    "Callback",
    "CallbackList",
    "EarlyStopping",
    "History",
    "LambdaCallback",
    "LearningRateScheduler",
    "ModelCheckpoint",
    "MonitorCallback",
    "ProgbarLogger",
    "ReduceLROnPlateau",
    "SwapEMAWeights",
    "TensorBoard",
    "TerminateOnNaN",
]
