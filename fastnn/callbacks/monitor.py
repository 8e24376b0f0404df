"""`MonitorCallback`, the base of callbacks that monitor one value in the logs."""

from __future__ import annotations

import math
import re

from ..checks import real_number
from ..warning import warn
from .callback import Callback, EpochLogs

# Endings of names whose values are better when higher, and when lower.
_BETTER_HIGH = ("acc", "accuracy", "auc", "precision", "recall", "f1_score", "r2_score", "iou", "similarity")
_BETTER_LOW = ("loss", "error", "mse", "mae", "mape", "msle", "entropy", "hinge", "poisson", "divergence")


class MonitorCallback(Callback):
    """Base of callbacks that monitor one value in the logs at the end of each epoch.

    Parameters
    ----------
    monitor : str, default "val_loss"
        Name of the value.
    mode : {"auto", "min", "max"}, default "auto"
        Whether lower or higher is better. "auto" uses the `_direction`, "up" or "down", of the model's
        metric of that name, or else the name: losses and errors are better when lower; accuracies, AUC,
        precision, recall and the like when higher.
    min_delta : float, default 0
        Only changes greater than this count as improvements; its sign is ignored.

    Raises
    ------
    ValueError
        If an argument is none of these or, at the end of an epoch, if "auto" cannot decide.
    """

    def __init__(self, monitor: str = "val_loss", mode: str = "auto", min_delta: float = 0) -> None:
        if mode not in ("auto", "min", "max"):
            raise ValueError(f"mode: expected 'auto', 'min' or 'max', got {mode!r}")
        self.monitor = monitor
        self.mode = mode
        self.min_delta = abs(real_number(min_delta, "min_delta"))
        self.best: float | None = None

    def improves(self, value: float, best: float | None) -> bool:
        """Return whether a value is better than the best so far; NaN is never better."""
        sign = 1 if self._higher_is_better() else -1
        if best is None:
            return not math.isnan(value)
        return sign * value - self.min_delta > sign * best

    def current(self, logs: EpochLogs) -> float | None:
        """Return the monitored value, or None, with a warning, if it is not in the logs."""
        logs = logs or {}
        if self.monitor not in logs:
            warn(
                f"{type(self).__name__}: expected {self.monitor!r} among the logs, which hold "
                f"{', '.join(map(repr, logs)) or 'nothing'}"
            )
        return logs.get(self.monitor)

    def _higher_is_better(self) -> bool:
        if self.mode != "auto":
            return self.mode == "max"
        name = self.monitor.removeprefix("val_")
        for metric in getattr(self.model, "metrics", ()):
            direction = getattr(metric, "_direction", None)
            if getattr(metric, "name", None) == name and direction is not None:
                return bool(direction == "up")
        name = re.sub(r"_\d+$", "", name)
        if name.endswith(_BETTER_HIGH + _BETTER_LOW):
            return name.endswith(_BETTER_HIGH)
        raise ValueError(
            f"mode: 'auto' cannot tell whether a higher or a lower {self.monitor!r} is better; "
            "expected 'max' or 'min'"
        )
