"""`TensorBoard`: write event files for TensorBoard."""

from __future__ import annotations

import contextlib
import os
import time
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ..checks import refuse, whole_number
from ..extras import extra
from .callback import BatchLogs, Callback, EpochLogs


class TensorBoard(Callback):
    """Write losses and metrics as curves, and weights as histograms, for TensorBoard.

    The files are written by tensorboardX, without TensorFlow: install the extra "tensorboard". To view them
    run ``tensorboard --logdir logs``.

    Parameters
    ----------
    log_dir : str or path, default "logs"
        The folder; training writes to "train" in it, validation to "validation".
    histogram_freq : int, default 0
        Number of epochs between histograms of all weights; 0 for none.
    write_graph : bool, default True
        Whether to write the configuration of the model as text.
    write_images : bool, default False
        Whether to write the weights as images too, with the histograms.
    write_steps_per_second : bool, default False
        Whether to write the number of batches per second.
    update_freq : "epoch", "batch" or int, default "epoch"
        Whether to write only after epochs, or also after each batch or this number of batches.
    profile_batch, embeddings_freq, embeddings_metadata
        Only the defaults are accepted; kept for Keras compatibility.

    Raises
    ------
    ImportError
        At the start of the training, if tensorboardX is not installed.
    ValueError
        If an argument is none of these.

    Notes
    -----
    Tags and steps are those of Keras: "epoch_loss" by the number of the epoch, "batch_loss" by that of the
    batch, "evaluation_loss_vs_iterations", "dense/kernel/histogram".

    Examples
    --------
    >>> import fastnn
    >>> board = fastnn.callbacks.TensorBoard("logs/first", histogram_freq=1)

    Pass it to ``fit(..., callbacks=[board])``.
    """

    _state_names = ("_batch", "_test_batch")
    _only_first_rank = True
    embeddings_freq, embeddings_metadata = 0, None

    def __init__(
        self,
        log_dir: str | os.PathLike[str] = "logs",
        histogram_freq: int = 0,
        write_graph: bool = True,
        write_images: bool = False,
        write_steps_per_second: bool = False,
        update_freq: str | int = "epoch",
        profile_batch: int = 0,
        embeddings_freq: int = 0,
        embeddings_metadata: None = None,
    ) -> None:
        refuse(
            profile_batch=profile_batch or None,
            embeddings_freq=embeddings_freq or None,
            embeddings_metadata=embeddings_metadata,
        )
        if isinstance(update_freq, str) and update_freq not in ("epoch", "batch"):
            raise ValueError(f"update_freq: expected 'epoch', 'batch' or a number, got {update_freq!r}")
        self.log_dir = os.fspath(log_dir)
        self.histogram_freq = whole_number(histogram_freq, "histogram_freq")
        self.write_graph = write_graph
        self.write_images = write_images
        self.write_steps_per_second = write_steps_per_second
        self.update_freq = update_freq
        named = {"epoch": 0, "batch": 1}
        self._every = named[update_freq] if isinstance(update_freq, str) else whole_number(
            update_freq, "update_freq", 1
        )  # fmt: skip
        self._writers: dict[str, Any] = {}
        self._batch = self._test_batch = 0
        self._training = False
        self._epoch_start = self._batch_start = 0.0
        self._iterations = 0

    def _pickle_attributes(self) -> dict[str, Any]:
        if self._writers:
            raise TypeError(
                "TensorBoard: its event files are open; pickle or copy it before a training, or after"
            )
        return super()._pickle_attributes()

    def _writer(self, part: str) -> Any:
        if part not in self._writers:
            with extra("tensorboard", "TensorBoard: event files need tensorboardX", "tensorboardX"):
                from tensorboardX import SummaryWriter
            self._writers[part] = SummaryWriter(os.path.join(self.log_dir, part), write_to_disk=True)
        return self._writers[part]

    def on_train_begin(self, logs: EpochLogs = None) -> None:
        """Open the file and write the configuration of the model."""
        self._batch, self._training = 0, True
        writer = self._writer("train")
        if self.write_graph:
            with contextlib.suppress(TypeError):  # a model that no configuration can describe
                writer.add_text("model", f"    {self.model.to_json(indent=2)}".replace("\n", "\n    "), 0)

    def on_train_end(self, logs: EpochLogs = None) -> None:
        """Close the files."""
        self._training = False
        self._close()

    def _close(self) -> None:
        for writer in self._writers.values():
            writer.close()
        self._writers = {}

    def on_epoch_begin(self, epoch: int, logs: EpochLogs = None) -> None:
        """Record the time."""
        self._iterations, self._epoch_start = self.model.optimizer.iterations, time.perf_counter()

    def on_epoch_end(self, epoch: int, logs: EpochLogs = None) -> None:
        """Write the logs and, if due, the weights."""
        logs = dict(logs or {})
        logs["learning_rate"] = float(self.model.optimizer.learning_rate)
        if self.write_steps_per_second:
            steps = self.model.optimizer.iterations - self._iterations
            logs["steps_per_second"] = steps / (time.perf_counter() - self._epoch_start)
        for name, value in logs.items():
            part = "validation" if name.startswith("val_") else "train"
            self._writer(part).add_scalar(f"epoch_{name.removeprefix('val_')}", value, epoch)
        if self.histogram_freq and epoch % self.histogram_freq == 0:
            self._write_weights(epoch)
        for writer in self._writers.values():
            writer.flush()

    def on_train_batch_begin(self, batch: int, logs: BatchLogs = None) -> None:
        """Record the time."""
        self._batch_start = time.perf_counter()

    def on_train_batch_end(self, batch: int, logs: BatchLogs = None) -> None:
        """Write the logs if due."""
        self._batch += 1
        if not self._every or self._batch % self._every:
            return
        writer = self._writer("train")
        if self.write_steps_per_second:
            seconds = time.perf_counter() - self._batch_start
            writer.add_scalar("batch_steps_per_second", 1 / seconds, self._batch)
        for name, value in (logs or {}).items():
            writer.add_scalar(f"batch_{name}", value, self._batch)

    def on_test_batch_end(self, batch: int, logs: BatchLogs = None) -> None:
        """Write the logs of an evaluation if due."""
        self._test_batch += 1
        if self._every and not self._test_batch % self._every:
            for name, value in (logs or {}).items():
                self._writer("validation").add_scalar(f"batch_{name}", value, self._test_batch)

    def on_test_end(self, logs: EpochLogs = None) -> None:
        """Write the results of an evaluation at the number of training steps."""
        writer, iterations = self._writer("validation"), self.model.optimizer.iterations
        for name, value in (logs or {}).items():
            writer.add_scalar(f"evaluation_{name}_vs_iterations", value, iterations)
        if not self._training:
            self._close()

    def _write_weights(self, epoch: int) -> None:
        from ..saving.names import named_weights

        writer = self._writer("train")
        for weight in named_weights(self.model):
            value = weight.variable.numpy()
            if value.size and np.isfinite(value).all():
                writer.add_histogram(f"{weight.path}/histogram", value, epoch)
            if self.write_images and value.size and (image := _as_image(value)) is not None:
                writer.add_images(f"{weight.path}/image", image, epoch, dataformats="NHWC")


def _as_image(weight: NDArray[Any]) -> NDArray[Any] | None:
    """Return a weight as images in Keras' layout, (images, height, width, channels) from 0 to 1, or None."""
    image = np.squeeze(weight)
    if image.ndim == 1:
        image = image.reshape(1, -1, 1, 1)
    elif image.ndim == 2:
        image = (image.T if image.shape[0] > image.shape[1] else image)[None, :, :, None]
    elif image.ndim == 3:
        image = image.transpose(2, 0, 1)[..., None]
    if image.ndim != 4 or image.shape[-1] not in (1, 3, 4):
        return None
    low, high = image.min(), image.max()
    scaled: NDArray[Any] = (image - low) / (high - low if high > low else 1)
    return scaled
