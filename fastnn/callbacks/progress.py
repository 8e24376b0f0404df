"""Callbacks that show the progress of trainings, evaluations and predictions."""

from __future__ import annotations

import contextlib
import sys
import time
from collections.abc import Mapping
from typing import Any

from .callback import BatchLogs, Callback, EpochLogs


def say(message: str) -> None:
    """Print a line without disturbing a progress bar."""
    tqdm = sys.modules.get("tqdm")
    with contextlib.nullcontext() if tqdm is None else tqdm.tqdm.external_write_mode():
        print(message, flush=True)


class EpochLogger(Callback):
    """Print a line at the end of each epoch, and of an evaluation outside a training."""

    _only_first_rank = True

    def __init__(self) -> None:
        self._training = False
        self._title = ""
        self._start = 0.0

    def on_train_begin(self, logs: EpochLogs = None) -> None:
        """Treat evaluations as parts of epochs."""
        self._training = True

    def on_train_end(self, logs: EpochLogs = None) -> None:
        """Treat evaluations as separate again."""
        self._training = False

    def on_epoch_begin(self, epoch: int, logs: EpochLogs = None) -> None:
        """Start an epoch."""
        self._begin(f"Epoch {epoch + 1}/{(self.params or {}).get('epochs', '?')}")

    def on_epoch_end(self, epoch: int, logs: EpochLogs = None) -> None:
        """Print the line."""
        self._end(logs)

    def on_test_begin(self, logs: EpochLogs = None) -> None:
        """Start an evaluation."""
        if not self._training:
            self._begin("Test")

    def on_test_end(self, logs: EpochLogs = None) -> None:
        """Print the line."""
        if not self._training:
            self._end(logs)

    def _begin(self, title: str) -> None:
        self._title = title
        self._start = time.perf_counter()

    def _end(self, logs: EpochLogs) -> None:
        if (self.params or {}).get("verbose", 1):
            seconds = time.perf_counter() - self._start
            say(" - ".join([self._title, f"{seconds:.2f}s", *items(logs or {})]))


def items(logs: Mapping[str, Any]) -> list[str]:
    """Return "name: value" for each value, or mean of an array, with four decimals or significant digits."""
    means = {name: value.mean() if hasattr(value, "mean") else value for name, value in logs.items()}
    return [
        f"{name}: {value:.4f}" if abs(value) >= 1e-3 or value == 0 else f"{name}: {value:.4e}"
        for name, value in means.items()
    ]


def shows_bar(verbose: int | str) -> bool:
    """Return whether a bar is requested and can be drawn: on a terminal or in a notebook."""
    return verbose in (1, "auto") and sys.stdout is not None and (sys.stdout.isatty() or _in_notebook())


def open_bar(**options: Any) -> Any:
    """Return a bar of tqdm on standard output, a widget in a notebook, that is gone when it is closed."""
    if _in_notebook():
        from tqdm.auto import tqdm  # text, after a warning, where ipywidgets is not installed
    else:
        from tqdm import tqdm
    # miniters=1 makes tqdm look at the clock at each batch instead of guessing how many it may skip.
    return tqdm(leave=False, file=sys.stdout, miniters=1, **options)


def _in_notebook() -> bool:
    """Return whether standard output is a cell of a notebook: Jupyter, Colab, VS Code."""
    return type(sys.stdout).__module__.partition(".")[0] == "ipykernel"


# Seconds from one drawing of a bar to the next, and until a notebook has one: a widget takes longer than many
# an epoch, and stays in the notebook's file.
_INTERVAL, _DELAY = 0.1, 0.5


class ProgbarLogger(EpochLogger):
    """Show the progress of epochs, evaluations and predictions on standard output.

    With verbose=1 on a terminal an epoch is shown as a bar, in a notebook one that takes more than half a
    second. The bar is replaced at its end by the line that is printed with verbose=2 or into a file: number,
    seconds and logs of the epoch. With verbose=0 nothing is shown. The bar reads the logs of a batch only
    when it is drawn, about ten times a second. Validation is part of its epoch, and a prediction prints no
    line.
    """

    _bar: Any = None
    _wanted = False

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
        self._wanted = shows_bar(params.get("verbose", 1))
        if self._wanted and not _in_notebook():
            self._open()

    def _open(self) -> None:
        self._bar = open_bar(
            total=(self.params or {}).get("steps"),
            desc=self._title,
            unit="batch",
            dynamic_ncols=True,
            mininterval=_INTERVAL,
        )

    def _advance(self, batch: int, logs: BatchLogs) -> None:
        if self._bar is None:
            if not self._wanted or time.perf_counter() - self._start < _DELAY:
                return
            self._open()
        if self._bar.update(batch + 1 - self._bar.n) and logs is not None:
            self._bar.set_postfix_str(" - ".join(items(logs)))

    def _end(self, logs: EpochLogs) -> None:
        self._close()
        super()._end(logs)

    def _close(self) -> None:
        if self._bar is not None:
            self._bar.close()
            self._bar = None
